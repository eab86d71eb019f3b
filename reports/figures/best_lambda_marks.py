"""The marks of Figure 4: lines with their best λs ringed, and the best λs against the members' size."""

import math

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import scales, style
from reports.figures.best_lambda_words import bests
from reports.figures.entry import ensembles, percent_hover
from reports.figures.marks import add_losses, ceiling, offer_intervals, placed, series
from reports.figures.style import rounded


def draw(data: pd.DataFrame) -> go.Figure:
    """On the left a line an ensemble with its best λ ringed; on the right the best λ against parameters a member."""
    figure = style.panels(
        ["error", "best λ and its bootstrap interval"], 2, ["λ", "parameters a member"], ["test error in %", "best λ"]
    )
    looks = {name: style.series_style(i) for i, name in enumerate(ensembles(data))}
    hovers = [percent_hover(row) for _, row in data.iterrows()]
    shown = placed(data, data["lam"], [looks[name] for name in data["architecture"]], hovers)
    lambdas = sorted(set(data["lam"]))
    for name in looks:
        series(figure, 0, shown[shown["architecture"] == name], 100, name)
    _add_rings(figure, shown)
    add_losses(figure, 0, shown, ceiling(data, 100))
    scales.follow(figure, lambdas, 1)
    _add_bests(figure, bests(shown), lambdas)
    offer_intervals(figure)
    return figure


def _add_rings(figure: go.Figure, shown: pd.DataFrame) -> None:
    """A ring around every λ that ties for the best one."""
    best = shown[[lam in lams for lam, lams in zip(shown["lam"], shown["best"], strict=True)]]
    figure.add_scatter(
        x=list(best["lam"]), y=rounded(best["mean"], 100), mode="markers", name="best λ", hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 20, "color": style.INK, "line": {"width": 2}},
        xaxis="x", yaxis="y", meta={"at": [[lam, 0.0] for lam in best["lam"]]},
    )  # fmt: skip


def _add_bests(figure: go.Figure, chosen: pd.DataFrame, lambdas: list[float]) -> None:
    """Best λs stand at even steps, as on the left-hand axis: a mark for every tied one, a bar over the interval."""
    at = scales.even(lambdas)
    for _, row in chosen.iterrows():
        places = [at[lam] for lam in row["best"]]
        low, high = _ends(row)
        figure.add_scatter(
            x=[row["member_parameters"]] * len(places), y=places, mode="markers", xaxis="x2", yaxis="y2",
            showlegend=False, name=row["architecture"], legendgroup=row["architecture"],
            marker={"color": row["look"].color, "symbol": row["look"].symbol, "size": 11},
            error_y={
                "array": [at[high] - places[0]], "arrayminus": [places[0] - at[low]], "color": row["look"].color,
                "thickness": 1.5, "width": 5,
            },
            text=[_best_hover(row)] * len(places), hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.layout.yaxis2.update(
        tickmode="array", tickvals=list(at.values()), ticktext=[wording.bare(lam) for lam in at],
        range=[-0.5, len(at) - 0.5],
    )  # fmt: skip
    figure.layout.xaxis2.update(type="log", **_size_ticks(sorted(set(chosen["member_parameters"]))))


def _ends(row: pd.Series) -> tuple[float, float]:
    """Ends of the bar: of the interval, or for one seed, which has none, of the tied λs."""
    if math.isnan(row["best_low"]):
        return row["best"][0], row["best"][-1]
    return row["best_low"], row["best_high"]


MOST_TICKS = 8
"""More sizes than that would stand on top of each other."""


def _size_ticks(sizes: list[int]) -> dict[str, object]:
    """A tick a size: the logarithmic axis' own say 2 and 5 of a power that a reader must look for."""
    if len(sizes) > MOST_TICKS:
        return {"dtick": 1}
    return {"tickmode": "array", "tickvals": sizes, "ticktext": [f"{size:,}" for size in sizes]}


def _best_hover(row: pd.Series) -> str:
    low, high = (wording.bare(row[name]) for name in ("best_low", "best_high"))
    interval = "one seed: no interval"
    if not math.isnan(row["best_low"]):
        interval = f"95 % of resamples: {low} to {high}; {100 * row['best_share']:.1f} % agree"
    return (
        f"<b>{row['architecture']}</b><br>{row['member_parameters']:,} parameters a member<br>best λ "
        f"{wording.tied(row['best'])} by {row['chosen_by']}<br>{interval}<br>{wording.count(row['best_n'], 'seed')} at "
        "every measured λ"
    )
