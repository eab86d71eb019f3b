"""What the page needs to know of a figure or table, and what figures over the cells of a plan share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.frames.cells import Columns
from reports.frames.frames import Frames
from reports.tables import DisplayTable
from specs.methods import JOINT

HOW_TO_READ = (
    "A large mark is the mean over seeds, its bar the 95 % interval, a small dot one seed. Hollow: seeds are missing. "
    "Cross: a seed failed, diverged or is corrupt. Cells without any result stand at the top edge. Pointing at a mark "
    "tells its seeds, learning rate and trials."
)
PAPERS_NUMBERS = "Diamond: a number of the paper's text or tables; the values of its curves are not in them."
"""What figures share, said once above them; the second only where the page is about the paper."""


def has_ensembles(frames: Frames) -> bool:
    """Whether a jointly trained ensemble is planned."""
    joint = frames.planned[frames.planned["method"] == JOINT]
    return bool((joint["members"] > 1).any())


@dataclass(frozen=True)
class ReportFigure:
    """One figure or table: its statistics, its drawing and its words.

    ``draw``, ``title``, ``note`` and ``table`` are given at least one row. Ask for what they make by :meth:`drawn`,
    :meth:`titled`, :meth:`noted` and :meth:`tabled`, which know what to say where there is none.
    """

    key: str
    """Fixed, so that the page's element ids never depend on a spec's text."""
    source: str
    """The paper's figure or table that it answers to."""
    measured: str
    """What is measured, and how to read the marks that are this figure's alone. ``HOW_TO_READ`` has the others."""
    columns: Columns
    """Of its data, whatever the store holds."""
    data: Callable[[Frames], pd.DataFrame]
    """Asked only where the figure applies."""
    draw: Callable[[pd.DataFrame], go.Figure]
    title: Callable[[pd.DataFrame], str]
    """The finding, from the data; empty where there is none."""
    untold: str
    """The title where there is no finding."""
    table: Callable[[pd.DataFrame], DisplayTable]
    note: Callable[[pd.DataFrame], str]
    """What else was checked, in a sentence; may be empty."""
    can_be_drawn: Callable[[pd.DataFrame], bool] = lambda data: not data.empty
    """Whether there is anything to draw."""
    undrawn: str = "This sweep has no ensemble."
    """What stands in the drawing's place where there is nothing to draw."""
    ensembles_only: bool = True
    """Whether single networks have no place in it."""
    joint_only: bool = True
    """Whether bagging and stacking have no place in it."""
    applies: Callable[[Frames], bool] = has_ensembles
    """Whether a sweep of this design can have it, whatever has run of it."""
    is_table: bool = False
    """Whether its table is the thing itself, to be shown open, and the drawing an illustration."""
    in_study: Callable[[Frames, Sequence[Frames]], pd.DataFrame] | None = None
    """``data`` where a figure draws on other stores of the study too."""

    def rows(self, frames: Frames, study: Sequence[Frames] = ()) -> pd.DataFrame:
        """The data of one store's figure, among the stores of its study."""
        return self.in_study(frames, study) if self.in_study else self.data(frames)

    def drawn(self, data: pd.DataFrame) -> go.Figure:
        """The drawing, or why there is none."""
        return self.draw(data) if self.can_be_drawn(data) else style.empty(self.undrawn)

    def titled(self, data: pd.DataFrame) -> str:
        """The finding, or what it would be about."""
        return ("" if data.empty else self.title(data)) or self.untold

    def noted(self, data: pd.DataFrame) -> str:
        """The note; empty without data."""
        return "" if data.empty else self.note(data)

    def tabled(self, data: pd.DataFrame) -> DisplayTable:
        """The table; without rows and headers where there are no data."""
        return DisplayTable() if data.empty else self.table(data)


def ensembles(data: pd.DataFrame) -> list[str]:
    """Architectures with more than one member, in order."""
    return list(dict.fromkeys(data.loc[data["members"] > 1, "architecture"]))


def seeds_done(cell: pd.Series) -> str:
    """``4 of 5 seeds (1 diverged)``."""
    lost = [f"{cell[status]} {status}" for status in ("diverged", "failed", "corrupt", "missing") if cell[status]]
    return f"{cell['complete']} of {wording.count(cell['planned'], 'seed')}" + (f" ({', '.join(lost)})" if lost else "")


def row_name(cell: pd.Series) -> str:
    """What a cell is called within its architecture: ``λ = 0.5``, ``bagging`` or ``single network``."""
    if cell["members"] == 1:
        return "single network"
    return wording.lam(cell["lam"]) if cell["method"] == JOINT else str(cell["method"])


def cell_name(cell: pd.Series) -> str:
    """``4x16H, λ = 0.5``, safe in what a figure shows."""
    return f"{escape(cell['architecture'])}, {wording.lam(cell['lam'])}"


def hover(cell: pd.Series, value: Callable[[float], str]) -> str:
    """A cell in full: mean, interval, seeds, learning rate, each seed's value and trial id."""
    lines = [f"<b>{escape(cell['architecture'])}, {row_name(cell)}</b>"]
    if cell["values"]:
        lines.append(f"mean {value(cell['mean'])}")
        one = len(cell["values"]) == 1
        lines.append("one seed: no interval" if one else f"95 % interval {value(cell['low'])} to {value(cell['high'])}")
    lines += [seeds_done(cell), f"learning rate {cell['learning_rate']:g}"]
    each = list(zip(cell["seeds"], cell["values"], cell["trial_ids"], strict=True))
    lines += [f"seed {seed}: {value(result)} · {trial_id}" for seed, result, trial_id in each[:10]]
    if len(each) > 10:
        lines.append(f"and {len(each) - 10} more seeds: see the table")
    return "<br>".join(lines)


def percent_hover(cell: pd.Series) -> str:
    """:func:`hover` of a fraction, in percent."""
    return hover(cell, lambda value: f"{wording.percent(value)} %")


SEED_COLUMNS: dict[str, Callable[[pd.Series], object]] = {
    "seeds": seeds_done,
    "learning rate": lambda row: f"{row['learning_rate']:g}",
    "each seed, in %": lambda row: ", ".join(map(wording.percent, row["values"])),
}
"""Columns of a table over cells that every one of them ends with."""
PERCENT_COLUMNS: dict[str, Callable[[pd.Series], object]] = {
    "mean test error in %": lambda row: wording.percent(row["mean"]),
    "95 % interval": lambda row: f"{wording.percent(row['low'])} to {wording.percent(row['high'])}",
    "SD": lambda row: wording.percent(row["sd"]),
}
