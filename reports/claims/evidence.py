"""Evidence of one store for a claim: values by cell and seed, the planned trials behind them, and their cost."""

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice, product
from typing import Literal, NamedTuple

import pandas as pd

from reports import wording
from reports.claims.measures import ByTrial, by_trial
from reports.frames.cells import chosen_by_validation
from reports.frames.choices import Choice, choice
from reports.frames.frames import STATUSES, Frames
from specs.methods import JOINT, Method
from specs.predicates import Cell, Measure
from specs.sweep import INDEPENDENT, SYSTEM

BySeed = dict[int, float]
MOST_WAYS = 1_000
"""Most ways to break ties that are tried for one claim."""


class CellName(NamedTuple):
    """Full name of a cell: architecture, method and λ, or ``best`` if the best λ must be looked up."""

    architecture: str
    method: Method
    lam: float | Literal["best"]
    single: bool = False
    tie: str = ""
    """Where several λs tie for the best: which one is taken, in brackets."""

    @property
    def label(self) -> str:
        """The cell's name for readers: ``256x4H at λ = 0.95``, ``256x4H by bagging``."""
        if self.method != JOINT:
            return f"{self.architecture} by {self.method}"
        if self.single:
            return self.architecture
        at = f"its best λ{self.tie}" if self.lam == "best" else wording.lam(self.lam)
        return f"{self.architecture} at {at}"


class Evidence:
    """The frames of one store, with look-ups by cell and measure."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self._measured: dict[Measure, ByTrial] = {}
        self._taken: Mapping[str, float] = {}

    @cached_property
    def members(self) -> dict[str, int]:
        """Number of members by architecture."""
        return {name: entry.members for name, entry in self.frames.sweep.architectures.items()}

    @property
    def lambdas(self) -> list[float]:
        """The sweep's λs, ascending."""
        return sorted(self.frames.sweep.lambdas)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The planned seeds."""
        return self.frames.sweep.seed_numbers

    def cell_name(self, cell: Cell, architecture: str | None = None, lam: float | None = None) -> CellName:
        """A claim's cell in full; ``architecture`` and ``lam`` are those of its predicate where the cell has none."""
        name = cell.architecture or architecture or ""
        if cell.method != JOINT:
            return CellName(name, cell.method, INDEPENDENT)
        if self.members[name] == 1:
            return CellName(name, JOINT, SYSTEM, single=True)
        own = cell.lam if cell.lam is not None else lam
        tie = self._tie(name) if own == "best" else ""
        return CellName(name, JOINT, SYSTEM if own is None else own, tie=tie)

    def _tie(self, architecture: str) -> str:
        """`` (0.5, tied with 0.9)``: the λ that is taken as the best, and its equals; empty without any."""
        best = self.best(architecture)
        others = [wording.bare(lam) for lam in self.choice(architecture).tied if lam != best]
        return f" ({wording.bare(best)}, tied with {wording.listed(others)})" if best is not None and others else ""

    def trials(self, places: Iterable[CellName]) -> pd.DataFrame:
        """The planned trials of some cells, each once. A best λ needs all λs of its architecture."""
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
        """Ids of the complete trials, by cell and seed."""
        found: dict[tuple[str, str, float | None], dict[int, str]] = {}
        complete = self.frames.planned[self.frames.planned["status"] == STATUSES[0]]
        columns = ("architecture", "method", "lam", "seed", "trial_id")
        for name, method, lam, seed, trial in zip(*(complete[column] for column in columns), strict=True):
            found.setdefault((name, method, float(lam)), {})[int(seed)] = trial
        return found

    def choice(self, architecture: str) -> Choice:
        """What the best λ of an ensemble is chosen by."""
        return choice(self.frames, architecture)

    def best(self, architecture: str) -> float | None:
        """The best λ; of λs that tie the one that :meth:`ways` takes, else the smallest. None if there is no choice."""
        return self._taken.get(architecture, next(iter(self.choice(architecture).tied), None))

    def ways(self, architectures: Iterable[str]) -> Iterator["Evidence"]:
        """The same evidence once per way to break the ties of these ensembles' best λs, the smallest λs first.

        There are at most ``MOST_WAYS``; :meth:`too_many_ways` tells where there would be more.
        """
        chosen = {name: tied for name in dict.fromkeys(architectures) if (tied := self.choice(name).tied)}
        for taken in islice(product(*chosen.values()), MOST_WAYS):
            way = copy.copy(self)
            way._taken = dict(zip(chosen, taken, strict=True))
            yield way

    def too_many_ways(self, architectures: Iterable[str]) -> bool:
        """Whether the ties of these ensembles' best λs can be broken in more ways than are tried."""
        return math.prod(max(1, len(self.choice(name).tied)) for name in set(architectures)) > MOST_WAYS

    def picked(self) -> str:
        """How a best λ was picked, in a sentence."""
        if chosen_by_validation(self.frames):
            return "The best λ is picked by validation error."
        return "The best λ is picked by test error, for want of validation images, which flatters it."

    def seconds(self, places: Iterable[CellName]) -> float | None:
        """Training time of one more seed in all these cells, by measured means; None before any trial is complete.

        Cells without a complete trial cost the mean of the others.
        """
        trials = self.trials(places)
        spent = dict(zip(self.frames.trials["trial_id"], self.frames.trials["seconds"], strict=True))
        cells = trials.assign(seconds=trials["trial_id"].map(spent)).groupby(["architecture", "method", "lam"])
        means = cells["seconds"].mean()
        return None if means.isna().all() else float(means.fillna(means.mean()).sum())
