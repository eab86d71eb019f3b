"""What the page needs to know of a figure, and what figures over the cells of a plan share."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.loading import Frames
from reports.tables import DisplayTable


@dataclass(frozen=True)
class ReportFigure:
    """One figure: its statistics, its drawing and its words."""

    key: str
    """Fixed, so that the page's element ids never depend on a spec's text."""
    source: str
    """The paper's figure that it answers to."""
    measured: str
    """What is measured, and how to read the marks."""
    data: Callable[[Frames], pd.DataFrame]
    draw: Callable[[pd.DataFrame], go.Figure]
    title: Callable[[pd.DataFrame], str]
    """The finding, from the data."""
    table: Callable[[pd.DataFrame], DisplayTable]
    note: Callable[[pd.DataFrame], str] | None = None
    """What else was checked, in a sentence."""
    ensembles_only: bool = True
    """Whether single networks have no place in it."""


def ensembles(data: pd.DataFrame) -> list[str]:
    """Architectures with more than one member, in order."""
    return list(dict.fromkeys(data.loc[data["members"] > 1, "architecture"]))


def seeds_done(cell: pd.Series) -> str:
    """``4 of 5 seeds (1 diverged)``."""
    lost = [f"{cell[status]} {status}" for status in ("diverged", "failed", "corrupt", "missing") if cell[status]]
    return f"{cell['complete']} of {wording.count(cell['planned'], 'seed')}" + (f" ({', '.join(lost)})" if lost else "")


def hover(cell: pd.Series, value: Callable[[float], str]) -> str:
    """A cell in full: mean, interval, seeds, learning rate, each seed's value and trial id."""
    lines = [f"<b>{escape(cell['architecture'])}, {wording.lam(cell['lam'])}</b>"]
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
