"""How many members can be dropped for one point of accuracy, seed by seed: what Figures 7 and 8 mean in numbers."""

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import scales, style
from reports.figures.entry import ReportFigure, ensembles, hover, seeds_done
from reports.figures.marks import add_losses, offer_intervals, placed, series
from reports.figures.robustness import MARGIN, applies, droppable
from reports.figures.robustness_curves import MASKS, masks
from reports.frames import cells
from reports.frames.frames import Frames
from reports.statistics.ranges import Range
from reports.statistics.summaries import paired_difference, summarise
from reports.tables import DisplayTable, display

COLUMNS: cells.Columns = {**cells.SUMMARISED, "mask": str}
"""A cell and a kind of mask; the values summarised are shares of the members."""
OFFSETS = {"example": -0.12, "shared": 0.12}
"""Both kinds of mask often agree: side by side, neither covers the other."""
LOOKS = {"example": style.series_style(0), "shared": style.series_style(2)}


def data(frames: Frames) -> pd.DataFrame:
    """A row per kind of mask and planned cell of an ensemble: the share of its members that can be dropped.

    The share is that of :func:`reports.figures.robustness.droppable` over members, of each seed's own curve.
    """
    planned = cells.summarised(frames, "test_error")
    planned = planned[planned["members"] > 1]
    curves: dict[tuple[str, str], dict[int, float]] = {}
    columns = (frames.robustness[name] for name in ("mask", "trial_id", "dropped", "accuracy"))
    for mask, trial, dropped, accuracy in zip(*columns, strict=True):
        curves.setdefault((mask, trial), {})[dropped] = accuracy
    counts = {key: droppable(curve) for key, curve in curves.items()}
    kinds = [mask for mask in MASKS if mask in frames.sweep.evaluation.robustness.masks]
    rows = [_row(row, mask, counts) for mask in kinds for _, row in planned.iterrows()]
    return cells.frame_of(rows, COLUMNS)


def _row(cell: pd.Series, mask: str, counts: dict[tuple[str, str], int]) -> dict[str, object]:
    own = [counts[mask, trial] / cell["members"] for trial in cell["trial_ids"] if (mask, trial) in counts]
    if len(own) < len(cell["trial_ids"]):  # rows of an older spec, which measured no such mask
        own = []
    within = Range(0.0, 1.0, least_sd=1 / cell["members"])  # it counts members
    found = summarise(own, within)
    kept: dict[str, object] = {} if own else {"seeds": [], "trial_ids": []}
    summary = {"values": own, "mean": found.mean, "sd": found.sd, "low": found.low, "high": found.high}
    summary["resolution"] = within.least_sd
    return {**{str(name): value for name, value in cell.items()}, **kept, **summary, "mask": mask}


def title(data: pd.DataFrame) -> str:
    """The share at the largest λ against that at the smallest, for each ensemble, by the first kind of mask.

    Both are means over the seeds that have both.
    """
    measured = data[data["mean"].notna()]
    shown = measured[measured["mask"].isin(masks(measured)[:1])]
    low, high = shown["lam"].min(), shown["lam"].max()
    by_cell = {
        (name, lam): dict(zip(seeds, values, strict=True))
        for name, lam, seeds, values in zip(
            *(shown[of] for of in ("architecture", "lam", "seeds", "values")), strict=True
        )
    }
    parts = [_both(name, by_cell.get((name, high), {}), by_cell.get((name, low), {})) for name in ensembles(shown)]
    parts = [part for part in parts if part]
    if low == high or not parts:
        return ""
    ends = f"{wording.lam(high)} and {wording.lam(low)}"
    return f"Members that one point of accuracy allows to drop, at {ends}: {wording.listed(parts)}"


def _both(name: str, first: Mapping[int, float], second: Mapping[int, float]) -> str:
    """Both mean shares over the seeds that both have; empty without any."""
    seeds = sorted(first.keys() & second.keys())
    if not seeds:
        return ""
    means = (summarise([own[seed] for seed in seeds]).mean for own in (first, second))
    return f"{' and '.join(f'{100 * mean:.0f} %' for mean in means)} for {name}"


def note(data: pd.DataFrame) -> str:
    """Whether both kinds of mask agree."""
    kinds = masks(data[data["mean"].notna()])
    if len(kinds) < 2:
        return ""
    columns = (data[name] for name in ("architecture", "lam", "mask", "seeds", "values", "resolution"))
    by_mask: dict[tuple[str, float, float], dict[str, dict[int, float]]] = {}
    for name, lam, mask, seeds, values, resolution in zip(*columns, strict=True):
        by_mask.setdefault((name, lam, resolution), {})[mask] = dict(zip(seeds, values, strict=True))
    first, second = MASKS
    differences = [
        paired_difference(own[first], own[second], Range(0.0, 1.0, least_sd=resolution))
        for (_, _, resolution), own in by_mask.items()
    ]
    apart = sum(difference.excludes_zero for difference in differences)
    told = sum(difference.has_interval for difference in differences)
    if not told:
        return ""
    return f"The paired interval between both kinds of mask excludes 0 in {apart} of {told} cells."


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble, a line a kind of mask."""
    names = ensembles(data)
    figure = style.panels(names, 3, "λ", "droppable members in %")
    for panel, name in enumerate(names):
        for mask in masks(data):
            own = data[(data["architecture"] == name) & (data["mask"] == mask)]
            hovers = [f"{MASKS[mask]}<br>{hover(row, _count(row['members']))}" for _, row in own.iterrows()]
            own = placed(own, own["lam"], [LOOKS[mask]] * len(own), hovers)
            series(figure, panel, own, 100, MASKS[mask], offset=OFFSETS[mask])
        add_losses(figure, panel, own, 104)
    scales.follow(figure, sorted(set(data["lam"])), len(names))
    figure.update_yaxes(range=[-4, 110])
    offer_intervals(figure)
    return figure


def _count(members: int) -> Callable[[float], str]:
    return lambda share: f"{100 * share:.1f} % ({share * members:.3g} of {members})"


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers, as counts of members."""
    return display(
        data,
        {
            "mask": lambda row: row["mask"],
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "members": lambda row: row["members"],
            "droppable": lambda row: wording.number(row["mean"] * row["members"], 3),
            "95 % interval": lambda row: " to ".join(
                wording.number(row[end] * row["members"], 3) for end in ("low", "high")
            ),
            "each seed": lambda row: ", ".join(f"{round(share * row['members'])}" for share in row["values"]),
            "seeds": seeds_done,
        },
        row_headers=3,
    )


FIGURE = ReportFigure(
    key="fig-7-8-droppable",
    source="ours, to Figures 7 and 8 of the paper",
    measured=(
        "The most members, and all fewer too, that can be dropped for at most "
        f"{100 * MARGIN:g} point of accuracy, from each seed's own curve."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Members that can be dropped for one point of accuracy",
    table=table,
    note=note,
    can_be_drawn=lambda data: bool(data["mean"].notna().any()),
    undrawn="No complete trial has measured robustness.",
    applies=applies,
)
