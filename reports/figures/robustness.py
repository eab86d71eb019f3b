"""Figures 7 and 8: accuracy when members are dropped at test time, one line a λ."""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.cells import places, planned_cells
from reports.figures import style
from reports.figures.entry import ReportFigure
from reports.figures.style import axis_suffix, rounded
from reports.loading import Frames
from reports.statistics import summarise
from reports.tables import DisplayTable, display

MARGIN = 0.01
"""One point of accuracy: what a reader may give up to drop members."""
MOST_POINTS = 65
"""Curves of more members are thinned in the drawing; the CSV file has every point."""
MASKS = {"example": "a random subset for each image (the paper)", "shared": "one random subset for all images"}


def data(frames: Frames) -> pd.DataFrame:
    """A row a mask, ensemble, λ and number of dropped members: accuracy over the complete seeds.

    Columns: mask, architecture, members, lam, place, dropped, n, planned, mean, sd, low, high.
    """
    rows = []
    place = places(frames)
    for architecture, lam, trials in planned_cells(frames):
        if trials["members"].iloc[0] == 1:
            continue
        own = frames.robustness[frames.robustness["trial_id"].isin(set(trials["trial_id"]))]
        for (mask, _), group in own.groupby(["mask", "dropped"], sort=True):
            summary = summarise(list(group["accuracy"]))
            rows.append(
                {
                    "mask": str(mask),
                    "architecture": architecture,
                    "members": int(trials["members"].iloc[0]),
                    "lam": lam,
                    "place": place[lam],
                    "dropped": int(group["dropped"].iloc[0]),
                    "n": summary.n,
                    "planned": len(trials),
                    "mean": summary.mean,
                    "sd": summary.sd,
                    "low": summary.low,
                    "high": summary.high,
                }
            )
    return pd.DataFrame(rows)


def droppable(curve: pd.DataFrame) -> int:
    """The most members of one curve that can go, and all fewer too, for at most one point of accuracy."""
    curve = curve.sort_values("dropped")
    holds = (curve["mean"].iloc[0] - curve["mean"] <= MARGIN + 1e-12).cummin()
    return int(curve.loc[holds, "dropped"].max())


def title(data: pd.DataFrame) -> str:
    """Members that can be dropped for one point of accuracy, for the ensemble with the most members."""
    if data.empty:
        return "Accuracy against members dropped"
    shown = data[data["mask"] == _masks(data)[0]]
    widest = shown[shown["members"] == shown["members"].max()]
    widest = widest[widest["architecture"] == widest["architecture"].iloc[0]]
    ends = [f"{droppable(curve)} at {wording.lam(lam)}" for lam, curve in widest.groupby("lam")]
    name, members = widest["architecture"].iloc[0], widest["members"].iloc[0]
    return f"{name}: of {members} members, one point of accuracy buys dropping {wording.listed(ends)}"


def _masks(data: pd.DataFrame) -> list[str]:
    return [mask for mask in MASKS if mask in set(data["mask"])]


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an architecture, a line a λ with its interval shaded, and a switch between the kinds of mask."""
    if data.empty:
        return style.empty("No complete trial has measured robustness.")
    names, masks = list(dict.fromkeys(data["architecture"])), _masks(data)
    figure = style.panels(names, 3, "members dropped", "accuracy in %")
    styles = style.lambda_styles(data)
    legend: set[float] = set()
    drawn: list[str] = []
    for mask in masks:
        for panel, name in enumerate(names):
            own = data[(data["mask"] == mask) & (data["architecture"] == name)]
            for lam, curve in own.groupby("lam", sort=True):
                before = len(figure.data)
                new = lam not in legend
                _add_curve(figure, panel, curve.sort_values("dropped"), styles[float(lam)], new)
                legend.add(float(lam))
                drawn += [mask] * (len(figure.data) - before)
    for trace, mask in zip(figure.data, drawn, strict=True):
        trace.visible = mask == masks[0]
    if len(masks) > 1:
        _offer_masks(figure, masks, drawn)
    return figure


def _add_curve(figure: go.Figure, panel: int, curve: pd.DataFrame, look: style.Style, legend: bool) -> None:
    curve = _thinned(curve)
    name, lam = axis_suffix(panel), curve["lam"].iloc[0]
    shared: dict[str, object] = {
        "xaxis": f"x{name}",
        "yaxis": f"y{name}",
        "legendgroup": f"{lam:g}",
        "name": wording.lam(lam),
    }
    shared["legendrank"] = 1000 + int(curve["place"].iloc[0])
    if curve["n"].min() > 1:
        there, back = curve, curve[::-1]
        figure.add_scatter(
            x=[*there["dropped"], *back["dropped"]], y=rounded([*there["low"], *back["high"]], 100), mode="lines",
            fill="toself", fillcolor=look.color, opacity=0.15, line={"width": 0}, hoverinfo="skip", showlegend=False,
            **shared,
        )  # fmt: skip
    figure.add_scatter(
        x=list(curve["dropped"]), y=rounded(curve["mean"], 100), mode="lines+markers", showlegend=legend,
        line={"color": look.color, "dash": look.dash, "width": 2},
        marker={"color": look.color, "symbol": look.symbol, "size": 7, "maxdisplayed": 9},
        text=[f"{wording.percent(low)} to {wording.percent(high)}" if n > 1 else "none: one seed"
              for n, low, high in zip(curve["n"], curve["low"], curve["high"], strict=True)],
        hovertemplate=_hover(curve.iloc[0]), **shared,
    )  # fmt: skip


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """At most about ``MOST_POINTS`` points, the first and the last among them."""
    keep = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), MOST_POINTS)).round().astype(int))
    return curve.iloc[keep]


def _hover(first: pd.Series) -> str:
    return (
        f"{escape(first['architecture'])}, {wording.lam(first['lam'])}<br>"
        f"%{{x}} of {first['members']} dropped: %{{y:.2f}} %<br>95 % interval %{{text}}<br>"
        f"{first['n']} of {wording.count(first['planned'], 'seed')}<extra></extra>"
    )


def _offer_masks(figure: go.Figure, masks: list[str], drawn: list[str]) -> None:
    options = [
        {"label": MASKS[mask], "set": {f"data.{i}.visible": own == mask for i, own in enumerate(drawn)}}
        for mask in masks
    ]
    style.add_switch(figure, "dropped members", options)


def table(data: pd.DataFrame) -> DisplayTable:
    """What each λ keeps with a quarter, half and three quarters of its members dropped, and what can go."""
    if data.empty:
        return DisplayTable((), ())
    rows = [_share_row(curve) for _, curve in data.groupby(["mask", "architecture", "lam"], sort=False)]
    return display(
        pd.DataFrame(rows), {name: (lambda row, name=name: row[name]) for name in rows[0]}, row_headers=3  # type: ignore[misc]
    )  # fmt: skip


def _share_row(curve: pd.DataFrame) -> dict[str, object]:
    first, members = curve.iloc[0], int(curve["members"].iloc[0])
    row: dict[str, object] = {
        "mask": first["mask"],
        "architecture": first["architecture"],
        "λ": f"{first['lam']:g}",
        "seeds": f"{first['n']} of {first['planned']}",
    }
    for share, words in ((0, "none"), (0.25, "a quarter"), (0.5, "half"), (0.75, "three quarters")):
        nearest = curve.iloc[int((curve["dropped"] - share * members).abs().argmin())]
        exact = nearest["dropped"] == round(share * members)
        row[f"accuracy in %, {words} dropped"] = wording.percent(nearest["mean"]) if exact else "–"
    return {**row, "members that one point of accuracy buys": str(droppable(curve))}


FIGURE = ReportFigure(
    key="fig-7-8",
    source="after Figures 7 and 8 of the paper",
    measured=(
        "Accuracy on test images of the mean logits of the members kept, as mean over random subsets and then over "
        "seeds, with its 95 % t interval shaded."
    ),
    data=data,
    draw=draw,
    title=title,
    table=table,
)
