"""What one store holds for a claim: values by cell and seed, the planned trials behind them, and their cost."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from reports import wording
from reports.claims.measures import ByTrial, by_trial
from reports.frames.cells import chosen_by_validation
from reports.frames.frames import STATUSES, Frames
from specs.methods import JOINT, Method
from specs.predicates import Cell, Measure
from specs.sweep import INDEPENDENT, SYSTEM

BySeed = dict[int, float]


class CellName(NamedTuple):
    """A cell in full: architecture, method and λ, or that the best λ is to be looked up."""

    architecture: str
    method: Method
    lam: float | Literal["best"]
    single: bool = False

    @property
    def label(self) -> str:
        """``256x4H at λ = 0.95``, ``256x4H by bagging``."""
        if self.method != JOINT:
            return f"{self.architecture} by {self.method}"
        if self.single:
            return self.architecture
        at = "its best λ" if self.lam == "best" else wording.lam(self.lam)
        return f"{self.architecture} at {at}"


class Evidence:
    """One store's frames, asked for cells and measures."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self._measured: dict[Measure, ByTrial] = {}

    @cached_property
    def members(self) -> dict[str, int]:
        """By architecture."""
        return {name: entry.members for name, entry in self.frames.sweep.architectures.items()}

    @property
    def lambdas(self) -> list[float]:
        """The grid, ascending."""
        return sorted(self.frames.sweep.lambdas)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those planned."""
        return self.frames.sweep.seed_numbers

    def cell_name(self, cell: Cell, architecture: str | None = None, lam: float | None = None) -> CellName:
        """A claim's cell in full; ``architecture`` and ``lam`` are those of its predicate where the cell has none."""
        name = cell.architecture or architecture or ""
        if cell.method != JOINT:
            return CellName(name, cell.method, INDEPENDENT)
        if self.members[name] == 1:
            return CellName(name, JOINT, SYSTEM, single=True)
        own = cell.lam if cell.lam is not None else lam
        return CellName(name, JOINT, SYSTEM if own is None else own)

    def trials(self, places: Iterable[CellName]) -> pd.DataFrame:
        """The planned trials of some cells, each once. A best λ takes the whole grid to find."""
        planned = self.frames.planned
        chosen = pd.Series(False, index=planned.index)
        for place in places:
            own = (planned["architecture"] == place.architecture) & (planned["method"] == place.method)
            chosen |= own if place.lam == "best" else own & (planned["lam"] == place.lam)
        return planned[chosen]

    def values(self, place: CellName, measure: Measure) -> BySeed:
        """A measure of a cell's complete trials, by seed."""
        lam = self.best(place.architecture) if place.lam == "best" else place.lam
        if measure not in self._measured:
            self._measured[measure] = by_trial(self.frames, measure)
        known, own = self._measured[measure], self._complete.get((place.architecture, place.method, lam), {})
        return {seed: known[trial] for seed, trial in own.items() if trial in known}

    @cached_property
    def _complete(self) -> dict[tuple[str, str, float | None], dict[int, str]]:
        """By cell: the complete trials' ids by seed."""
        found: dict[tuple[str, str, float | None], dict[int, str]] = {}
        complete = self.frames.planned[self.frames.planned["status"] == STATUSES[0]]
        columns = ("architecture", "method", "lam", "seed", "trial_id")
        for name, method, lam, seed, trial in zip(*(complete[column] for column in columns), strict=True):
            found.setdefault((name, method, float(lam)), {})[int(seed)] = trial
        return found

    @cached_property
    def criterion(self) -> Literal["validation_error", "test_error"]:
        """What a best λ is picked by: validation error, or test error where no images are held out."""
        return "validation_error" if chosen_by_validation(self.frames) else "test_error"

    def errors(self, architecture: str) -> pd.DataFrame:
        """What a best λ is picked by, in points: a row a complete seed, a column a λ, NaN where one is missing."""
        columns = {lam: self._criteria(architecture, lam) for lam in self.lambdas}
        return 100 * pd.DataFrame(columns, columns=self.lambdas, dtype=float).sort_index()

    def best(self, architecture: str) -> float | None:
        """The λ with the least mean of :meth:`errors`, the smaller of equal ones; None before any is known."""
        known = {lam: float(np.mean(list(own.values()))) for lam in self.lambdas
                 if (own := self._criteria(architecture, lam))}  # fmt: skip
        return min(known, key=lambda lam: (known[lam], lam)) if known else None

    def _criteria(self, architecture: str, lam: float) -> BySeed:
        own = self._complete.get((architecture, JOINT, lam), {})
        return {seed: self._criterion_by_trial[trial] for seed, trial in own.items()}

    @cached_property
    def _criterion_by_trial(self) -> dict[str, float]:
        trials = self.frames.trials
        return dict(zip(trials["trial_id"], trials[self.criterion].astype(float), strict=True))

    def picked(self) -> str:
        """How a best λ was picked, in a sentence."""
        if self.criterion == "validation_error":
            return "The best λ is picked by validation error."
        return "The best λ is picked by test error, for want of validation images, which flatters it."

    def seconds(self, places: Iterable[CellName]) -> float | None:
        """Mean measured seconds of one more seed in all these cells; None before any of their trials is complete.

        Cells without a complete trial cost the mean of the others.
        """
        trials = self.trials(places)
        spent = dict(zip(self.frames.trials["trial_id"], self.frames.trials["seconds"], strict=True))
        cells = trials.assign(seconds=trials["trial_id"].map(spent)).groupby(["architecture", "method", "lam"])
        means = cells["seconds"].mean()
        return None if means.isna().all() else float(means.fillna(means.mean()).sum())
