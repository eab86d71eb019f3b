"""``plan --estimate``: time and memory of what is left, from trials in the store or from a short calibration."""

import os
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from orchestrator.planning.plan import Plan
from orchestrator.stores.store import Store
from specs.format.commits import Commit
from specs.format.tables import DamagedError, UnusableError, read_table
from specs.sweep import PlannedTrial
from specs.trial import TrialSpec

Cell = tuple[str, str]
"""Architecture and method: trials that differ in λ and seed alone cost the same."""
TRIALS_READ = 5
"""Most trials of a cell that are looked at."""


@dataclass(frozen=True)
class CellCost:
    """What a trial of one cell costs."""

    architecture: str
    method: str
    todo: int
    """Trials left."""
    seconds: float
    """Of one trial."""
    memory: int
    """Bytes of the process that trains it."""
    source: Literal["store", "calibration"]


@dataclass(frozen=True)
class Estimate:
    """Costs of the cells that have trials left."""

    cells: tuple[CellCost, ...]
    workers: int

    @property
    def training_seconds(self) -> float:
        """Of all trials left, one after the other."""
        return sum(cell.todo * cell.seconds for cell in self.cells)

    @property
    def wall_seconds(self) -> float:
        """On so many workers at once; no trial is divided. Starting Ray, some seconds, is left out."""
        return max([self.training_seconds / self.workers, *(cell.seconds for cell in self.cells)])

    def row(self) -> dict[str, Any]:
        """For ``--json``."""
        totals = {"training_seconds": self.training_seconds, "wall_seconds": self.wall_seconds}
        return {"workers": self.workers, **totals, "cells": [asdict(cell) for cell in self.cells]}

    def text(self) -> str:
        """For people."""
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
    """Look at the trials of each cell that are complete; calibrate the cells that have none.

    A calibration runs as many processes at once as the sweep would: they share the machine's memory and caches.
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
    """Median seconds and most memory of each cell, from a few of its trials; damaged ones say nothing."""
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
    """Each cell by a fresh process, so that its memory is its own."""
    if not specs:
        return {}
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    work: Sequence[TrialSpec] = list(specs.values())
    if len(work) < workers:  # alone, a cell would find the machine emptier than the sweep does
        work = [spec for spec in work for _ in range(workers)]
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        costs = list(pool.map(_calibrate, work, [threads] * len(work)))
    step = len(work) // len(specs)
    return {cell: costs[position * step] for position, cell in enumerate(specs)}


def _calibrate(spec: TrialSpec, threads: int) -> tuple[float, int]:
    import torch

    from trainers.costs import calibrate

    torch.set_num_threads(threads)
    if spec.training.precision == "tf32":  # which no CPU has
        spec = spec.model_copy(update={"training": spec.training.model_copy(update={"precision": "float32"})})
    cost = calibrate(spec, torch.device("cpu"))
    return cost.trial_seconds(spec), cost.memory
