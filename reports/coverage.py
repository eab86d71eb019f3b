"""What was planned and what became of it: the matrix, the gaps and the scale."""

from dataclasses import dataclass

import pandas as pd

from reports import wording
from reports.cells import architectures, baseline_cells, baselines, lambdas, planned_cells
from reports.loading import STATUSES, Frames
from reports.remembering import remembered
from reports.tables import DisplayTable
from specs.datasets import facts_of

SIGNS = {"diverged": "✕", "failed": "✕", "corrupt": "⚠", "missing": "○"}
"""A sign beside each word, so that no status is told by colour alone."""


@dataclass(frozen=True)
class Cell:
    """One cell of the coverage matrix."""

    text: str
    """``4/5``, or a dash where nothing is planned."""
    notes: tuple[str, ...]
    state: str
    """``full``, ``partial``, ``none``, ``bad`` or ``unplanned``: the name of its colour."""


@dataclass(frozen=True)
class Matrix:
    """Architectures down; λ, then bagging and stacking across."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    cut: str = ""
    """Says that only a part is shown; empty where all of it is."""


MOST_COLUMNS, MOST_CELLS = 60, 2_400
"""More than these tell a reader nothing, and would outgrow the page."""
MOST_PROBLEMS, MOST_MESSAGE = 60, 400
"""Trials that are listed as lost, and characters that each says of why."""


def matrix(frames: Frames) -> Matrix:
    """Complete against planned trials of every cell, with what was lost."""
    cells: dict[tuple[str, float | str], Cell] = {
        **{(name, lam): _cell(trials) for name, lam, trials in planned_cells(frames)},
        **{(name, method): _cell(trials) for name, method, trials in baseline_cells(frames)},
    }
    unplanned = Cell("–", (), "unplanned")
    columns: list[float | str] = [*lambdas(frames), *baselines(frames)]
    names = architectures(frames)
    shown = columns if len(columns) <= MOST_COLUMNS else columns[:MOST_COLUMNS]
    most = MOST_CELLS // max(1, len(shown))
    rows = tuple((name, tuple(cells.get((name, key), unplanned) for key in shown)) for name in names[:most])
    headers = tuple(key if isinstance(key, str) else f"λ = {wording.bare(key)}" for key in shown)
    return Matrix(headers, rows, _cut((len(rows), len(names)), (len(shown), len(columns))))


def _cut(rows: tuple[int, int], columns: tuple[int, int]) -> str:
    if rows[0] == rows[1] and columns[0] == columns[1]:
        return ""
    return f"The first {rows[0]} of {rows[1]:,} architectures and {columns[0]} of {columns[1]:,} columns."


def _cell(trials: pd.DataFrame) -> Cell:
    counts = {status: int((trials["status"] == status).sum()) for status in STATUSES}
    done, planned = counts["complete"], len(trials)
    notes = tuple(f"{sign} {counts[status]} {status}" for status, sign in SIGNS.items() if counts[status])
    if any(counts[status] for status in ("diverged", "failed", "corrupt")):
        return Cell(f"{done}/{planned}", notes, "bad")
    state = "full" if done == planned else "partial" if done else "none"
    return Cell(f"{done}/{planned}", notes, state)


def totals(frames: Frames) -> str:
    """``46 of 48 planned trials complete, 1 diverged, 1 missing``."""
    counts = {status: int((frames.planned["status"] == status).sum()) for status in STATUSES}
    lost = [f"{counts[status]} {status}" for status in STATUSES[1:] if counts[status]]
    complete = f"{counts['complete']} of {wording.count(len(frames.planned), 'planned trial')} complete"
    return ", ".join([complete, *lost])


@remembered
def gaps(frames: Frames, only_ensembles: bool = False) -> str:
    """Which cells of joint trials lack some, in a sentence; that nothing is missing, where nothing is."""
    short = [
        f"{name} at {wording.lam(lam)} ({lost} of {len(trials)})"
        for name, lam, trials in planned_cells(frames)
        if (lost := int((trials["status"] != "complete").sum()))
        and not (only_ensembles and trials["members"].iloc[0] == 1)
    ]
    return f"Trials are lacking from {wording.listed(short, most=6)}." if short else "No planned trial is lacking."


def scale_warning(frames: Frames) -> str:
    """How far the sweep stays below the work it reproduces; empty at full scale or where none was stated."""
    full = frames.sweep.full_scale
    if full is None:
        return ""
    epochs, seeds = frames.sweep.training.epochs, len(frames.sweep.seed_numbers)
    parts = [f"{epochs} of {wording.count(full.epochs, 'epoch')}"] if epochs < full.epochs else []
    parts += [f"{seeds} of {wording.count(full.seeds, 'seed')}"] if seeds < full.seeds else []
    used, available = _training_images(frames)
    parts += [f"{used:,} of {available:,} training images"] if used < available else []
    if not parts:
        return ""
    return f"Reduced scale: {wording.listed(parts)}. These numbers do not compare with the paper's."


def _training_images(frames: Frames) -> tuple[int, int]:
    """How many a joint trial trains on, and how many there are to train on."""
    dataset = frames.sweep.dataset
    available = facts_of(dataset).train - dataset.validation
    return (available if dataset.train_examples is None else dataset.train_examples), available


def problems(frames: Frames) -> DisplayTable:
    """The trials that ended badly, and why."""
    bad = frames.planned[frames.planned["status"].isin(["diverged", "failed", "corrupt"])]
    rows = [
        (
            *(row["trial_id"], row["architecture"], row["method"], wording.bare(row["lam"])),
            *(str(row["seed"]), row["status"], _shortened(row["message"])),
        )
        for _, row in bad.head(MOST_PROBLEMS).iterrows()
    ]
    return DisplayTable(("trial", "architecture", "method", "λ", "seed", "status", "why"), rows, total=len(bad))


def _shortened(message: str) -> str:
    return message if len(message) <= MOST_MESSAGE else f"{message[:MOST_MESSAGE]} …"
