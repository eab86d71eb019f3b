"""Figures 7 and 8: accuracy when members are dropped at test time, one line a λ."""

from collections.abc import Mapping

import pandas as pd

from reports import wording
from reports.figures.entry import ReportFigure, has_ensembles
from reports.figures.robustness_curves import MASKS, chosen, draw, masks
from reports.frames.cells import Columns, frame_of, places, planned_cells
from reports.frames.frames import Frames
from reports.frames.ranges import error_range
from reports.statistics.ranges import Range
from reports.statistics.summaries import Summary, summarise
from reports.tables import MOST_ROWS, DisplayTable
from specs.methods import JOINT

MARGIN = 0.01
"""One point of accuracy: what a reader may give up to drop members."""


MOST_POINTS = 32
"""Curves of more members are thinned to every second, third … point, those of ``SHARES``, and the last."""
SHARES = {0.0: "none", 0.25: "a quarter", 0.5: "half", 0.75: "three quarters"}
"""Of the members dropped: there the table has numbers and each seed stands for itself. More would fill the page."""

MOST_NAMED = 2_000
"""Trials of a sweep whose dots carry their ids: those of more would take the room of other figures' texts."""

COLUMNS: Columns = {
    "mask": str, "architecture": str, "members": int, "lam": float, "place": int, "learning_rate": float,
    "planned": int, "lost": int, "dropped": int, "n": int, "mean": float, "sd": float, "low": float, "high": float,
    "seeds": list, "values": list, "trial_ids": list, "droppable": int,
}  # fmt: skip
"""Of the cell: ``planned`` trials, and those ``lost`` as failed, diverged or corrupt. Of its ``n`` complete trials with
so many members ``dropped``: the accuracy, to 5 digits; lists are empty but at ``SHARES``, ``trial_ids`` beyond
``MOST_NAMED`` trials too. ``droppable`` is of the whole curve of means."""


def applies(frames: Frames) -> bool:
    """Whether the sweep drops members at test time."""
    return has_ensembles(frames) and frames.sweep.evaluation.robustness.repeats > 0


def data(frames: Frames) -> pd.DataFrame:
    """A row a mask, ensemble, λ and number of dropped members: accuracy over the complete seeds.

    Of more than ``MOST_POINTS`` points of a curve some are left out, never the ends.
    """
    rows: list[dict[str, object]] = []
    place, measured = places(frames), _by_cell(frames)
    for architecture, lam, trials in planned_cells(frames):
        members = int(trials["members"].iloc[0])
        lost = int(trials["status"].isin(["failed", "diverged", "corrupt"]).sum())
        for mask in sorted(measured.get((architecture, lam), {}) if members > 1 else {}):
            cell = {"mask": mask, "architecture": architecture, "members": members, "lam": lam, "place": place[lam]}
            cell |= {"learning_rate": float(trials["learning_rate"].iloc[0]), "planned": len(trials), "lost": lost}
            seed_of = dict(zip(trials["trial_id"], trials["seed"], strict=True))
            unnamed: dict[str, object] = {} if len(frames.planned) <= MOST_NAMED else {"trial_ids": []}
            points = _curve(measured[architecture, lam][mask], members, seed_of, error_range(frames))
            rows += [{**cell, **point, **unnamed} for point in points]
    return frame_of(rows, COLUMNS)


Accuracies = dict[int, dict[str, float]]
"""Of the complete trials, by number of members dropped."""


def _by_cell(frames: Frames) -> dict[tuple[str, float], dict[str, Accuracies]]:
    """By cell of joint trials, then by mask."""
    joint = frames.planned[frames.planned["method"] == JOINT]
    pairs = zip(joint["architecture"], joint["lam"], strict=True)
    cell_of = dict(zip(joint["trial_id"], pairs, strict=True))
    found: dict[tuple[str, float], dict[str, Accuracies]] = {}
    columns = (frames.robustness[name] for name in ("trial_id", "mask", "dropped", "accuracy"))
    for trial_id, mask, dropped, accuracy in zip(*columns, strict=True):
        if trial_id in cell_of:
            curve = found.setdefault(cell_of[trial_id], {}).setdefault(mask, {})
            curve.setdefault(dropped, {})[trial_id] = accuracy
    return found


def _curve(accuracies: Accuracies, members: int, seed_of: Mapping[str, int], within: Range) -> list[dict[str, object]]:
    """The points of one curve over its seeds."""
    summaries: dict[int, Summary] = {
        dropped: summarise(list(of_trial.values()), within) for dropped, of_trial in sorted(accuracies.items())
    }
    step, shares = -(-members // MOST_POINTS), {round(share * members) for share in SHARES}
    most = droppable({dropped: summary.mean for dropped, summary in summaries.items()})
    return [
        {
            "dropped": dropped,
            "n": summary.n,
            **{of: _short(getattr(summary, of)) for of in ("mean", "sd", "low", "high")},
            **_each_seed(accuracies[dropped] if dropped in shares else {}, seed_of),
            "droppable": most,
        }
        for dropped, summary in summaries.items()
        if dropped % step == 0 or dropped in {*shares, max(accuracies)}
    ]


def _each_seed(accuracies: Mapping[str, float], seed_of: Mapping[str, int]) -> dict[str, list[object]]:
    own = [(int(seed), _short(accuracies[trial]), trial) for trial, seed in seed_of.items() if trial in accuracies]
    return {name: [each[i] for each in own] for i, name in enumerate(("seeds", "values", "trial_ids"))}


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def droppable(curve: Mapping[int, float]) -> int:
    """The most members that can go, and all fewer too, for at most one point of accuracy.

    Args:
        curve: accuracy by the number of members dropped.
    """
    counts = sorted(curve)
    most = counts[0]
    for dropped in counts:
        if curve[counts[0]] - curve[dropped] > MARGIN + 1e-12:
            break
        most = dropped
    return most


def title(data: pd.DataFrame) -> str:
    """Members that one point of accuracy buys at the λs shown, for the ensemble with the most members."""
    shown = data[(data["mask"] == masks(data)[0]) & data["lam"].isin(chosen(sorted(set(data["lam"]))))]
    widest = shown[shown["members"] == shown["members"].max()]
    widest = widest[widest["architecture"] == widest["architecture"].iloc[0]]
    ends = [
        f"{curve['droppable'].iloc[0]} at {wording.lam(curve['lam'].iloc[0])}" for _, curve in widest.groupby("lam")
    ]
    name, members = widest["architecture"].iloc[0], widest["members"].iloc[0]
    return f"{name}: of {members} members, one point of accuracy buys dropping {wording.listed(ends)}"


def note(data: pd.DataFrame) -> str:
    """The kinds of mask, and what was thinned."""
    kinds = wording.listed([MASKS[mask] for mask in masks(data)])
    thin = data["members"].max() > MOST_POINTS
    unnamed = any(values and not ids for values, ids in zip(data["values"], data["trial_ids"], strict=True))
    return (
        f"Dropped: {kinds}."
        + (f" Curves are thinned to about {MOST_POINTS} points." if thin else "")
        + (f" Of a sweep of more than {MOST_NAMED:,} trials the dots carry seeds without trial ids." if unnamed else "")
    )


def table(data: pd.DataFrame) -> DisplayTable:
    """What each λ keeps with a quarter, half and three quarters of its members dropped, and what can go."""
    curves = [curve for _, curve in data.groupby(["mask", "architecture", "lam"], sort=False)]
    rows = [_share_row(curve) for curve in curves[:MOST_ROWS]]
    return DisplayTable(tuple(rows[0]), [tuple(row.values()) for row in rows], row_headers=3, total=len(curves))


def _share_row(curve: pd.DataFrame) -> dict[str, str]:
    first, members = curve.iloc[0], int(curve["members"].iloc[0])
    row: dict[str, str] = {
        "mask": first["mask"],
        "architecture": first["architecture"],
        "λ": wording.bare(first["lam"]),
        "seeds": f"{first['n']} of {first['planned']}",
    }
    for share, words in SHARES.items():
        nearest = curve.iloc[int((curve["dropped"] - share * members).abs().argmin())]
        exact = nearest["dropped"] == round(share * members)
        row[f"accuracy in %, {words} dropped"] = wording.percent(nearest["mean"]) if exact else "–"
    return {**row, "members that one point of accuracy buys": str(first["droppable"])}


FIGURE = ReportFigure(
    key="fig-7-8",
    source="after Figures 7 and 8 of the paper",
    measured=(
        "Accuracy of the mean logits of the members kept, mean over random subsets. The λs nearest to the paper's come "
        "first; a switch shows all."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Accuracy against members dropped",
    table=table,
    note=note,
    undrawn="No complete trial has measured robustness.",
    applies=applies,
)
