"""Marks of figures over λ: means with intervals, seeds, losses and the single network."""

import math
from collections.abc import Iterable, Mapping

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.figures.style import Style, axis_suffix, rounded

INTERVALS = {"95 % t interval": "high", "SD": "sd", "SE": "se"}


def add_means(figure: go.Figure, panel: int, own: pd.DataFrame, factor: float, styles: Mapping[float, Style]) -> None:
    """The mean of each cell with its interval; hollow where not every planned seed is in it."""
    shown = own[own["mean"].notna()]
    hollow = shown["complete"] < shown["planned"]
    symbols = [styles[lam].symbol for lam in shown["lam"]]
    figure.add_scatter(
        **_where(panel, shown["lam"], 0.0, of=str(own["architecture"].iloc[0])),
        name="mean over seeds",
        y=rounded(shown["mean"], factor),
        mode="lines+markers",
        line={"color": style.MUTED, "width": 1.5},
        marker={
            "color": [styles[lam].color for lam in shown["lam"]],
            "symbol": [f"{s}-open" if h else s for s, h in zip(symbols, hollow, strict=True)],
            "size": 10,
            "line": {"width": 2, "color": [styles[lam].color for lam in shown["lam"]]},
        },
        error_y={"array": half_widths(shown, "high", factor), "color": style.MUTED, "thickness": 1.5, "width": 4},
        text=list(shown["hover"]),
        hovertemplate="%{text}<extra></extra>",
        legendgroup="mean",
        showlegend=panel == 0,
    )


def add_seeds(figure: go.Figure, panel: int, own: pd.DataFrame, factor: float) -> None:
    """Every seed as a dot, just right of its mean."""
    rows = [(row["lam"], seed, value, i) for _, row in own.iterrows() for seed, value, i in _each(row)]
    figure.add_scatter(
        **_where(panel, [row[0] for row in rows], 0.28),
        name="one seed",
        y=rounded([row[2] for row in rows], factor),
        mode="markers",
        marker={"color": style.MUTED, "size": 5, "opacity": 0.7},
        text=[f"seed {seed}: {value * factor:.4g}<br>{i}" for _, seed, value, i in rows],
        hovertemplate="%{text}<extra></extra>",
        legendgroup="seed",
        showlegend=panel == 0,
    )


def add_losses(figure: go.Figure, panel: int, own: pd.DataFrame, ceiling: float) -> None:
    """A cross where a seed failed, diverged or is corrupt; a hollow mark where a cell has nothing at all."""
    failed = own[own[["failed", "diverged", "corrupt"]].sum(axis=1) > 0]
    missing = own[(own["complete"] == 0) & ~own.index.isin(failed.index)]
    for name, cells, symbol, color in (
        ("failed, diverged or corrupt", failed, "x", style.SYSTEM),
        ("no seed yet", missing, "circle-open", style.MUTED),
    ):
        if cells.empty:
            continue
        figure.add_scatter(
            **_where(panel, cells["lam"], 0.0),
            name=name,
            y=[round(ceiling, 4)] * len(cells),
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": 10},
            text=list(cells["hover"]),
            hovertemplate="%{text}<extra></extra>",
            legendgroup=name,
            showlegend=not any(trace.name == name for trace in figure.data),
        )


def add_reference(
    figure: go.Figure, panel: int, single: pd.Series, ends: tuple[float, float], factor: float, dash: str
) -> None:
    """A single network as a horizontal line with its interval shaded."""
    low, high = single["low"], single["high"]
    if not math.isnan(low):
        figure.add_scatter(
            **_where(panel, [ends[0], ends[1], ends[1], ends[0]], (-0.5, 0.5, 0.5, -0.5)),
            y=rounded([low, low, high, high], factor),
            name=f"{single['architecture']} interval",
            mode="lines",
            fill="toself",
            fillcolor=style.BAND,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        **_where(panel, [*ends, ends[1]], (-0.5, 0.0, 0.5)),
        y=rounded([single["mean"]] * 3, factor),
        name=f"single network {single['architecture']}",
        mode="lines",
        line={"color": style.INK, "dash": dash, "width": 2},
        hovertemplate=(
            f"single network {single['architecture']}<br>mean {single['mean'] * factor:.4g}<br>"
            f"{single['complete']} of {wording.count(single['planned'], 'seed')}<extra></extra>"
        ),
        legendgroup=single["architecture"],
        showlegend=panel == 0,
    )


def half_widths(shown: pd.DataFrame, kind: str, factor: float) -> list[float | None]:
    """Half the length of an error bar: of the t interval (``high``), the SD or the SE; a gap for one seed."""
    if kind == "high":
        return rounded(shown["high"] - shown["mean"], factor)
    scale = shown["complete"] ** 0.5 if kind == "se" else 1.0
    return rounded(shown["sd"] / scale, factor)


def offer_intervals(figure: go.Figure, data: pd.DataFrame, factor: float = 100) -> None:
    """A switch of the error bars between t interval, SD and SE. The single network keeps its t interval."""
    options = []
    for label, kind in INTERVALS.items():
        changes = {}
        for i, trace in enumerate(figure.data):
            if trace.error_y.array is not None:
                own = data[(data["architecture"] == trace.meta["of"]) & data["mean"].notna()]
                changes[f"data.{i}.error_y.array"] = half_widths(own, kind, factor)
        options.append({"label": label, "set": changes})
    style.add_switch(figure, "error bars", options)


def _each(row: pd.Series) -> list[tuple[int, float, str]]:
    return list(zip(row["seeds"], row["values"], row["trial_ids"], strict=True))


def _where(panel: int, lams: Iterable[float], offset: float | tuple[float, ...], **meta: object) -> dict[str, object]:
    """Axes of a trace, and in ``meta`` the λs that its x follows when the scale is switched."""
    lams = [float(lam) for lam in lams]
    offsets = offset if isinstance(offset, tuple) else (offset,) * len(lams)
    name = axis_suffix(panel)
    at = [list(pair) for pair in zip(lams, offsets, strict=True)]
    return {"x": lams, "xaxis": f"x{name}", "yaxis": f"y{name}", "meta": {"at": at, **meta}}
