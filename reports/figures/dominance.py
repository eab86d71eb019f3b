"""Figure 6: the ensemble's error against its members' by epoch. Does one member do all the work?"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from reports import wording
from reports.figures.dominance_curves import SPLITS, draw
from reports.figures.entry import ReportFigure
from reports.frames.cells import Columns, frame_of, places, planned_cells
from reports.frames.frames import Frames
from reports.tables import DisplayTable, display

MOST_MEMBERS = 16
"""Up to so many members each has its own line; beyond, a band from the best to the worst."""
MOST_EPOCHS = 30
"""Curves are thinned to about so many epochs, the last always among them."""
EARLY = 3
"""These first epochs are always shown: the paper tells at the end of epoch 3 which member will dominate."""
FEWEST_EPOCHS, MOST_VALUES = 8, 3_000
"""Curves are thinned further, down to ``FEWEST_EPOCHS``, where members' own lines would hold more values than that."""

COLUMNS: Columns = {
    "architecture": str, "lam": float, "place": int, "planned": int, "complete": int,
    "members": int, "learning_rate": float, "seed": int, "trial_id": str, "split": str, "epoch": int,
    "ensemble": float, "member_mean": float, "best": float, "median": float, "worst": float, "member_errors": list,
}  # fmt: skip
"""``planned`` and ``complete`` count the cell's trials. Errors have 4 digits; ``member_errors`` are those on test
images of up to ``MOST_MEMBERS`` members."""


def data(frames: Frames) -> pd.DataFrame:
    """A row an epoch and split of the first complete seed of each ensemble's cell.

    Members have no identity across seeds, so seeds are not averaged.
    """
    found: list[dict[str, object]] = []
    place = places(frames)
    by_trial = _curves(frames, _epochs_shown(frames))
    for architecture, lam, trials in planned_cells(frames):
        done = trials[(trials["status"] == "complete") & (trials["members"] > 1)]
        for _, trial in done.head(1).iterrows():
            own = {"architecture": architecture, "lam": lam, "place": place[lam], "planned": len(trials)}
            own |= {"complete": len(done), **{column: trial[column] for column in OF_TRIAL}}
            found += [{**own, **_measured(row)} for row in by_trial.get(trial["trial_id"], [])]
    return frame_of(found, COLUMNS)


def _curves(frames: Frames, most: int) -> dict[str, list[dict[Hashable, Any]]]:
    """The epochs to show of the first complete trial of each cell, by trial, then by split and epoch."""
    complete = [trials.loc[trials["status"] == "complete", "trial_id"] for _, _, trials in planned_cells(frames)]
    first = {trial_id for ids in complete for trial_id in ids.head(1)}
    own = frames.epochs[frames.epochs["trial_id"].isin(first) & frames.epochs["split"].isin(SPLITS)]
    last = own.groupby("trial_id")["epoch"].transform("max")
    shown = {end: _shown(int(end), most) for end in set(last)}
    own = own[np.array([epoch in shown[end] for epoch, end in zip(own["epoch"], last, strict=True)], dtype=bool)]
    found: dict[str, list[dict[Hashable, Any]]] = {}
    for row in own.sort_values(["split", "epoch"], kind="stable")[["trial_id", *MEASURED]].to_dict("records"):
        found.setdefault(row["trial_id"], []).append(row)
    return found


def _shown(last: int, most: int) -> set[int]:
    """The epochs to show of a curve that ends so."""
    return {*range(1, min(last, EARLY) + 1), *np.linspace(EARLY, last, min(last, most)).round().astype(int).tolist()}


def _epochs_shown(frames: Frames) -> int:
    """How many epochs a curve may show, so that a sweep with many small ensembles still makes a small page."""
    counts = [int(trials["members"].iloc[0]) for _, _, trials in planned_cells(frames)]
    lines = sum(count for count in counts if count <= MOST_MEMBERS)
    return max(FEWEST_EPOCHS, min(MOST_EPOCHS, MOST_VALUES // max(lines, 1)))


OF_TRIAL = ["members", "learning_rate", "seed", "trial_id"]
MEASURED = ["split", "epoch", "error", "member_error", "member_errors"]


def _measured(row: Mapping[Hashable, Any]) -> dict[str, object]:
    errors = np.asarray(row["member_errors"], dtype=float)
    each = errors.size <= MOST_MEMBERS and row["split"] == "test"
    return {
        "split": row["split"],
        "epoch": int(row["epoch"]),
        "ensemble": _short(row["error"]),
        "member_mean": _short(row["member_error"]),
        "best": _short(errors.min()),
        "median": _short(np.median(errors)),
        "worst": _short(errors.max()),
        "member_errors": [_short(error) for error in errors] if each else [],
    }


def _short(error: float) -> float:
    return float(f"{error:.4g}")


def final_rows(data: pd.DataFrame) -> pd.DataFrame:
    """The last epoch of each cell and split."""
    return data.groupby(["architecture", "lam", "split"], sort=False).tail(1)


def title(data: pd.DataFrame) -> str:
    """How far the members stand from their ensemble at the end, at the largest λ, where it is widest."""
    last = final_rows(data)
    last = last[(last["split"] == SPLITS[0]) & (last["lam"] == last["lam"].max())]
    row = last.iloc[int((last["median"] - last["ensemble"]).argmax())]
    best, median, whole = (wording.percent(row[name]) for name in ("best", "median", "ensemble"))
    return (
        f"{row['architecture']} at {wording.lam(row['lam'])}: the ensemble errs on {whole} % of test images, "
        f"its best member on {best} %, its median member on {median} %"
    )


def note(data: pd.DataFrame) -> str:
    """What was thinned out of the drawing."""
    shown, last = data["epoch"].nunique(), int(data["epoch"].max())
    return "" if shown == last else f"{shown} of {last} epochs are drawn."


def table(data: pd.DataFrame) -> DisplayTable:
    """The last epoch of each curve."""
    return display(
        final_rows(data),
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "split": lambda row: row["split"],
            "epoch": lambda row: row["epoch"],
            "ensemble error in %": lambda row: wording.percent(row["ensemble"]),
            "best member": lambda row: wording.percent(row["best"]),
            "median member": lambda row: wording.percent(row["median"]),
            "worst member": lambda row: wording.percent(row["worst"]),
            "mean member": lambda row: wording.percent(row["member_mean"]),
            "seed": lambda row: row["seed"],
        },
        row_headers=3,
    )


FIGURE = ReportFigure(
    key="fig-6-epochs",
    source="after Figure 6 of the paper, by epoch",
    measured=(
        "Errors by epoch in the first complete seed: thick the ensemble, thin its members (beyond "
        f"{MOST_MEMBERS} a band from best to worst); dotted on training images. "
        "Under model dominance one member is near the ensemble, all others far above."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Ensemble and member errors by epoch",
    table=table,
    note=note,
    undrawn="No complete ensemble yet.",
)
