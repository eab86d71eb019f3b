"""What means are held against: the paper's numbers, the single network, a margin."""

import math
from html import escape

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.figures.marks import named, where
from reports.figures.style import rounded

HALF_WIDTH = 0.49
"""How far a line across an axis reaches beyond its first and last place; below half a step, so that x tells a place."""
PAPER_OFFSET = -0.22
"""Where the paper's diamond stands beside our mean, in steps of the axis."""


def add_paper(figure: go.Figure, panel: int, own: pd.DataFrame) -> None:
    """The paper's number as a diamond, left of our mean, where its text has one (``paper`` and ``paper_source``)."""
    told = own[own["paper"].notna()]
    if told.empty:
        return
    figure.add_scatter(
        **where(panel, told["at"], PAPER_OFFSET),
        name="the paper's number",
        y=rounded(told["paper"], 100),
        mode="markers",
        marker={"color": style.INK, "symbol": "diamond", "size": 9},
        text=[
            f"{escape(row['architecture'])}: the paper's {100 * row['paper']:.1f} % ({row['paper_source']})"
            for _, row in told.iterrows()
        ],
        hovertemplate="%{text}<extra></extra>",
        legendgroup="paper",
        showlegend=not named(figure, "the paper's number"),
    )


def add_reference(
    figure: go.Figure, panel: int, single: pd.Series, ends: tuple[float, float], factor: float, dash: str
) -> None:
    """A single network as a horizontal line with its interval shaded."""
    low, high = single["low"], single["high"]
    if not math.isnan(low):
        add_band(figure, panel, ends, (low * factor, high * factor), f"{single['architecture']} interval")
    figure.add_scatter(
        **where(panel, [*ends, ends[1]], (-HALF_WIDTH, 0.0, HALF_WIDTH)),
        y=rounded([single["mean"]] * 3, factor),
        name=f"single network {single['architecture']}",
        mode="lines",
        line={"color": style.INK, "dash": dash, "width": 2},
        text=[percent_reference(single)] * 3,
        hovertemplate="%{text}<extra></extra>",
        legendgroup=single["architecture"],
        showlegend=panel == 0,
    )


def percent_reference(single: pd.Series) -> str:
    """What hovering over a single network's line tells."""
    return (
        f"single network {escape(single['architecture'])}<br>mean {wording.percent(single['mean'])} %<br>"
        f"{single['complete']} of {wording.count(single['planned'], 'seed')}"
    )


def add_band(
    figure: go.Figure, panel: int, ends: tuple[float, float], levels: tuple[float, float], name: str, **trace: object
) -> None:
    """A shaded band between two levels, from half a step before the first place to half a step after the last."""
    low, high = levels
    shared: dict[str, object] = {"showlegend": False, "fillcolor": style.BAND}
    figure.add_scatter(
        **where(panel, [ends[0], ends[1], ends[1], ends[0]], (-HALF_WIDTH, HALF_WIDTH, HALF_WIDTH, -HALF_WIDTH)),
        y=rounded([low, low, high, high]),
        name=name,
        mode="lines",
        fill="toself",
        line={"width": 0},
        hoverinfo="skip",
        **shared | trace,
    )
