"""Drawing of first-layer filters as pictures, and of their norms and distances as bars."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import filter_images, style
from reports.figures.style import axis_suffix, rounded

BARS = {"norm": "norm of the filters", "distance": "distance of the filters from initial"}
MOST_MEMBERS, MOST_FILTERS, MOST_WEIGHTS = 16, 32, 1_000
"""The first so many members and filters are pictured; filters of more weights each are not."""


def draw(data: pd.DataFrame) -> go.Figure:
    """Pictures of both ends beside each other, and below them the members' norms and distances as bars."""
    names = list(dict.fromkeys(data["architecture"]))
    titles, y_titles, x_titles = [], [], []
    for name in names:
        own = data[data["architecture"] == name]
        titles += [f"{name}, {wording.lam(lam)}" for lam in _ends(own)] + [f"{name}, {BARS[column]}" for column in BARS]
        y_titles += ["member"] * 2 + list(BARS)
        x_titles += ["filters, the largest norm first"] * 2 + ["member"] * 2
    figure = style.panels(titles, 2, x_titles, y_titles)
    for i, name in enumerate(names):
        own = data[(data["architecture"] == name) & data["pictured"]]
        _add_pictures(figure, 4 * i, own, _ends(data[data["architecture"] == name]))
        for panel, column in enumerate(BARS, start=4 * i + 2):
            _add_bars(figure, panel, own, column)
    return figure


def _ends(own: pd.DataFrame) -> list[float]:
    """Both λs, or the one there is twice over: the layout has two pictures."""
    lams = sorted(set(own["lam"]))
    return [lams[0], lams[-1]]


def _add_pictures(figure: go.Figure, first: int, own: pd.DataFrame, ends: list[float]) -> None:
    shaped = own[own["shape"].map(len) > 0]
    arrays = {i: np.reshape(row["weights"], row["shape"]) for i, row in shaped.iterrows()}
    strongest = filter_images.scale(list(arrays.values())) if arrays else 1.0
    for panel, lam in enumerate(dict.fromkeys(ends), start=first):
        rows = shaped[shaped["lam"] == lam]
        suffix = axis_suffix(panel)
        x, y = figure.layout[f"xaxis{suffix}"], figure.layout[f"yaxis{suffix}"]
        x.update(showticklabels=False, showgrid=False, ticks="", showline=False)
        y.update(showgrid=False, ticks="", showline=False, constraintoward="top")
        if rows.empty:
            continue
        picture = filter_images.mosaic([arrays[i] for i in rows.index], strongest)
        tall = rows["shape"].iloc[0][2] + filter_images.GAP_PIXELS
        figure.add_image(
            z=picture.tolist(), colormodel="rgba256", hoverinfo="skip", xaxis=f"x{suffix}", yaxis=f"y{suffix}"
        )
        y.update(
            range=[len(picture) - 0.5, -0.5], tickmode="array", ticktext=[str(m) for m in rows["member"]],
            tickvals=[tall * i + (tall - filter_images.GAP_PIXELS - 1) / 2 for i in range(len(rows))],
            tickfont={"size": 10},
        )  # fmt: skip
        x.range = [-0.5, picture.shape[1] - 0.5]


def _add_bars(figure: go.Figure, panel: int, own: pd.DataFrame, column: str) -> None:
    suffix = axis_suffix(panel)
    for _, rows in own.groupby("lam", sort=True):
        lam, place = float(rows["lam"].iloc[0]), int(rows["place"].iloc[0])
        look = style.lambda_styles(rows)[lam]
        text = [
            f"{wording.lam(lam)}, member {row['member']}<br>seed {row['seed']} · {row['trial_id']}<br>norm "
            f"{row['norm']:.4g}, initially {row['initial_norm']:.4g}<br>distance {row['distance']:.4g}, of the whole "
            f"network {wording.number(row['network_distance'])}"
            for _, row in rows.iterrows()
        ]
        figure.add_bar(
            x=list(rows["member"]), y=rounded(rows[column]), name=wording.lam(lam), marker={"color": look.color,
            "pattern": {"shape": "" if place == 0 else "/", "solidity": 0.25}}, text=text, textposition="none",
            hovertemplate="%{text}<extra></extra>", legendgroup=wording.bare(lam), showlegend=panel == 2,
            xaxis=f"x{suffix}", yaxis=f"y{suffix}",
        )  # fmt: skip
    figure.update_layout(barmode="group")
    figure.layout[f"xaxis{suffix}"].update(dtick=1 if own["member"].max() <= MOST_MEMBERS else None)
