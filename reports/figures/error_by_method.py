"""Figure 2: the single network against the ensemble of the most members, by how that was trained."""

import math

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import paper, scales, style
from reports.figures.entry import PERCENT_COLUMNS, SEED_COLUMNS, ReportFigure, has_ensembles, percent_hover, row_name
from reports.figures.marks import add_losses, add_means, add_seeds, ceiling, offer_intervals, placed
from reports.figures.references import add_band, add_paper
from reports.frames import cells
from reports.frames.frames import Frames
from reports.statistics.summaries import Summary, paired_difference
from reports.tables import DisplayTable, display
from specs.methods import BASELINES, JOINT

MARGIN = 0.005
"""Half a point of error: within it, two ways of training are called equivalent."""
PAPERS_BEST_LAMBDA = 0.95
"""The λ between both ends that the paper's figure shows; the planned λ nearest to it stands in for it."""


COLUMNS: cells.Columns = {
    **cells.SUMMARISED,
    **paper.COLUMNS,
    "pairs": int, "difference": float, "difference_low": float, "difference_high": float,
}  # fmt: skip
"""A cell; the paired ``difference`` of its error from that of the first single network within seeds, its interval, and
the ``pairs`` of seeds that it is of."""


def applies(frames: Frames) -> bool:
    """Whether both a single network and an ensemble are planned."""
    return has_ensembles(frames) and bool((frames.planned["members"] == 1).any())


def data(frames: Frames) -> pd.DataFrame:
    """A row a single network, then a row a way of training the ensemble of the most members: its test error."""
    joint = cells.summarised(frames, "test_error")
    widest = joint.loc[joint["members"] == joint["members"].max(), "architecture"].iloc[0]
    ensemble = joint[(joint["architecture"] == widest) & (joint["members"] > 1)]
    others = cells.summarised_baselines(frames, "test_error")
    rows = [
        joint[joint["members"] == 1],
        ensemble[ensemble["lam"].isin(_shown(list(ensemble["lam"])))],
        others[others["architecture"] == widest],
    ]
    found = paper.beside(frames, pd.concat(rows, ignore_index=True))
    differences = [_difference(row, found.iloc[0]) for _, row in found.iterrows()]
    found["pairs"] = [each.n for each in differences]
    found["difference"] = [each.mean for each in differences]
    found["difference_low"] = [each.low for each in differences]
    found["difference_high"] = [each.high for each in differences]
    return cells.frame_of(found, COLUMNS)


def _shown(lambdas: list[float]) -> set[float]:
    """Both ends, and between them the λ nearest to the paper's."""
    inside = [lam for lam in lambdas if 0 < lam < 1]
    nearest = min(inside, key=lambda lam: (abs(lam - PAPERS_BEST_LAMBDA), lam), default=0.0)
    return {0.0, nearest, 1.0}


def _difference(row: pd.Series, single: pd.Series) -> Summary:
    of, against = (dict(zip(each["seeds"], each["values"], strict=True)) for each in (row, single))
    return paired_difference(of, against, cells.fraction_range(row))


def verdict(row: pd.Series) -> str:
    """Whether a way of training equals the single network to within the margin, as far as its interval tells."""
    low, high = row["difference_low"], row["difference_high"]
    if math.isnan(low):
        return "cannot be told"
    if low >= -MARGIN and high <= MARGIN:
        return "equivalent"
    return "different" if low > MARGIN or high < -MARGIN else "cannot be told"


def title(data: pd.DataFrame) -> str:
    """What each way of training costs, in points, against the single network."""
    measured = data[(data["members"] > 1) & data["difference"].notna()]
    if measured.empty:
        return ""
    parts = [
        f"{wording.signed(100 * row['difference'])} {'at' if row['method'] == JOINT else 'with'} {row_name(row)}"
        for _, row in measured.iterrows()
    ]
    single, ensemble = data["architecture"].iloc[0], measured["architecture"].iloc[0]
    return f"{ensemble} against the single network {single}, in points of error: {wording.listed(parts)}"


def note(data: pd.DataFrame) -> str:
    """Which ways are equivalent to the single network, and which cannot be told."""
    found: dict[str, list[str]] = {}
    for _, row in data[data["members"] > 1].iterrows():
        found.setdefault(verdict(row), []).append(row_name(row))
    said = [f"{words}: {wording.listed(names)}" for words, names in sorted(found.items())]
    return f"Paired with the single network – {'; '.join(said)}."


def draw(data: pd.DataFrame) -> go.Figure:
    """One panel with a place a way of training; the band is the margin about the single network."""
    figure = style.panels([""], 1, "", "test error in %")
    looks, hovers = zip(*((_look(row), percent_hover(row)) for _, row in data.iterrows()), strict=True)
    shown = placed(data, range(len(data)), looks, hovers)
    single = shown.iloc[0]
    if not math.isnan(single["mean"]):
        levels = 100 * (single["mean"] - MARGIN), 100 * (single["mean"] + MARGIN)
        name = f"single network ± {100 * MARGIN:g} points"
        add_band(figure, 0, (0, len(data) - 1), levels, name, showlegend=True)
    add_seeds(figure, 0, shown, 100)
    add_means(figure, 0, shown, 100, line=False)
    add_paper(figure, 0, shown)
    add_losses(figure, 0, shown, ceiling(data, 100))
    scales.name(figure, [_label(row) for _, row in data.iterrows()])
    figure.update_xaxes(showgrid=False)
    figure.update_layout(margin_b=66)  # room for three lines under each place
    offer_intervals(figure)
    return figure


def _look(row: pd.Series) -> style.Style:
    if row["members"] == 1:
        return style.Style(style.INK, "solid", "square")
    if row["method"] != JOINT:
        return style.series_style(BASELINES.index(row["method"]) + 1)
    return style.lambda_styles(pd.DataFrame([row]))[row["lam"]]


def _label(row: pd.Series) -> str:
    """``256x4H<br>λ = 0<br>lr 5.15``."""
    return f"{row['architecture']}<br>{row_name(row)}<br>lr {row['learning_rate']:g}"


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers, the paper's, and the difference from the single network."""
    columns = {
        "architecture": lambda row: row["architecture"],
        "trained": row_name,
        **PERCENT_COLUMNS,
        "minus the single network, in points": _paired,
        f"within {100 * MARGIN:g} points": lambda row: "–" if row["members"] == 1 else verdict(row),
        **paper.column(data),
        **SEED_COLUMNS,
    }
    return display(data, columns, row_headers=2)


def _paired(row: pd.Series) -> str:
    if row["members"] == 1:
        return "–"
    interval = row["difference_low"], row["difference_high"]
    return wording.difference(Summary(int(row["pairs"]), row["difference"], float("nan"), *interval))


FIGURE = ReportFigure(
    key="fig-2",
    source="after Figure 2 of the paper",
    measured=(
        "Test error of the single network and of the ensemble with the most members, by how it was trained. Band: "
        f"± {100 * MARGIN:g} points, within which errors count as equivalent."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Single network against ensemble: no pair of trials is complete yet",
    table=table,
    note=note,
    ensembles_only=False,
    joint_only=False,
    applies=applies,
)
