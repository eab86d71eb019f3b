"""``plan --estimate``: time and memory of the remaining trials, from trials in the store or a short calibration."""

import os
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from orchestrator.base.children import end_with_parent
from orchestrator.planning.plan import Plan
from orchestrator.stores.store import Store
from specs.format.commits import Commit
from specs.format.tables import DamagedError, UnusableError, read_table
from specs.sweep import PlannedTrial
from specs.trial import TrialSpec

Cell = tuple[str, str]
"""Architecture and method. Trials that differ only in λ and seed cost the same."""
TRIALS_READ = 5
"""Most trials of a cell whose costs are read from the store."""


@dataclass(frozen=True)
class CellCost:
    """The cost of a trial of one cell."""

    architecture: str
    method: str
    todo: int
    """Trials left."""
    seconds: float
    """Training time of one trial."""
    memory: int
    """Bytes of the process that trains one trial."""
    source: Literal["store", "calibration"]


@dataclass(frozen=True)
class Estimate:
    """Costs of the cells that have trials left."""

    cells: tuple[CellCost, ...]
    workers: int

    @property
    def training_seconds(self) -> float:
        """Time for all remaining trials, one after the other."""
        return sum(cell.todo * cell.seconds for cell in self.cells)

    @property
    def wall_seconds(self) -> float:
        """Time for all remaining trials on :attr:`workers` workers; no trial is divided between workers.

        The seconds that starting Ray takes are not included.
        """
        return max([self.training_seconds / self.workers, *(cell.seconds for cell in self.cells)])

    def row(self) -> dict[str, Any]:
        """The estimate for ``--json``."""
        totals = {"training_seconds": self.training_seconds, "wall_seconds": self.wall_seconds}
        return {"workers": self.workers, **totals, "cells": [asdict(cell) for cell in self.cells]}

    def text(self) -> str:
        """The estimate in words."""
        from reports import wording

        if not self.cells:
            return "estimate: nothing is left to do"
        lines = [
            f"  {cell.architecture}, {cell.method}: {cell.todo} × {wording.duration(cell.seconds)}, "
            f"{cell.memory / 1e9:.1f} GB (from {_SOURCES[cell.source]})"
            for cell in self.cells
        ]
        memory = self.workers * max(cell.memory for cell in self.cells) / 1e9
        total = f"{wording.duration(self.training_seconds)} of training, {wording.duration(self.wall_seconds)}"
        workers = wording.count(self.workers, "worker")
        return "\n".join([f"estimate: {total} on {workers}, at most {memory:.1f} GB of memory", *lines])


_SOURCES = {"store": "trials in the store", "calibration": "a short calibration on this machine"}


def estimate(
    plan: Plan, store: Store, commits: Mapping[str, Commit], threads: int = 1, concurrency: int | None = None
) -> Estimate:
    """Estimate the cost of each cell from its complete trials, or by calibration if it has none.

    A calibration runs as many processes at once as the sweep would, because they share the machine's memory and caches.
    """
    todo = Counter(_cell(trial) for trial in plan.of("todo"))
    found = _from_store([trial for trial in plan.of("complete") if _cell(trial) in todo], store, commits)
    missing = {_cell(trial): trial.spec for trial in plan.of("todo") if _cell(trial) not in found}
    workers = max(1, min((os.cpu_count() or 1) // threads, concurrency or sum(todo.values()), sum(todo.values())))
    calibrated = _calibrated(missing, threads, workers)
    return Estimate(
        tuple(
            CellCost(*cell, count, *(found | calibrated)[cell], "store" if cell in found else "calibration")
            for cell, count in todo.items()
        ),
        workers,
    )


def _cell(trial: PlannedTrial) -> Cell:
    return trial.architecture, trial.spec.method


def _from_store(
    trials: Iterable[PlannedTrial], store: Store, commits: Mapping[str, Commit]
) -> dict[Cell, tuple[float, int]]:
    """Median seconds and largest memory in bytes of each cell, from a few of its trials. Damaged ones are skipped."""
    measured: dict[Cell, list[tuple[float, int]]] = {}
    for trial in trials:
        if len(rows := measured.setdefault(_cell(trial), [])) < TRIALS_READ and (row := _read(trial, store, commits)):
            rows.append(row)
    return {
        cell: (statistics.median(seconds for seconds, _ in rows), max(memory for _, memory in rows))
        for cell, rows in measured.items()
        if rows
    }


def _read(trial: PlannedTrial, store: Store, commits: Mapping[str, Commit]) -> tuple[float, int] | None:
    commit = commits[trial.id]
    key = commit.keys["trials"]
    try:
        table = read_table(commit, "trials", store.storage.read_many([key]).get(key))
    except (DamagedError, UnusableError):
        return None
    (row,) = table.select(["seconds", "peak_memory"]).to_pylist()
    return float(row["seconds"]), int(row["peak_memory"])


def _calibrated(specs: Mapping[Cell, TrialSpec], threads: int, workers: int) -> dict[Cell, tuple[float, int]]:
    """Seconds and memory of each cell, calibrated in a fresh process so that the memory is that of one cell."""
    if not specs:
        return {}
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    work: Sequence[TrialSpec] = list(specs.values())
    if len(work) < workers:  # a cell alone would find the machine less busy than in the sweep
        work = [spec for spec in work for _ in range(workers)]
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent, max_tasks_per_child=1) as pool:
        costs = list(pool.map(_calibrate, work, [threads] * len(work)))
    step = len(work) // len(specs)
    return {cell: costs[position * step] for position, cell in enumerate(specs)}


def _calibrate(spec: TrialSpec, threads: int) -> tuple[float, int]:
    import torch

    from trainers.costs import calibrate

    torch.set_num_threads(threads)
    if spec.training.precision == "tf32":  # no CPU supports it
        spec = spec.model_copy(update={"training": spec.training.model_copy(update={"precision": "float32"})})
    cost = calibrate(spec, torch.device("cpu"))
    return cost.trial_seconds(spec), cost.memory
