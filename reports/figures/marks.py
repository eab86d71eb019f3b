"""Marks of figures over the cells of a plan: means with intervals, seeds, losses.

A cell stands at ``at``: its λ where the axis is λ, else its place in a row of names. Rows that are drawn carry
``at``, ``look`` (a :class:`Style`) and ``hover`` besides the columns of :func:`reports.frames.cells.summarised`.
"""

from collections.abc import Iterable, Sequence

import pandas as pd
import plotly.graph_objects as go

from reports.figures import style
from reports.figures.style import Style, axis_suffix, rounded

INTERVALS = {"95 % interval": "interval", "SD": "sd", "SE": "se"}
SEED_OFFSET = 0.22
"""Where a cell's dots stand beside its mean, in steps of the axis."""


def placed(cells: pd.DataFrame, at: Iterable[float], looks: Sequence[Style], hover: Sequence[str]) -> pd.DataFrame:
    """Cells as they are drawn: each with its place, its look and what hovering over it tells."""
    objects = pd.Series(list(looks), index=cells.index, dtype=object)
    return cells.assign(at=[float(place) for place in at], look=objects, hover=list(hover))


def series(
    figure: go.Figure, panel: int, own: pd.DataFrame, factor: float, name: str, unit: str = " %", offset: float = 0.0
) -> None:
    """One series of a panel: seeds, means, and the line of its look, under one name in the legend."""
    look: Style = own["look"].iloc[0]
    known = named(figure, name)
    add_seeds(figure, panel, own, factor, unit, offset)
    add_means(figure, panel, own, factor, look, offset, name=name, legendgroup=name, showlegend=not known)


def add_means(
    figure: go.Figure,
    panel: int,
    own: pd.DataFrame,
    factor: float,
    line: bool | Style = True,
    offset: float = 0.0,
    **trace: object,
) -> None:
    """The mean of each cell with its interval; hollow where not every planned seed is in it.

    ``line`` tells whether a line joins them, in grey or in a look; ``offset`` is the series' own, where several stand
    at one place; ``trace`` overrides what is set here.
    """
    shown = own[own["mean"].notna()]
    colors = [look.color for look in shown["look"]]
    shared: dict[str, object] = {
        "name": "mean over seeds",
        "mode": "lines+markers" if line else "markers",
        "line": _line(line),
        "legendgroup": "mean",
        "showlegend": panel == 0,
    }
    figure.add_scatter(
        **where(panel, shown["at"], offset, bars={kind: bars(shown, kind, factor) for kind in INTERVALS.values()}),
        y=rounded(shown["mean"], factor),
        marker={
            "color": colors,
            "symbol": [symbol(row) for _, row in shown.iterrows()],
            "size": 10,
            "line": {"width": 2, "color": colors},
        },
        error_y={
            **bars(shown, "interval", factor),
            "symmetric": False,
            "color": style.MUTED,
            "thickness": 1.5,
            "width": 4,
        },
        text=list(shown["hover"]),
        hovertemplate="%{text}<extra></extra>",
        **shared | trace,
    )


def _line(look: bool | Style) -> dict[str, object]:
    if isinstance(look, Style):
        return {"color": look.color, "dash": look.dash, "width": 2}
    return {"color": style.MUTED, "width": 1.5}


def symbol(cell: pd.Series) -> str:
    """The marker of a cell's style, hollow where a planned seed is not in its mean."""
    look: Style = cell["look"]
    return f"{look.symbol}-open" if cell["complete"] < cell["planned"] else look.symbol


def add_seeds(
    figure: go.Figure, panel: int, own: pd.DataFrame, factor: float, unit: str = " %", offset: float = 0.0
) -> None:
    """Every seed as a dot, just right of its mean."""
    rows = [(row["at"], *each) for _, row in own.iterrows() for each in _each(row)]
    figure.add_scatter(
        **where(panel, [row[0] for row in rows], offset + SEED_OFFSET),
        name="one seed",
        y=rounded([row[2] for row in rows], factor),
        mode="markers",
        marker={"color": style.MUTED, "size": 5, "opacity": 0.7},
        text=[f"{seed} · {trial_id}" for _, seed, _, trial_id in rows],
        hovertemplate=f"seed %{{text}}<br>%{{y}}{unit}<extra></extra>",
        legendgroup="seed",
        showlegend=not named(figure, "one seed"),
    )


def add_losses(figure: go.Figure, panel: int, own: pd.DataFrame, ceiling: float) -> None:
    """A cross where a seed failed, diverged or is corrupt; a hollow mark where a cell has nothing at all."""
    failed = own[own[["failed", "diverged", "corrupt"]].sum(axis=1) > 0]
    missing = own[(own["complete"] == 0) & ~own.index.isin(failed.index)]
    for name, cells, mark, color in (
        ("failed, diverged or corrupt", failed, "x", style.SYSTEM),
        ("no seed yet", missing, "circle-open", style.MUTED),
    ):
        if cells.empty:
            continue
        figure.add_scatter(
            **where(panel, cells["at"], 0.0),
            name=name,
            y=[round(ceiling, 4)] * len(cells),
            mode="markers",
            marker={"color": color, "symbol": mark, "size": 10},
            text=list(cells["hover"]),
            hovertemplate="%{text}<extra></extra>",
            legendgroup=name,
            showlegend=not named(figure, name),
        )


Bars = dict[str, list[float | None]]


def bars(shown: pd.DataFrame, kind: str, factor: float) -> Bars:
    """Error bars upwards and downwards: of the interval, the SD or the SE; gaps for one seed."""
    if kind == "interval":
        up, down = shown["high"] - shown["mean"], shown["mean"] - shown["low"]
    else:
        up = down = shown["sd"] / (shown["complete"] ** 0.5 if kind == "se" else 1.0)
    return {"array": rounded(up, factor), "arrayminus": rounded(down, factor)}


def offer_intervals(figure: go.Figure) -> None:
    """A switch of the error bars between t interval, SD and SE. A single network's line keeps its interval."""
    each = {i: trace.meta["bars"] for i, trace in enumerate(figure.data) if "bars" in (trace.meta or {})}
    options = [
        {
            "label": label,
            "set": {f"data.{i}.error_y.{side}": own[kind][side] for i, own in each.items() for side in own[kind]},
        }
        for label, kind in INTERVALS.items()
    ]
    for i in each:
        figure.data[i].meta = {name: value for name, value in figure.data[i].meta.items() if name != "bars"}
    if any(value is not None for own in each.values() for value in own["interval"]["array"]):
        style.add_switch(figure, "error bars", options)


def ceiling(data: pd.DataFrame, factor: float) -> float:
    """Just above every mark: where cells without a mean are shown."""
    highest = max([value for values in data["values"] for value in values], default=1.0)
    return float(factor * max([highest, *data["high"].dropna()]) * 1.06)


def where(panel: int, places: Iterable[float], offset: float | Sequence[float], **meta: object) -> dict[str, object]:
    """Axes of a trace, and in ``meta`` the places that its x follows when the scale is switched."""
    at = [float(place) for place in places]
    offsets = [offset] * len(at) if isinstance(offset, float) else list(offset)
    name = axis_suffix(panel)
    pairs = [list(pair) for pair in zip(at, offsets, strict=True)]
    return {"x": at, "xaxis": f"x{name}", "yaxis": f"y{name}", "meta": {"at": pairs, **meta}}


def _each(row: pd.Series) -> list[tuple[int, float, str]]:
    return list(zip(row["seeds"], row["values"], row["trial_ids"], strict=True))


def named(figure: go.Figure, name: str) -> bool:
    """Whether the legend may have this name already."""
    return any(trace.name == name for trace in figure.data)
