"""Drawing of early ranks against final ranks."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.figures.entry import cell_name
from reports.figures.style import axis_suffix

MOST_RANKS = 16
"""Members beyond this final rank are left out."""


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble: a dot a member and trial, its final rank across, its early rank up; a switch over λ."""
    names, lambdas = list(dict.fromkeys(data["architecture"])), sorted(set(data["lam"]), reverse=True)
    early = int(data["early_epoch"].max())
    ups = [f"rank at epoch {early}"] * len(names)
    figure = style.panels(names, 3, "rank in the last epoch", ups)
    styles = style.lambda_styles(data)
    drawn: dict[int, float] = {}
    for lam in lambdas:
        for name, own in data[data["lam"] == lam].groupby("architecture", sort=False):
            added = _add_ranks(figure, names.index(name), own, styles[lam], lam not in drawn.values())
            drawn |= dict.fromkeys(added, lam)
    for panel, name in enumerate(names):
        members = int(data.loc[data["architecture"] == name, "members"].iloc[0])
        _fit(figure, panel, members)
    for i, lam in drawn.items():
        figure.data[i].visible = lam == lambdas[0]
    options = [
        {"label": wording.lam(lam), "set": {f"data.{i}.visible": own == lam for i, own in drawn.items()}}
        for lam in lambdas
    ]
    if len(options) > 1:
        style.add_switch(figure, "trials at", options)
    return figure


def _add_ranks(figure: go.Figure, panel: int, own: pd.DataFrame, look: style.Style, legend: bool) -> range:
    """All members as small dots; the member that is best in the end larger: full where it led early too."""
    before, name = len(figure.data), axis_suffix(panel)
    axes = {"xaxis": f"x{name}", "yaxis": f"y{name}", "mode": "markers"}
    dots = [
        (rank, early, seed)
        for seed, each in zip(own["seed"], own["early_ranks"], strict=True)
        for rank, early in enumerate(each, start=1)
        if rank > 1
    ]
    figure.add_scatter(
        x=[rank for rank, _, _ in dots], y=[early for _, early, _ in dots], name="another member",
        legendgroup="other", marker={"color": style.MUTED, "size": 5, "opacity": 0.6}, showlegend=legend,
        text=[f"{seed}" for _, _, seed in dots],
        hovertemplate=f"{cell_name(own.iloc[0])}<br>seed %{{text}}: rank %{{x}} in the end, %{{y}} early<br>"
                      f"{_design(own.iloc[0])}<extra></extra>",
        **axes,
    )  # fmt: skip
    # Trials stand side by side, since most leaders would cover each other.
    shift = [0.09 * (i - (len(own) - 1) / 2) for i in range(len(own))]
    led = list(own["early_rank"] == 1)
    figure.add_scatter(
        x=[1 + s for s in shift], y=list(own["early_rank"]), name="best member in the end (full: it led early)",
        legendgroup="best", showlegend=legend,
        marker={"symbol": [look.symbol if hit else f"{look.symbol}-open" for hit in led], "color": look.color,
                "line": {"width": 2, "color": look.color}, "size": 11},
        text=[f"seed {row['seed']}: rank {row['early_rank']} of {row['members']} at epoch {row['early_epoch']}<br>"
              f"{row['trial_id']}" for _, row in own.iterrows()],
        hovertemplate=f"{cell_name(own.iloc[0])}<br>%{{text}}<br>{_design(own.iloc[0])}<extra></extra>", **axes,
    )  # fmt: skip
    return range(before, len(figure.data))


def _design(first: pd.Series) -> str:
    done = f"{first['complete']} of {wording.count(first['planned'], 'seed')}"
    return f"{done} · learning rate {first['learning_rate']:g}"


def _fit(figure: go.Figure, panel: int, members: int) -> None:
    last = min(members, MOST_RANKS)
    name = axis_suffix(panel)
    figure.layout[f"xaxis{name}"].update(range=[0.3, last + 0.7], tickmode="array", tickvals=_rank_ticks(last))
    y = figure.layout[f"yaxis{name}"]
    if members > MOST_RANKS:  # few of its ranks are shown, near the top
        ticks = [4**i for i in range(6) if 4**i <= members]
        y.update(type="log", range=[np.log10(1.25 * members), -0.12], tickmode="array", tickvals=ticks)
    else:
        y.update(range=[1.04 * members + 0.5, 0.6 - 0.02 * members], tickmode="array", tickvals=_rank_ticks(members))


def _rank_ticks(last: int) -> list[int]:
    return sorted({1, *(round(last * i / 4) for i in range(1, 5))} - {0})
