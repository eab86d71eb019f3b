"""Figure 9: the ensemble's loss and its members' mean loss against λ; the gap is the diversity term of Eq. 5."""

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import scales, style
from reports.figures.entry import ReportFigure, ensembles, hover, seeds_done
from reports.figures.marks import add_losses, offer_intervals, placed, series, where
from reports.figures.style import axis_suffix, rounded
from reports.frames import cells
from reports.frames.frames import Frames
from reports.statistics.ranges import POSITIVE
from reports.statistics.summaries import Summary, summarise
from reports.tables import DisplayTable, display

ROUNDING = 1e-6
"""Nats by which a gap may fall below 0 before it is called negative: both losses are sums in single precision."""
SERIES = {
    "": ("ensemble", style.Style(style.INDEPENDENT, "solid", "circle")),
    "member_": ("mean of members", style.Style(style.SYSTEM, "dash", "square")),
}
"""By prefix of the columns: name and look."""
COLUMNS: cells.Columns = {
    **cells.SUMMARISED,
    "member_values": list, "member_mean": float, "member_sd": float, "member_low": float, "member_high": float,
    "gap": float, "gap_low": float, "gap_high": float, "checked": int, "negative": int,
}  # fmt: skip
"""A cell, summarised for the ensemble's loss, and as ``member_…`` for the mean of its members' own. ``gap`` is the mean
difference within a seed, with its interval. ``checked`` counts the rows of trials and epochs in which the gap was
tested, ``negative`` those in which it is below 0."""


def data(frames: Frames) -> pd.DataFrame:
    """A row a planned cell of an ensemble: both losses in nats over its complete seeds, and the gap between them."""
    own = cells.summarised(frames, "test_nll")
    members = cells.summarised(frames, "test_member_nll")
    for name in ("values", "mean", "sd", "low", "high"):
        own[f"member_{name}"] = members[name]
    gaps = [_gap(row) for _, row in own.iterrows()]
    own["gap"], own["gap_low"], own["gap_high"] = ([getattr(gap, of) for gap in gaps] for of in ("mean", "low", "high"))
    checked, negative = _signs(frames)
    own["checked"], own["negative"] = (
        [sum(count.get(trial_id, 0) for trial_id in ids) for ids in own["trial_ids"]] for count in (checked, negative)
    )
    return cells.frame_of(own[own["members"] > 1].reset_index(drop=True), COLUMNS)


def _gap(row: pd.Series) -> Summary:
    gaps = [member - whole for member, whole in zip(row["member_values"], row["values"], strict=True)]
    return summarise(gaps, POSITIVE)


def _signs(frames: Frames) -> tuple[dict[str, int], dict[str, int]]:
    """By trial: rows checked, and rows whose members' mean loss is below their ensemble's, which Jensen forbids."""
    trials, epochs = frames.trials, frames.epochs
    gaps = pd.concat([trials["test_member_nll"] - trials["test_nll"], epochs["member_nll"] - epochs["nll"]])
    ids = pd.concat([trials["trial_id"], epochs["trial_id"]])
    negative = ids[gaps < -ROUNDING]
    return ids.value_counts().to_dict(), negative.value_counts().to_dict()


def title(data: pd.DataFrame) -> str:
    """Where the gap is widest, and whether the theory's sign holds in every row."""
    if data["gap"].isna().all():
        return ""
    row = data.iloc[int(data["gap"].argmax())]
    finding = (
        f"The members' mean loss exceeds the ensemble's by up to {row['gap']:.3g} nats "
        f"({row['architecture']}, {wording.lam(row['lam'])})"
    )
    return finding if not data["negative"].sum() else f"{finding}; the gap is negative in some rows, which cannot be"


def note(data: pd.DataFrame) -> str:
    """The check of the gap's sign, in words."""
    checked, negative = int(data["checked"].sum()), int(data["negative"].sum())
    return f"The gap is at least 0 in {checked - negative:,} of {checked:,} rows checked." if checked else ""


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble; both losses with their intervals, the gap shaded; switches of both scales."""
    names = ensembles(data)
    figure = style.panels(names, 3, "λ", "test nll in nats")
    top = max([0.0, *(value for values in data["member_values"] for value in values)]) * 1.06
    for panel, name in enumerate(names):
        own = data[data["architecture"] == name].assign(at=lambda rows: rows["lam"])
        _add_gap(figure, panel, own[own["mean"].notna()])
        for prefix in SERIES:
            _add_series(figure, panel, own, prefix)
        add_losses(figure, panel, own.assign(hover=[hover(row, _nats) for _, row in own.iterrows()]), top or 1.0)
    scales.follow(figure, sorted(set(data["lam"])), len(names))
    offer_intervals(figure)
    axes = [f"layout.yaxis{axis_suffix(panel)}.type" for panel in range(len(names))]
    kinds = {"linear": "linear", "logarithmic": "log"}
    style.add_switch(figure, "loss axis", [{"label": k, "set": dict.fromkeys(axes, v)} for k, v in kinds.items()])
    return figure


def _add_gap(figure: go.Figure, panel: int, shown: pd.DataFrame) -> None:
    there, back = shown, shown[::-1]
    figure.add_scatter(
        **where(panel, [*there["lam"], *back["lam"]], 0.0), y=rounded([*there["mean"], *back["member_mean"]]),
        mode="lines", fill="toself", fillcolor=style.BAND, line={"width": 0}, hoverinfo="skip", name="gap = diversity",
        legendgroup="gap", showlegend=panel == 0,
    )  # fmt: skip


def _add_series(figure: go.Figure, panel: int, own: pd.DataFrame, prefix: str) -> None:
    label, look = SERIES[prefix]
    columns = ("values", "mean", "sd", "low", "high")
    cells = own.assign(**{column: own[f"{prefix}{column}"] for column in columns})
    hovers = [f"{label}: {hover(row, _nats)}" for _, row in cells.iterrows()]
    series(figure, panel, placed(cells, own["lam"], [look] * len(own), hovers), 1, label, " nats")


def _nats(value: float) -> str:
    return f"{value:.4g}"


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers, and the check of the gap's sign."""
    return display(
        data,
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "ensemble nll": lambda row: wording.number(row["mean"]),
            "95 % interval": lambda row: f"{wording.number(row['low'])} to {wording.number(row['high'])}",
            "members' mean nll": lambda row: wording.number(row["member_mean"]),
            "its 95 % interval": lambda row: (
                f"{wording.number(row['member_low'])} to {wording.number(row['member_high'])}"
            ),
            "gap": lambda row: wording.number(row["gap"]),
            "the gap's 95 % interval": lambda row: (
                f"{wording.number(row['gap_low'])} to {wording.number(row['gap_high'])}"
            ),
            "rows with a gap below 0": lambda row: f"{row['negative']} of {row['checked']}",
            "seeds": seeds_done,
        },
        row_headers=2,
    )


FIGURE = ReportFigure(
    key="fig-9",
    source="after Figure 9 of the paper",
    measured=(
        "Test nll in nats, of the ensemble and as mean of its members. Their gap is Eq. 5's diversity, which cannot be "
        "negative."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Loss of the ensemble and of its members against λ",
    table=table,
    note=note,
)
