"""Drawing of accuracy against members dropped: a panel an ensemble, a line a λ."""

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.figures.entry import cell_name
from reports.figures.style import axis_suffix, rounded

MASKS = {"example": "a random subset for each image (the paper)", "shared": "one random subset for all images"}
LAMBDAS_SHOWN = (0.0, 0.99, 1.0)
"""The paper's λs; the planned λ nearest to each is shown first."""


def masks(data: pd.DataFrame) -> list[str]:
    """The kinds of mask that were measured, the paper's first."""
    return [mask for mask in MASKS if mask in set(data["mask"])]


def chosen(lambdas: list[float]) -> set[float]:
    """The planned λs nearest to the paper's three; the one between is never an end."""
    inside = [lam for lam in lambdas if lam not in (LAMBDAS_SHOWN[0], LAMBDAS_SHOWN[-1])] or lambdas
    return {min(inside if 0 < lam < 1 else lambdas, key=lambda own, lam=lam: abs(own - lam)) for lam in LAMBDAS_SHOWN}  # type: ignore[misc]


def draw(data: pd.DataFrame) -> go.Figure:
    """Lines with their intervals shaded, and a switch between kinds of mask and between some λs and all."""
    names = list(dict.fromkeys(data["architecture"]))
    figure = style.panels(names, 3, "members dropped", "accuracy in %")
    styles = style.lambda_styles(data)
    few, kinds = chosen(sorted(set(data["lam"]))), masks(data)
    legend: set[float] = set()
    drawn: list[tuple[str, float]] = []
    for _, curve in data.groupby(["mask", "architecture", "lam"], sort=True):
        before, (mask, name, lam) = len(figure.data), (curve[of].iloc[0] for of in ("mask", "architecture", "lam"))
        _add_curve(figure, names.index(name), curve.sort_values("dropped"), styles[lam], lam not in legend)
        legend.add(lam)
        drawn += [(mask, lam)] * (len(figure.data) - before)
    for trace, (mask, lam) in zip(figure.data, drawn, strict=True):
        trace.visible = mask == kinds[0] and lam in few
    _offer_choices(figure, kinds, few, drawn)
    return figure


def _add_curve(figure: go.Figure, panel: int, curve: pd.DataFrame, look: style.Style, legend: bool) -> None:
    name, lam = axis_suffix(panel), curve["lam"].iloc[0]
    hollow = curve["n"].min() < curve["planned"].iloc[0]
    shared: dict[str, object] = {
        "xaxis": f"x{name}",
        "yaxis": f"y{name}",
        "legendgroup": wording.bare(lam),
        "name": wording.lam(lam),
        "legendrank": 1000 + int(curve["place"].iloc[0]),
    }
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
        marker={"color": look.color, "symbol": f"{look.symbol}-open" if hollow else look.symbol, "size": 7,
                "maxdisplayed": 9},
        text=[f"{wording.percent(low)} to {wording.percent(high)}" if n > 1 else "none: one seed"
              for n, low, high in zip(curve["n"], curve["low"], curve["high"], strict=True)],
        hovertemplate=_hover(curve.iloc[0]), **shared,
    )  # fmt: skip
    _add_seeds(figure, curve, look, shared)
    if curve["lost"].iloc[0]:
        _add_lost(figure, curve, shared)


def _add_seeds(figure: go.Figure, curve: pd.DataFrame, look: style.Style, shared: dict[str, object]) -> None:
    """Each seed as a dot, where the data tell them apart, small enough to leave the mean to be seen."""
    columns = ("dropped", "seeds", "values", "trial_ids")
    dots = [
        (dropped, value, f"{seed}: {wording.percent(value)} %{f' · {trial_id}' if trial_id else ''}")
        for dropped, seeds, values, trial_ids in zip(*(curve[column] for column in columns), strict=True)
        for seed, value, trial_id in zip(seeds, values, trial_ids or [""] * len(seeds), strict=True)
    ]
    first = curve.iloc[0]
    figure.add_scatter(
        x=[dropped for dropped, _, _ in dots], y=rounded([value for _, value, _ in dots], 100), mode="markers",
        marker={"color": look.color, "size": 4, "opacity": 0.6}, showlegend=False, text=[text for _, _, text in dots],
        hovertemplate=f"{cell_name(first)}<br>%{{x}} of {first['members']} dropped<br>seed %{{text}}<extra></extra>",
        **shared,
    )  # fmt: skip


def _add_lost(figure: go.Figure, curve: pd.DataFrame, axes: dict[str, object]) -> None:
    """A cross at the full ensemble, on a curve that lacks a trial which failed."""
    first = curve.iloc[0]
    lost = f"{wording.count(int(first['lost']), 'trial')} failed, diverged or corrupt"
    figure.add_scatter(
        x=[first["dropped"]], y=rounded([first["mean"]], 100), mode="markers", showlegend=False,
        marker={"symbol": "x", "size": 10, "color": style.SYSTEM, "line": {"width": 1, "color": style.INK}},
        hovertemplate=f"{cell_name(first)}: {lost}<extra></extra>",
        **axes | {"name": "failed, diverged or corrupt"},
    )  # fmt: skip


def _hover(first: pd.Series) -> str:
    return (
        f"{cell_name(first)}<br>"
        f"%{{x}} of {first['members']} dropped: mean %{{y:.2f}} %<br>95 % interval %{{text}}<br>"
        f"{first['n']} of {wording.count(first['planned'], 'seed')}<br>"
        f"learning rate {first['learning_rate']:g}<extra></extra>"
    )


def _offer_choices(figure: go.Figure, kinds: list[str], few: set[float], drawn: list[tuple[str, float]]) -> None:
    everything = {lam for _, lam in drawn}
    sets = {"": few} if few == everything else {f"λ {', '.join(wording.bare(lam) for lam in sorted(few))}": few,
                                                "every λ": everything}  # fmt: skip
    options = [
        {
            "label": ", ".join(filter(None, [MASKS[mask], label])),
            "set": {f"data.{i}.visible": own == mask and lam in lams for i, (own, lam) in enumerate(drawn)},
        }
        for mask in kinds
        for label, lams in sets.items()
    ]
    if len(options) > 1:
        style.add_switch(figure, "dropped members", options)
