"""Figure 3: test error against λ, one panel an architecture, the single network as a line."""

import pandas as pd
import plotly.graph_objects as go

from reports import cells, wording
from reports.figures import scales, style
from reports.figures.entry import ReportFigure, ensembles, hover, seeds_done
from reports.figures.marks import add_losses, add_means, add_reference, add_seeds, offer_intervals
from reports.loading import Frames
from reports.statistics import paired_difference
from reports.tables import DisplayTable, display

FACTOR = 100
"""Errors are fractions in the data and percentages in the drawing."""


def data(frames: Frames) -> pd.DataFrame:
    """A row a planned cell: the ensemble's test error, summarised over its complete seeds."""
    return cells.summarised(frames, "test_error")


def title(data: pd.DataFrame) -> str:
    """How the error moves from the smallest λ to the largest, for each ensemble."""
    if data.empty:
        return "Test error against λ"
    low, high = min(data["lam"]), max(data["lam"])
    verbs: dict[str, list[str]] = {}
    for name in ensembles(data):
        for verb, words in _move(data[data["architecture"] == name]):
            verbs.setdefault(verb, []).append(words)
    if not verbs:
        return "Test error against λ"
    moves = "; it ".join(f"{verb} {wording.listed(words)}" for verb, words in verbs.items())
    return f"From {wording.lam(low)} to {wording.lam(high)} the test error {moves}"


def _move(own: pd.DataFrame) -> list[tuple[str, str]]:
    """``falls`` and ``by 5.94 points for 256x4H``; nothing where no seed has both ends."""
    ends = [dict(zip(own["seeds"].iloc[i], own["values"].iloc[i], strict=True)) for i in (0, -1)]
    difference = paired_difference(ends[1], ends[0])
    if len(own) < 2 or not difference.n:
        return []
    name = own["architecture"].iloc[0]
    if not difference.excludes_zero:
        return [("does not change separably for", f"{name} ({100 * difference.mean:+.2f} points)".replace("-", "−"))]
    return [("rises" if difference.mean > 0 else "falls", f"by {abs(100 * difference.mean):.2f} points for {name}")]


def draw(data: pd.DataFrame) -> go.Figure:
    """Panels that share the y axis, in percent; see ``measured`` for the marks."""
    if data.empty:
        return style.empty("This sweep plans no joint training.")
    names = ensembles(data) or list(dict.fromkeys(data["architecture"]))
    singles = data[(data["members"] == 1) & data["mean"].notna()]
    figure = style.panels(names, 4, "λ", "test error in %")
    styles = style.lambda_styles(data)
    for panel, name in enumerate(names):
        own = data[data["architecture"] == name].copy()
        own["hover"] = [hover(row, lambda value: f"{wording.percent(value)} %") for _, row in own.iterrows()]
        if name in ensembles(data):
            ends = (own["lam"].min(), own["lam"].max())
            for i, (_, single) in enumerate(singles.iterrows()):
                add_reference(figure, panel, single, ends, FACTOR, style.DASHES[1 + i % 5])
        add_seeds(figure, panel, own, FACTOR)
        add_means(figure, panel, own, FACTOR, styles)
        add_losses(figure, panel, own, _ceiling(data))
    scales.follow(figure, sorted(set(data.loc[data["architecture"].isin(names), "lam"])), len(names))
    offer_intervals(figure, data)
    return figure


def _ceiling(data: pd.DataFrame) -> float:
    """Just above every mark: where cells without a mean are shown."""
    highest = max([value for values in data["values"] for value in values], default=1.0)
    return float(FACTOR * max([highest, *data["high"].dropna()]) * 1.06)


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers."""
    return display(
        data,
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: f"{row['lam']:g}",
            "mean test error in %": lambda row: wording.percent(row["mean"]),
            "95 % interval": lambda row: f"{wording.percent(row['low'])} to {wording.percent(row['high'])}",
            "SD": lambda row: wording.percent(row["sd"]),
            "seeds": seeds_done,
            "learning rate": lambda row: f"{row['learning_rate']:g}",
            "each seed, in %": lambda row: ", ".join(map(wording.percent, row["values"])),
        },
        row_headers=2,
    )


FIGURE = ReportFigure(
    key="fig-3",
    source="after Figure 3 of the paper",
    measured=(
        "Fraction of test images that the ensemble's mean logits misclassify, after the selected epoch. Marks: mean "
        "over seeds with its 95 % t interval; a dot a seed; hollow where seeds are missing; a cross where a seed "
        "failed, diverged or is corrupt. Marks of cells without any result stand at the top edge. The horizontal line "
        "is the single network, its interval shaded."
    ),
    data=data,
    draw=draw,
    title=title,
    table=table,
    ensembles_only=False,
)
