"""Calibration of the ensemble against λ: the expected calibration error and the Brier score. Ours, beside Figure 9."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import scales, style
from reports.figures.entry import ReportFigure, ensembles, hover, seeds_done
from reports.figures.error_against_lambda import finding, points
from reports.figures.marks import add_losses, offer_intervals, placed, series
from reports.frames import cells
from reports.frames.frames import Frames
from reports.tables import DisplayTable, display

COLUMNS: cells.Columns = {"measure": str, **cells.SUMMARISED}
"""A measure of calibration, and a cell whose values are of it."""


class Measure(NamedTuple):
    """One measure, and how its numbers are written."""

    name: str
    axis: str
    factor: float
    unit: str
    value: Callable[[float], str]
    """A mean or an end of an interval, for the table."""
    size: Callable[[float], str]
    """A difference without its sign."""


MEASURES = {
    "test_ece": Measure("expected calibration error", "error in %", 100, " %", wording.percent, points),
    "test_brier": Measure("Brier score", "score, 0 to 2", 1, "", wording.number, lambda size: f"{size:.4f}"),
}
"""By column of ``trials``."""


def data(frames: Frames) -> pd.DataFrame:
    """A row a measure and planned cell of an ensemble, over its complete seeds."""
    rows = pd.concat([cells.summarised(frames, column).assign(measure=column) for column in MEASURES])
    return cells.frame_of(rows[rows["members"] > 1].reset_index(drop=True), COLUMNS)


def _told(data: pd.DataFrame, column: str) -> str:
    measure = MEASURES[column]
    return finding(data[data["measure"] == column], f"the {measure.name}", measure.size)


def title(data: pd.DataFrame) -> str:
    """How the calibration error moves from the smallest λ to the largest."""
    return _told(data, "test_ece")


def note(data: pd.DataFrame) -> str:
    """The same of the Brier score."""
    told = _told(data, "test_brier")
    return f"{told}." if told else ""


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel a measure, a line an ensemble."""
    names = ensembles(data)
    lambdas = sorted(set(data["lam"]))
    measures = list(MEASURES.values())
    figure = style.panels([measure.name for measure in measures], 2, "λ", [measure.axis for measure in measures])
    looks = {name: style.series_style(i) for i, name in enumerate(names)}
    for panel, (column, measure) in enumerate(MEASURES.items()):
        own = data[data["measure"] == column]
        hovers = [hover(row, lambda value, m=measure: f"{m.value(value)}{m.unit}") for _, row in own.iterrows()]  # type: ignore[misc]
        shown = placed(own, own["lam"], [looks[name] for name in own["architecture"]], hovers)
        for name in names:
            series(figure, panel, shown[shown["architecture"] == name], measure.factor, name, measure.unit)
        highest = max([1e-3, *(value for values in own["values"] for value in values), *own["high"].dropna()])
        add_losses(figure, panel, shown, 1.06 * measure.factor * highest)
    scales.follow(figure, lambdas, len(measures))
    offer_intervals(figure)
    return figure


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers."""
    return display(
        data,
        {
            "measure": lambda row: MEASURES[row["measure"]].name,
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "mean": lambda row: _written(row, row["mean"]),
            "95 % interval": lambda row: f"{_written(row, row['low'])} to {_written(row, row['high'])}",
            "seeds": seeds_done,
            "each seed": lambda row: ", ".join(_written(row, value) for value in row["values"]),
        },
        row_headers=3,
    )


def _written(row: pd.Series, value: float) -> str:
    measure = MEASURES[row["measure"]]
    text = measure.value(value)
    return text if text == "–" else f"{text}{measure.unit}"


FIGURE = ReportFigure(
    key="calibration",
    source="ours, beside Figure 9 of the paper: calibration",
    measured=(
        "Left: how far stated confidence is from the share of correct answers, averaged over 15 bins. Right: squared "
        "distance of the predicted probabilities from the truth. Less is better."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Calibration against λ",
    table=table,
    note=note,
)
