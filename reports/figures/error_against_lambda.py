"""Figure 3: test error against λ, one panel an architecture, the single network as a line, the control beside."""

from collections.abc import Callable, Sequence

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import paper, scales, style
from reports.figures.entry import PERCENT_COLUMNS, SEED_COLUMNS, ReportFigure, ensembles, percent_hover
from reports.figures.marks import add_losses, add_means, add_seeds, ceiling, offer_intervals, placed
from reports.figures.references import add_paper, add_reference
from reports.frames import cells
from reports.frames.frames import Frames
from reports.statistics.summaries import paired_difference
from reports.tables import DisplayTable, display

COLUMNS: cells.Columns = {**cells.SUMMARISED, **paper.COLUMNS, "control": bool}
"""A cell; ``control`` tells whether it is of a control with one learning rate."""
TO_PERCENT = 100
"""Errors are fractions in the data and percentages in the drawing."""
CONTROL = "control: one learning rate"
CONTROL_LOOK = style.Style(style.INK, "dot", "hourglass")


def data(frames: Frames) -> pd.DataFrame:
    """A row a planned cell: the ensemble's test error, summarised over its complete seeds; none of a control."""
    rows = paper.beside(frames, cells.summarised(frames, "test_error")).assign(control=False)
    return cells.frame_of(rows, COLUMNS)


def in_study(frames: Frames, study: Sequence[Frames]) -> pd.DataFrame:
    """The same, and the cells of a control with one learning rate for every λ, where the study has one.

    A control trains some of the same networks on the same data set. It stands under the names of this sweep.
    """
    own = data(frames)
    if not changing_rates(own):
        return own
    controls = [_control(frames, other) for other in study if other is not frames]
    return cells.frame_of(pd.concat([own, *controls], ignore_index=True), COLUMNS)


def _control(frames: Frames, other: Frames) -> pd.DataFrame:
    names = {entry.network(): name for name, entry in frames.sweep.architectures.items()}
    names = {theirs: names.get(entry.network(), "") for theirs, entry in other.sweep.architectures.items()}  # type: ignore[misc]
    rows = cells.summarised(other, "test_error")
    rows = rows.assign(architecture=rows["architecture"].map(names), control=True, paper=float("nan"), paper_source="")
    comparable = other.sweep.dataset.name == frames.sweep.dataset.name and not changing_rates(rows)
    kept = rows[(rows["architecture"] != "") & (rows["members"] > 1) & comparable]
    grid = {lam: place for place, lam in enumerate(cells.lambdas(frames))}
    return kept[kept["lam"].isin(grid)].assign(place=kept["lam"].map(grid).astype(int))


def changing_rates(data: pd.DataFrame) -> list[str]:
    """Ensembles whose learning rate is not the same for every λ."""
    rates = data.groupby("architecture", sort=False)["learning_rate"].nunique()
    return [str(name) for name, count in rates.items() if count > 1]


def title(data: pd.DataFrame) -> str:
    """How the error moves from the smallest λ to the largest, for each ensemble."""
    return finding(data[~data["control"]])


def note(data: pd.DataFrame) -> str:
    """What the learning rate has to do with it, and what the control finds."""
    confounded = changing_rates(data[~data["control"]])
    if not confounded:
        return "Each ensemble has one learning rate for every λ." if ensembles(data) else ""
    text = f"The learning rate changes with λ for {wording.listed(confounded)}. "
    if not data["control"].any():
        return text + "No control with one rate is on this page."
    return f"{text}Control with one rate: {finding(data[data['control']]) or 'nothing complete yet'}."


def points(fraction: float) -> str:
    """The size of a difference of fractions."""
    return f"{100 * fraction:.2f} points"


def finding(data: pd.DataFrame, what: str = "the test error", size: Callable[[float], str] = points) -> str:
    """How the mean of cells moves from the smallest λ to the largest, for each ensemble, by its paired difference."""
    verbs: dict[str, list[str]] = {}
    for name in ensembles(data):
        for verb, words in _move(data[data["architecture"] == name], size):
            verbs.setdefault(verb, []).append(words)
    if not verbs:
        return ""
    moves = "; it ".join(f"{verb} {wording.listed(words)}" for verb, words in verbs.items())
    lams = data.loc[data["members"] > 1, "lam"]
    return f"From {wording.lam(min(lams))} to {wording.lam(max(lams))} {what} {moves}"


def _move(own: pd.DataFrame, size: Callable[[float], str]) -> list[tuple[str, str]]:
    """``falls`` and ``by 5.94 points for 256x4H``; nothing where no seed has both ends."""
    ends = [dict(zip(own["seeds"].iloc[i], own["values"].iloc[i], strict=True)) for i in (0, -1)]
    difference = paired_difference(ends[1], ends[0], cells.fraction_range(own.iloc[0]))
    if len(own) < 2 or not difference.n:
        return []
    name = own["architecture"].iloc[0]
    if not difference.excludes_zero:
        sign = "−" if difference.mean < 0 else "+"
        return [("does not change separably for", f"{name} ({sign}{size(abs(difference.mean))})")]
    return [("rises" if difference.mean > 0 else "falls", f"by {size(abs(difference.mean))} for {name}")]


def draw(data: pd.DataFrame) -> go.Figure:
    """Panels that share the y axis, in percent; see ``measured`` for the marks."""
    names = ensembles(data) or list(dict.fromkeys(data["architecture"]))
    figure = style.panels(names, 4, "λ", "test error in %")
    styles = style.lambda_styles(data)
    looks = [CONTROL_LOOK if row["control"] else styles[row["lam"]] for _, row in data.iterrows()]
    hovers = [f"{'control: ' * row['control']}{percent_hover(row)}" for _, row in data.iterrows()]
    shown = placed(data, data["lam"], looks, hovers)
    for panel, name in enumerate(names):
        _add_panel(figure, panel, shown[shown["architecture"] == name], shown, ceiling(data, TO_PERCENT))
    scales.follow(figure, sorted(set(data.loc[data["architecture"].isin(names), "lam"])), len(names))
    offer_intervals(figure)
    _offer_control(figure)
    return figure


def _add_panel(figure: go.Figure, panel: int, own: pd.DataFrame, data: pd.DataFrame, top: float) -> None:
    singles = data[(data["members"] == 1) & data["mean"].notna()]
    own, control = own[~own["control"]], own[own["control"]]
    if (own["members"] > 1).all():
        for i, (_, single) in enumerate(singles.iterrows()):
            add_reference(
                figure, panel, single, (own["at"].min(), own["at"].max()), TO_PERCENT, style.DASHES[1 + i % 5]
            )
    add_seeds(figure, panel, own, TO_PERCENT)
    add_means(figure, panel, own, TO_PERCENT)
    if control["mean"].notna().any():
        add_means(figure, panel, control, TO_PERCENT, CONTROL_LOOK, 0.1, name=CONTROL, legendgroup=CONTROL)
    add_paper(figure, panel, own)
    add_losses(figure, panel, own, top)


def _offer_control(figure: go.Figure) -> None:
    control = [i for i, trace in enumerate(figure.data) if trace.name == CONTROL]
    if control:
        options = [
            {"label": label, "set": {f"data.{i}.visible": seen for i in control}}
            for label, seen in (("shown", True), ("hidden", False))
        ]
        style.add_switch(figure, CONTROL, options)


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers; rows of a control say so."""
    names = {"architecture": lambda row: row["architecture"] + (" (control)" if row["control"] else "")}
    columns = {**names, "λ": lambda row: wording.bare(row["lam"]), **PERCENT_COLUMNS, **SEED_COLUMNS}
    return display(data, {**columns, **paper.column(data)}, row_headers=2)


FIGURE = ReportFigure(
    key="fig-3",
    source="after Figure 3 of the paper",
    measured=("Test error of the mean logits. A horizontal line is a single network, with its interval shaded."),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Test error against λ",
    table=table,
    note=note,
    undrawn="This sweep plans no joint training.",
    ensembles_only=False,
    applies=lambda frames: True,
    in_study=in_study,
)
