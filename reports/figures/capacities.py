"""Table 1: what each architecture is, how large, and what it cost to train."""

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import paper, scales, style
from reports.figures.entry import ReportFigure
from reports.figures.marks import where
from reports.figures.style import rounded
from reports.frames.cells import Columns, architectures, frame_of
from reports.frames.frames import Frames
from reports.tables import DisplayTable, display

GIGABYTE = 1e9
PANELS = {"peak_memory": (GIGABYTE, "most memory in GB"), "seconds_per_epoch": (1.0, "seconds an epoch")}
"""What is drawn: column of ``trials``, its unit, its axis."""

COLUMNS: Columns = {
    "architecture": str, "kind": str, "network": str, "members": int,
    "member_parameters": int, "total_parameters": int, "n": int, "device": str, "peak_memory": float,
    "seconds_per_epoch": float, "seconds_low": float, "seconds_high": float,
    "paper_parameters": str, "paper_memory": str,
}  # fmt: skip
"""``network`` is the size in words. Of the ``n`` complete trials of any method: the largest ``peak_memory`` in bytes,
and the median of ``seconds_per_epoch`` with the least and the most. ``paper_…`` is as the paper prints it, or
nothing."""


def data(frames: Frames) -> pd.DataFrame:
    """A row an architecture."""
    return frame_of([_row(frames, name) for name in architectures(frames)], COLUMNS)


def _row(frames: Frames, name: str) -> dict[str, object]:
    network = frames.sweep.architectures[name].network()
    planned = frames.planned[frames.planned["architecture"] == name].iloc[0]
    trials = frames.trials[frames.trials["architecture"] == name]
    speed = trials["seconds_per_epoch"].astype(float)
    on_the_data = frames.sweep.dataset.name == "cifar100"
    return {
        "architecture": name,
        "kind": network.kind,
        "network": network.described(),
        **{column: int(planned[column]) for column in ("members", "member_parameters", "total_parameters")},
        "n": len(trials),
        "device": ", ".join(sorted(set(trials["device"]))),
        "peak_memory": trials["peak_memory"].astype(float).max(),
        # A range and no interval: machines and neighbours make these times, which are skewed and no sample of anything.
        "seconds_per_epoch": speed.median(),
        "seconds_low": speed.min(),
        "seconds_high": speed.max(),
        "paper_parameters": paper.PARAMETERS.get(network, "") if on_the_data else "",
        "paper_memory": paper.MEMORY.get(network, "") if on_the_data else "",
    }


def title(data: pd.DataFrame) -> str:
    """How far apart the architectures are in parameters, in all and a member."""
    spans = [_span(data[column]) for column in ("total_parameters", "member_parameters")]
    return f"{wording.count(len(data), 'architecture')} of {spans[0]} parameters in all, {spans[1]} a member"


def _span(numbers: pd.Series) -> str:
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def note(data: pd.DataFrame) -> str:
    """The devices that made the measurements."""
    devices = wording.listed(sorted({name for names in data["device"] for name in names.split(", ") if name}))
    if not devices:
        return "No trial is complete yet, so nothing was measured."
    return f"Measured on {devices}."


def draw(data: pd.DataFrame) -> go.Figure:
    """Memory and seconds an epoch, a bar an architecture."""
    titles = [title for _, title in PANELS.values()]
    figure = style.panels(titles, 2, "", ["GB", "seconds"])
    for panel, (column, (unit, _)) in enumerate(PANELS.items()):
        figure.add_bar(
            **where(panel, range(len(data)), 0.0), y=rounded(data[column], 1 / unit), width=0.6, name=PANELS[column][1],
            error_y=_range(data) if column == "seconds_per_epoch" else None, marker={"color": style.COLOURS[0]},
            text=[f"{row['architecture']}: {wording.count(row['n'], 'trial')}" for _, row in data.iterrows()],
            textposition="none", hovertemplate="%{text}<br>%{y:.4g}<extra></extra>", showlegend=False,
        )  # fmt: skip
        scales.name(figure, list(data["architecture"]), panel)
        figure.layout[f"yaxis{style.axis_suffix(panel)}"].rangemode = "tozero"
    return figure


def _range(data: pd.DataFrame) -> dict[str, object]:
    """Whiskers from the least to the most seconds."""
    middle = data["seconds_per_epoch"]
    ends = {"array": rounded(data["seconds_high"] - middle), "arrayminus": rounded(middle - data["seconds_low"])}
    return {**ends, "symmetric": False, "color": style.INK, "thickness": 1.5}


def table(data: pd.DataFrame) -> DisplayTable:
    """The table itself."""
    return display(
        data,
        {
            "name": lambda row: row["architecture"],
            "network": lambda row: f"{row['kind']}, {row['network']}",
            "M": lambda row: row["members"],
            "parameters a member": lambda row: f"{row['member_parameters']:,}",
            "parameters in all": lambda row: f"{row['total_parameters']:,}" + _printed(row["paper_parameters"]),
            "most memory, GB": lambda row: (
                wording.number(row["peak_memory"] / GIGABYTE, 3) + _printed(row["paper_memory"])
            ),
            "seconds an epoch": _seconds,
            "complete trials": lambda row: row["n"],
        },
    )


def _printed(text: str) -> str:
    return f" (paper: {text}, Table 1)" if text else ""


def _seconds(row: pd.Series) -> str:
    middle, low, high = (
        wording.number(row[column], 3) for column in ("seconds_per_epoch", "seconds_low", "seconds_high")
    )
    return middle if row["n"] < 2 else f"{middle} ({low} to {high})"


FIGURE = ReportFigure(
    key="table-1",
    source="after Table 1 of the paper",
    measured=(
        "Largest memory of any complete trial: on CUDA what was allocated, on a CPU the whole process. Median seconds "
        "of an epoch, measuring included, with the least and the most."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="The architectures",
    table=table,
    note=note,
    can_be_drawn=lambda data: bool(data["n"].any()),
    undrawn="No complete trial has measured memory or time.",
    ensembles_only=False,
    joint_only=False,
    applies=lambda frames: True,
    is_table=True,
)
