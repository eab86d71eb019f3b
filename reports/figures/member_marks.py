"""Drawing of errors per trial: the ensemble large, its members small behind it."""

import math

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import scales, style
from reports.figures.entry import cell_name, seeds_done
from reports.figures.marks import add_losses, named, where
from reports.figures.style import rounded

SPREAD = "best, median and worst member"
SPLITS = ("test", "train")


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble, trials side by side at each λ; a switch between test and training images."""
    names = list(dict.fromkeys(data["architecture"]))
    figure = style.panels(names, 3, "λ", "error in %")
    styles = style.lambda_styles(data)
    drawn: dict[int, str] = {}
    for split in SPLITS:
        for name, own in data[data["split"] == split].groupby("architecture", sort=False):
            before, panel = len(figure.data), names.index(name)
            _add_members(figure, panel, own)
            _add_ensembles(figure, panel, own, styles, legend=panel == 0)
            drawn |= dict.fromkeys(range(before, len(figure.data)), split)
    for i, split in drawn.items():
        figure.data[i].visible = split == SPLITS[0]
    _add_lost(figure, names, data)
    scales.follow(figure, sorted(set(data["lam"])), len(names))
    if len(set(drawn.values())) > 1:
        _offer_splits(figure, drawn)
    return figure


def _add_members(figure: go.Figure, panel: int, own: pd.DataFrame) -> None:
    own = own.reset_index(drop=True)
    trials = [f"seed {seed} · {trial}" for seed, trial in zip(own["seed"], own["trial_id"], strict=True)]
    dots = [(i, error) for i, errors in enumerate(own["member_errors"]) for error in errors]
    if dots:
        index = [i for i, _ in dots]
        figure.add_scatter(
            **where(panel, own["lam"][index], list(own["offset"][index])), y=rounded([e for _, e in dots], 100),
            name="one member", mode="markers", marker={"color": style.MUTED, "size": 5, "opacity": 0.6},
            text=[trials[i] for i in index], hovertemplate="a member: %{y:.2f} %<br>%{text}<extra></extra>",
            legendgroup="member",
            showlegend=not named(figure, "one member"),
        )  # fmt: skip
        return
    figure.add_scatter(
        **where(panel, own["lam"], list(own["offset"])), y=rounded(own["median"], 100), mode="markers",
        name=SPREAD, marker={"color": style.MUTED, "symbol": "line-ew", "size": 7,
        "line": {"width": 2, "color": style.MUTED}},
        error_y={"array": rounded(own["worst"] - own["median"], 100), "color": style.MUTED, "thickness": 1, "width": 2,
                 "arrayminus": rounded(own["median"] - own["best"], 100)},
        text=trials, hovertemplate="median member: %{y} %<br>%{text}<extra></extra>", legendgroup="members",
        showlegend=not named(figure, SPREAD),
    )  # fmt: skip


def _add_ensembles(
    figure: go.Figure, panel: int, own: pd.DataFrame, styles: dict[float, style.Style], legend: bool
) -> None:
    looks = [styles[lam] for lam in own["lam"]]
    figure.add_scatter(
        **where(panel, own["lam"], list(own["offset"])), y=rounded(own["ensemble"], 100), name="ensemble, one trial",
        mode="markers", marker={"color": [look.color for look in looks], "symbol": [look.symbol for look in looks],
        "size": 9, "line": {"width": 1, "color": style.INK}},
        text=[_hover(row) for _, row in own.iterrows()], hovertemplate="%{text}<extra></extra>",
        legendgroup="ensemble", showlegend=legend,
    )  # fmt: skip


def _hover(row: pd.Series) -> str:
    return (
        f"<b>{cell_name(row)}</b>, seed {row['seed']}, {row['split']}<br>ensemble "
        f"{wording.percent(row['ensemble'])} %<br>members: best {wording.percent(row['best'])} %, median "
        f"{wording.percent(row['median'])} %, worst {wording.percent(row['worst'])} %<br>{_design(row)}<br>"
        f"{row['trial_id']}"
    )


def _design(row: pd.Series) -> str:
    return f"{seeds_done(row)} · learning rate {row['learning_rate']:g}"


def _add_lost(figure: go.Figure, names: list[str], data: pd.DataFrame) -> None:
    worst = data["worst"].max()
    top = 1.0 if math.isnan(worst) else 104 * worst
    for panel, name in enumerate(names):
        cells = data[data["architecture"] == name].drop_duplicates("lam")
        text = [f"{cell_name(row)}<br>{_design(row)}" for _, row in cells.iterrows()]
        add_losses(figure, panel, cells.assign(at=cells["lam"], hover=text), top)


def _offer_splits(figure: go.Figure, drawn: dict[int, str]) -> None:
    options = [
        {"label": f"{split} images", "set": {f"data.{i}.visible": own == split for i, own in drawn.items()}}
        for split in SPLITS
    ]
    style.add_switch(figure, "errors on", options)
