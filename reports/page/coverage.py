"""What was planned and what became of it: the matrix of cells, the gaps, and the trials that ended badly."""

from dataclasses import dataclass

import pandas as pd

from reports import wording
from reports.frames.cache import remembered
from reports.frames.cells import architectures, baseline_cells, baselines, lambdas, planned_cells
from reports.frames.frames import STATUSES, Frames
from reports.tables import DisplayTable

SIGNS = {"diverged": "✕", "failed": "✕", "corrupt": "⚠", "missing": "○"}
"""A sign beside each word, so that no status is shown by colour alone."""


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
    """The coverage matrix: a row per architecture; columns for λs, then for bagging and stacking."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    cut: str = ""
    """A sentence saying that only a part is shown; empty if all of it is."""


MOST_COLUMNS, MOST_CELLS = 60, 2_400
"""Limits of the matrix. A larger one would tell a reader nothing, and outgrow the page."""
MOST_PROBLEMS, MOST_MESSAGE = 60, 400
"""Most trials that are listed as lost, and most characters of each one's message."""


def matrix(frames: Frames) -> Matrix:
    """Complete and planned trials of every cell, with the numbers of lost ones."""
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
    """The totals in words: ``46 of 48 planned trials complete, 1 diverged, 1 missing``."""
    counts = {status: int((frames.planned["status"] == status).sum()) for status in STATUSES}
    lost = [f"{counts[status]} {status}" for status in STATUSES[1:] if counts[status]]
    complete = f"{counts['complete']} of {wording.count(len(frames.planned), 'planned trial')} complete"
    return ", ".join([complete, *lost])


@remembered
def gaps(frames: Frames, only_ensembles: bool = False, only_joint: bool = True) -> str:
    """A sentence on the cells whose trials are not all complete; empty if all are."""
    cells = [(f"{name} at {wording.lam(lam)}", trials) for name, lam, trials in planned_cells(frames)]
    if not only_joint:
        cells += [(f"{name} by {method}", trials) for name, method, trials in baseline_cells(frames)]
    short = [
        f"{cell} ({lost} of {len(trials)})"
        for cell, trials in cells
        if (lost := int((trials["status"] != "complete").sum()))
        and not (only_ensembles and trials["members"].iloc[0] == 1)
    ]
    return f"Trials are lacking from {wording.listed(short, most=6)}." if short else ""


def lacking(frames: Frames) -> str:
    """The same of all that is planned, also where nothing is lacking."""
    return gaps(frames, only_joint=False) or "No planned trial is lacking."


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
