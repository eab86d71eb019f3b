"""Figure 4: error against λ, a line an ensemble; does the best λ fall as members grow?"""

import math

import pandas as pd

from reports import wording
from reports.figures.best_lambda_marks import draw
from reports.figures.best_lambda_words import note, title
from reports.figures.entry import PERCENT_COLUMNS, SEED_COLUMNS, ReportFigure, ensembles
from reports.frames import cells
from reports.frames.choices import Choice, choice
from reports.frames.frames import Frames
from reports.tables import DisplayTable, display
from specs.methods import JOINT

COLUMNS: cells.Columns = {
    **cells.SUMMARISED,
    "member_parameters": int, "best": list, "best_low": float, "best_high": float, "best_share": float,
    "best_n": int, "share": float, "chosen_by": str,
}  # fmt: skip
"""A cell, and the best λ of its ensemble (``best``) or all λs that tie for it, empty where nothing can be chosen. It
is ``chosen_by`` the mean validation error, or the test error where there is no validation, over ``best_n`` seeds.
``best_low``, ``best_high`` and ``best_share`` are as in :class:`reports.statistics.bootstrap.Best`; ``share`` is the
part of its ``shares`` that the cell's own λ has."""


def applies(frames: Frames) -> bool:
    """Whether there are several ensembles and several λs to choose between."""
    joint = frames.planned[(frames.planned["method"] == JOINT) & (frames.planned["members"] > 1)]
    return joint["architecture"].nunique() > 1 and joint["lam"].nunique() > 1


def data(frames: Frames) -> pd.DataFrame:
    """A row per planned cell of an ensemble: its test error, and the best λ of its ensemble."""
    rows = cells.summarised(frames, "test_error")
    rows = rows[rows["members"] > 1].reset_index(drop=True)
    parameters = dict(zip(frames.planned["architecture"], frames.planned["member_parameters"], strict=True))
    rows["member_parameters"] = [int(parameters[name]) for name in rows["architecture"]]
    chosen = {name: choice(frames, name) for name in ensembles(rows)}
    found = [_found(chosen[row["architecture"]], row["lam"]) for _, row in rows.iterrows()]
    return cells.frame_of(rows.join(pd.DataFrame(found, index=rows.index)), COLUMNS)


def _found(choice: Choice, lam: float) -> dict[str, object]:
    best = choice.best
    told: dict[str, object] = {"best": list(choice.tied), "best_n": len(choice.seeds), "chosen_by": choice.criterion}
    if best is None:
        return told
    shares = {"best_share": best.share, "share": best.shares.get(lam, float("nan"))}
    return told | shares | {"best_low": best.low, "best_high": best.high}


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers of both panels."""
    columns = {
        "architecture": lambda row: row["architecture"],
        "λ": lambda row: wording.bare(row["lam"]),
        **PERCENT_COLUMNS,
        "best λ": lambda row: wording.tied(row["best"]) if row["lam"] in row["best"] else "",
        "its bootstrap interval": lambda row: _interval(row) if row["lam"] in row["best"] else "",
        "share of resamples, in %": lambda row: "–" if math.isnan(row["share"]) else f"{100 * row['share']:.1f}",
        "parameters a member": lambda row: f"{row['member_parameters']:,}",
        **SEED_COLUMNS,
    }
    return display(data, columns, row_headers=2)


def _interval(row: pd.Series) -> str:
    if math.isnan(row["best_low"]):
        return "–"
    return f"{wording.best(row['best_low'])} to {wording.best(row['best_high'])}"


FIGURE = ReportFigure(
    key="fig-4",
    source="after Figure 4 of the paper",
    measured=(
        "Left: a ring marks each ensemble's best λ, or all that tie, on the seeds that all measured λs have. Right: "
        "the best λ by size, with its 95 % interval over bootstrap resamples of the seeds."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Error against λ, and the best λ by the members' size",
    table=table,
    note=note,
    applies=applies,
)
