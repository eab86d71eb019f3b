"""Table 2: test errors by λ, bagging and stacking for every ensemble, each beside the paper's."""

import math
from itertools import chain

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import paper, scales, style
from reports.figures.entry import ReportFigure, ensembles, has_ensembles, percent_hover, row_name
from reports.figures.marks import add_losses, add_means, add_seeds, ceiling, offer_intervals, placed
from reports.figures.references import add_paper
from reports.frames import cells
from reports.frames.choices import wrong_images
from reports.frames.frames import Frames
from reports.statistics.bootstrap import compared, least
from reports.statistics.summaries import paired_difference
from reports.tables import DisplayTable, strong
from specs.datasets import facts_of
from specs.methods import BASELINES, JOINT

COLUMNS: cells.Columns = {
    **cells.SUMMARISED,
    **paper.COLUMNS,
    "delta": float, "least": bool, "separable": bool,
}  # fmt: skip
"""A cell; ``delta`` is our mean minus the paper's, a fraction. ``least``: whether its mean is the least of its
ensemble, or ties for it, over the seeds that all measured rows have; ``separable``: whether it is, and every paired
interval against the others excludes 0."""
BASELINE_SYMBOLS = ("square", "star", "pentagon", "triangle-up", "triangle-down", "triangle-left")
"""A mark a baseline, in the order of ``specs.methods.BASELINES``; circles are for λs."""


def applies(frames: Frames) -> bool:
    """Whether the sweep is of the table's kind: with bagging or stacking, or of DenseNets."""
    kinds = {entry.network().kind for entry in frames.sweep.architectures.values()}
    return has_ensembles(frames) and bool(cells.baselines(frames) or "densenet" in kinds)


def data(frames: Frames) -> pd.DataFrame:
    """A row an ensemble and λ or method: its test error, as a fraction."""
    parts = [cells.summarised(frames, "test_error"), cells.summarised_baselines(frames, "test_error")]
    rows = paper.beside(frames, pd.concat(parts, ignore_index=True))
    rows = rows[rows["members"] > 1]
    order = {name: i for i, name in enumerate(cells.architectures(frames))}
    rows = rows.sort_values("architecture", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    rows["delta"] = rows["mean"] - rows["paper"]
    images = facts_of(frames.sweep.dataset).test
    found = [i for _, own in rows.groupby("architecture", sort=False) for i in _least(own, images)]
    rows["least"] = rows.index.isin(found)
    rows["separable"] = [
        row["least"] and _separable(row, rows[rows["architecture"] == row["architecture"]])
        for _, row in rows.iterrows()
    ]
    return cells.frame_of(rows, COLUMNS)


def _least(own: pd.DataFrame, images: int) -> list[int]:
    """Index of each row of an ensemble with the least mean error over the seeds that all measured rows have."""
    values = {i: pd.Series(row["values"], index=row["seeds"], dtype=float) for i, row in own.iterrows()}
    wrong = compared(wrong_images(pd.DataFrame(values, columns=own.index), images))
    return [] if wrong.empty else [int(i) for i in wrong.columns[least(wrong.to_numpy().sum(0))]]


def _separable(row: pd.Series, own: pd.DataFrame) -> bool:
    """Whether a cell is below every other of its column, each by a paired interval that excludes 0.

    All have to hold at once, so that no correction for their number is due.
    """
    others = own[own.index != row.name]
    own_values = dict(zip(row["seeds"], row["values"], strict=True))
    against = [dict(zip(other["seeds"], other["values"], strict=True)) for _, other in others.iterrows()]
    found = [paired_difference(own_values, other, cells.fraction_range(row)) for other in against]
    return bool(found) and all(difference.excludes_zero and difference.high < 0 for difference in found)


def title(data: pd.DataFrame) -> str:
    """Which row has the least error in each column, and where that is separable."""
    clear: list[str] = []
    open_: list[str] = []
    for name in ensembles(data):
        own = data[(data["architecture"] == name) & data["least"]]
        if not own.empty:
            rows = wording.listed([row_name(row) for _, row in own.iterrows()])
            tie = ", tied" if len(own) > 1 else ""
            (clear if own["separable"].all() else open_).append(f"{name} ({rows}{tie})")
    parts = [f"separable from every other row for {wording.listed(clear)}"] if clear else []
    parts += [f"not separable for {wording.listed(open_)}"] if open_ else []
    return f"The least mean test error is {'; '.join(parts)}" if parts else ""


def note(data: pd.DataFrame) -> str:
    """What bold means, and what the differences from the paper are."""
    text = "Bold: below every other row by the paired 95 % interval; picked by test error, as in the paper."
    known = data[data["delta"].notna()]
    if known.empty:
        return text
    largest = known.iloc[int(known["delta"].abs().to_numpy().argmax())]
    apart = f"{wording.signed(100 * largest['delta'])} points ({largest['architecture']}, {row_name(largest)})"
    return f"{text} The largest Δ is {apart}."


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble, a place a row of the table; the paper's numbers as diamonds."""
    names = ensembles(data)
    places = {label: i for i, label in enumerate(_labels(data))}
    figure = style.panels(names, 3 if len(places) <= 6 else 2, "", "test error in %")
    looks, hovers = zip(*((_look(row), percent_hover(row)) for _, row in data.iterrows()), strict=True)
    shown = placed(data, [places[row_name(row)] for _, row in data.iterrows()], looks, hovers)
    for panel, name in enumerate(names):
        own = shown[shown["architecture"] == name]
        add_seeds(figure, panel, own, 100)
        add_means(figure, panel, own, 100, line=False)
        add_paper(figure, panel, own)
        add_losses(figure, panel, own, ceiling(data, 100))
        scales.name(figure, [label.removeprefix("λ\u00a0=\u00a0") for label in places], panel)
        figure.layout[f"xaxis{style.axis_suffix(panel)}"].title = {"text": "λ, or method", "standoff": 6}
    offer_intervals(figure)
    return figure


def _look(row: pd.Series) -> style.Style:
    if row["method"] != JOINT:
        place = BASELINES.index(row["method"])
        return style.Style(style.INK, "solid", BASELINE_SYMBOLS[place % len(BASELINE_SYMBOLS)])
    return style.lambda_styles(pd.DataFrame([row]))[row["lam"]]


def _labels(data: pd.DataFrame) -> list[str]:
    """Rows of the table: λ ascending, then bagging and stacking."""
    joint = data[data["method"] == JOINT].drop_duplicates("lam").sort_values("lam")
    others = data[data["method"] != JOINT].drop_duplicates("method")
    return [row_name(row) for _, row in chain(joint.iterrows(), others.iterrows())]


def table(data: pd.DataFrame) -> DisplayTable:
    """λ and methods down, ensembles across; each cell our mean, its interval and n, the paper's number and Δ."""
    names = ensembles(data)
    by_place = {(row_name(row), row["architecture"]): _cell(row) for _, row in data.iterrows()}
    rows = [(label, *(by_place.get((label, name), "–") for name in names)) for label in _labels(data)]
    return DisplayTable(("test error in %", *names), rows, total=len(rows))


def _cell(row: pd.Series) -> str:
    """``25.31 [24.89, 25.73] (3); paper 25.0, Δ +0.31``."""
    if not row["values"]:
        return f"– (0 of {row['planned']})" + _paper(row)
    known = not math.isnan(row["low"])
    interval = f" [{wording.percent(row['low'])}, {wording.percent(row['high'])}]" if known else ""
    short = "" if row["complete"] == row["planned"] else f" of {row['planned']}"
    text = f"{wording.percent(row['mean'])}{interval} ({row['complete']}{short}){_paper(row)}"
    return strong(text) if row["separable"] else text


def _paper(row: pd.Series) -> str:
    if math.isnan(row["paper"]):
        return ""
    delta = "" if math.isnan(row["delta"]) else f", Δ {wording.signed(100 * row['delta'])}"
    return f"; paper {100 * row['paper']:.1f}{delta}"


FIGURE = ReportFigure(
    key="table-2",
    source="after Table 2 of the paper",
    measured=(
        "Mean in % with its 95 % interval, and complete seeds; then the paper's number and Δ, ours minus the paper's. "
        "The least mean is found on the seeds that all rows of a column have."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Test errors by way of training",
    table=table,
    note=note,
    joint_only=False,
    applies=applies,
    is_table=True,
)
