"""Tables as the page shows them: headers, and cells already put into words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from markupsafe import Markup

Writer = Callable[[pd.Series], object]
"""Function from a row of a frame to the content of a cell."""

MOST_ROWS = 60


@dataclass(frozen=True)
class DisplayTable:
    """Headers and rows of text; the first ``row_headers`` cells of a row name it."""

    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    """Text; a cell of :func:`strong` is set in bold."""
    row_headers: int = 1
    total: int = field(default=0)
    """Number of rows in all, which is more than are shown if the table was cut."""


def display(frame: pd.DataFrame, columns: Mapping[str, Writer], row_headers: int = 1) -> DisplayTable:
    """A frame as text, cut at ``MOST_ROWS`` rows."""
    rows = [[_text(write(row)) for write in columns.values()] for _, row in frame.head(MOST_ROWS).iterrows()]
    return DisplayTable(tuple(columns), rows, row_headers, len(frame))


def strong(text: str) -> Markup:
    """A cell in bold. Markup in the text is escaped."""
    return Markup("<strong>{}</strong>").format(text)


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else str(cell)


def to_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV with seven digits, as many as single precision holds; lists are joined by spaces."""
    flat = frame.copy()
    for name in flat.columns:
        if flat[name].map(lambda value: isinstance(value, list)).any():
            flat[name] = [_joined(value) for value in flat[name]]
    return str(flat.to_csv(index=False, lineterminator="\n", float_format="%.7g"))


def _joined(values: object) -> str:
    return " ".join(f"{v:.7g}" if isinstance(v, float) else str(v) for v in values) if isinstance(values, list) else ""
