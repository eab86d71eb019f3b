"""The numbers that the paper's text and tables print (Webb et al., ECML PKDD 2020). Its curves' values are not in them.

A number is looked up by what was trained, never by a name, and only on the paper's data set: a sweep of the same
networks at a smaller scale is shown beside them too, under the report's warning that it does not compare.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from reports import wording
from reports.frames.cells import Columns
from reports.frames.frames import Frames
from specs.architectures import Architecture, DenseNet, Mlp

SINGLE, TINY = Mlp(kind="mlp", members=1, hidden=1024), Mlp(kind="mlp", members=256, hidden=4)
LOW = DenseNet(kind="densenet", members=16, depth=64, growth=6)
MID = DenseNet(kind="densenet", members=8, depth=82, growth=8)
HIGH = DenseNet(kind="densenet", members=4, depth=100, growth=12)


@dataclass(frozen=True)
class Printed:
    """One printed number and where it stands."""

    value: float
    """A fraction, as errors are throughout."""
    source: str


TEXT, TABLE_2 = "text, section 4", "Table 2"
_TABLE_2: dict[tuple[str, float], tuple[float, float, float]] = {
    ("joint", 0.0): (25.0, 19.9, 17.8),
    ("joint", 0.5): (23.5, 20.0, 18.8),
    ("joint", 0.9): (25.9, 22.4, 20.3),
    ("joint", 1.0): (29.6, 25.7, 22.1),
    ("bagging", 0.0): (32.5, 29.5, 28.4),
    ("stacking", 0.0): (28.3, 23.4, 21.4),
}
"""In percent, for DN-Low, DN-Mid and DN-High."""

ERRORS: dict[tuple[str, Architecture, str, float], Printed] = {
    ("fashion_mnist", SINGLE, "joint", 1.0): Printed(0.102, TEXT),
    ("fashion_mnist", TINY, "joint", 0.0): Printed(0.163, TEXT),
    ("fashion_mnist", TINY, "joint", 0.95): Printed(0.103, TEXT),
} | {
    ("cifar100", network, method, lam): Printed(round(percent / 100, 4), TABLE_2)
    for (method, lam), row in _TABLE_2.items()
    for network, percent in zip((LOW, MID, HIGH), row, strict=True)
}
"""Test errors by data set, network, method and λ."""

PARAMETERS: dict[Architecture, str] = {LOW: "1.7M", MID: "2.1M", HIGH: "3.2M"}
MEMORY: dict[Architecture, str] = dict.fromkeys(PARAMETERS, "∼12GB")
"""Table 1, as printed: parameters of the whole ensemble, and memory."""


COLUMNS: Columns = {"paper": float, "paper_source": str}
"""The paper's number beside a cell, a fraction or NaN, and where it stands."""


def error(frames: Frames, architecture: str, method: str, lam: float) -> Printed | None:
    """The paper's test error of one cell; None where it prints none."""
    network = frames.sweep.architectures[architecture].network()
    return ERRORS.get((frames.sweep.dataset.name, network, method, lam))


def column(data: pd.DataFrame) -> Mapping[str, Callable[[pd.Series], str]]:
    """The column of a table that shows ``COLUMNS``; none where the paper prints no number of these cells."""
    if data["paper"].isna().all():
        return {}
    return {"the paper's, in %": lambda row: wording.printed(row["paper"], row["paper_source"])}


def beside(frames: Frames, cells: pd.DataFrame) -> pd.DataFrame:
    """Cells with the paper's number beside each, in ``COLUMNS``."""
    found = [error(frames, row["architecture"], row["method"], row["lam"]) for _, row in cells.iterrows()]
    return cells.assign(
        paper=pd.Series(
            [float("nan") if each is None else each.value for each in found], index=cells.index, dtype=float
        ),
        paper_source=pd.Series(["" if each is None else each.source for each in found], index=cells.index, dtype=str),
    )
