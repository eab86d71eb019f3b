"""A page that stays small whatever the store holds: the heaviest detail goes first, and the page says so."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from reports.page.views import FigureView

PAGE_BYTES = 5_900_000
"""Bytes of the whole page: REPORT's 6 MB, less some for what is said about the things left out."""

HOVER_FIELDS = ("text", "hovertext", "customdata")


def without_hover(view: FigureView) -> FigureView:
    """A figure whose marks say nothing under the pointer but their own numbers."""
    if view.figure is None:
        return view
    traces = [
        {key: value for key, value in trace.items() if key not in (*HOVER_FIELDS, "hovertemplate")}
        for trace in view.figure["data"]
    ]
    return _less(view, "texts under the pointer", figure={**view.figure, "data": traces})


def without_csv(view: FigureView) -> FigureView:
    """A figure whose numbers cannot be downloaded."""
    return view if view.csv is None else _less(view, "the CSV file (ensweep export writes its rows)", csv=None)


def without_drawing(view: FigureView) -> FigureView:
    """A figure of which the words and the table are left."""
    return view if view.figure is None else _less(view, "the drawing", figure=None)


LIGHTENINGS: tuple[Callable[[FigureView], FigureView], ...] = (without_hover, without_csv, without_drawing)
"""What goes first where there is no room for all: of the heaviest figure, then the next, then the next step."""
ORDER_IN_WORDS = "texts under the pointer go first, then CSV files, then drawings, of the heaviest figures first"


def fit(views: Sequence[FigureView], room: int) -> list[FigureView]:
    """The figures, lightened until their drawings and CSV files take at most so many bytes together."""
    found = list(views)
    for lighten in LIGHTENINGS:
        for i in sorted(range(len(found)), key=lambda i: (-found[i].weight, i)):
            if sum(view.weight for view in found) <= room:
                return found
            found[i] = lighten(found[i])
    return found


def _less(view: FigureView, what: str, **changes: object) -> FigureView:
    return replace(view, left_out=(*view.left_out, what), **changes)  # type: ignore[arg-type]
