"""Colours, marks and axes that every figure shares; a λ looks the same in each of them.

Figures are drawn in the light theme. The page replaces each light colour by its dark one (``DARK``) when the
reader's system asks for it, so that a colour used here must be in that table or be legible on both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

INK = "#000000"
MUTED = "#6b7280"
GRID = "#e2e5e9"
BAND = "rgba(107,114,128,0.20)"
DARK = {INK: "#ffffff", MUTED: "#9aa4b2", GRID: "#333a45", "#0072B2": "#3d9fdb"}
"""Light colour to dark colour; black turns white, and the darkest hue is raised."""

# Okabe and Ito's palette. Yellow is left out: it cannot be seen as a line on white.
INDEPENDENT, SYSTEM = "#0072B2", "#D55E00"
# Orange comes first in a grid, far from the vermilion of λ = 1 that it resembles.
COLOURS = ("#56B4E9", "#E69F00", "#009E73", INK, "#CC79A7")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
# No diamond, which is the paper's number, and no cross, which is a failure.
SYMBOLS = ("circle", "square", "triangle-up", "triangle-down", "pentagon", "triangle-left", "star")

MARGIN = {"l": 58, "r": 12, "t": 30, "b": 46}
PANEL_HEIGHT = 300


@dataclass(frozen=True)
class Style:
    """How one series is drawn: never by colour alone."""

    color: str
    dash: str
    symbol: str


ENDS = {0.0: Style(INDEPENDENT, "solid", "circle"), 1.0: Style(SYSTEM, "solid", "hexagon")}


def lambda_styles(data: pd.DataFrame) -> dict[float, Style]:
    """The style of each λ in ``lam``, by its ``place`` in the sweep's grid: the same in every figure of a report.

    Blue is λ = 0, vermilion λ = 1; a λ that has no data yet keeps its style free.
    """
    pairs = sorted(set(zip(data["lam"], data["place"], strict=True)))
    return {lam: _style(lam, place) for lam, place in pairs}


def _style(lam: float, place: int) -> Style:
    if lam in ENDS:
        return ENDS[lam]
    turn = place // len(COLOURS)
    return Style(
        COLOURS[place % len(COLOURS)],
        DASHES[1 + (place + turn) % (len(DASHES) - 1)],
        SYMBOLS[1 + (place + turn) % (len(SYMBOLS) - 1)],
    )


SERIES = tuple(
    Style(color, dash, symbol)
    for color, dash, symbol in zip(
        (INDEPENDENT, *COLOURS[1:], COLOURS[0], SYSTEM), (*DASHES, "dash"), SYMBOLS, strict=True
    )
)
"""Looks of series that are no λs: architectures, kinds of mask."""


def series_style(place: int) -> Style:
    """The look of the series at a place in its order."""
    return SERIES[place % len(SERIES)]


def rounded(values: Iterable[float], factor: float = 1.0) -> list[float | None]:
    """Numbers to five digits, times a factor, as a figure holds them; what is no number becomes a gap."""
    return [None if value != value else float(f"{value * factor:.5g}") for value in values]


def axis_suffix(panel: int) -> str:
    """Plotly's name of a panel's axes after ``x`` and ``y``: nothing, then 2, 3 …"""
    return "" if panel == 0 else str(panel + 1)


def panels(
    titles: Sequence[str], columns: int, x_title: str | Sequence[str], y_title: str | Sequence[str]
) -> go.Figure:
    """An empty figure of panels in reading order, which share one y axis where they share its title.

    ``layout.meta`` tells the page how many panels there are and how many columns fit at most; a narrow screen
    lays them out again in fewer.
    """
    x_titles = [x_title] * len(titles) if isinstance(x_title, str) else list(x_title)
    y_titles = [y_title] * len(titles) if isinstance(y_title, str) else list(y_title)
    shared = isinstance(y_title, str)
    figure = go.Figure(layout={"template": go.layout.Template()})
    columns = max(1, min(columns, len(titles)))
    rows = -(-len(titles) // columns)
    for i, title in enumerate(titles):
        row, column = divmod(i, columns)
        _add_panel(figure, i, title, (column / columns, row / rows), (1 / columns, 1 / rows))
        x, y = figure.layout[f"xaxis{axis_suffix(i)}"], figure.layout[f"yaxis{axis_suffix(i)}"]
        x.title = {"text": x_titles[i], "standoff": 6}
        if column == 0 or not shared:
            y.title = {"text": y_titles[i], "standoff": 6}
        if shared and i:
            y.matches = "y"
    figure.update_layout(
        height=rows * PANEL_HEIGHT + 60,
        margin=MARGIN,
        font={"family": "system-ui, sans-serif", "size": 13, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"align": "left"},
        hovermode="closest",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": MUTED, "activecolor": INK},
        legend={"orientation": "h", "x": 0, "y": 1 + 30 / (rows * PANEL_HEIGHT), "yanchor": "bottom"},
        meta={"panels": len(titles), "columns": columns, "y_title": y_title if shared else y_titles, "switches": []},
    )
    return figure


def _add_panel(
    figure: go.Figure, panel: int, title: str, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    name = axis_suffix(panel)
    line = {"gridcolor": GRID, "linecolor": MUTED, "zeroline": False, "showline": True, "ticks": "outside"}
    left, top = corner
    figure.layout[f"xaxis{name}"] = {**line, "anchor": f"y{name}", "domain": [left, left + 0.94 * size[0]]}
    figure.layout[f"yaxis{name}"] = {
        **line,
        "anchor": f"x{name}",
        "domain": [1 - top - 0.8 * size[1], 1 - top],
    }
    figure.add_annotation(
        text=f"<b>{title}</b>", x=0, y=1, yshift=4, yanchor="bottom", xanchor="left", showarrow=False,
        xref=f"x{name} domain", yref=f"y{name} domain", font={"size": 14},
    )  # fmt: skip


def add_switch(figure: go.Figure, label: str, options: Sequence[Mapping[str, object]]) -> None:
    """Offer the reader a choice. Each option has a ``label`` and ``set``: dotted paths in the figure to values."""
    meta = dict(figure.layout.meta)
    figure.update_layout(meta={**meta, "switches": [*meta["switches"], {"label": label, "options": list(options)}]})


def empty(message: str) -> go.Figure:
    """A figure that says why there is nothing to see."""
    figure = panels([""], 1, "", "")
    figure.update_layout(height=140, xaxis={"visible": False}, yaxis={"visible": False}, meta={})
    figure.update_layout(annotations=[])
    figure.add_annotation(text=message, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure
