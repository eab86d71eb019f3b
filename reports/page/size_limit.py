"""Keeps the page small for every store. The heaviest detail is left out first, and the page says so."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from reports.page.views import FigureView

PAGE_BYTES = 5_900_000
"""Most bytes of the whole page: the limit of 6 MB, less a reserve for the sentences on what is left out."""

HOVER_FIELDS = ("text", "hovertext", "customdata")


def without_hover(view: FigureView) -> FigureView:
    """A figure without hover texts. Plotly then shows only the numbers of the marks."""
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
    """A figure without its drawing, of which the words and the table are left."""
    return view if view.figure is None else _less(view, "the drawing", figure=None)


LIGHTENINGS: tuple[Callable[[FigureView], FigureView], ...] = (without_hover, without_csv, without_drawing)
"""Steps that lighten figures, in order. Each is applied to all figures, the heaviest first, before the next step."""
ORDER_IN_WORDS = "texts under the pointer go first, then CSV files, then drawings, of the heaviest figures first"


def fit(views: Sequence[FigureView], room: int) -> list[FigureView]:
    """The figures, lightened until their drawings and CSV files together take at most ``room`` bytes, if possible."""
    found = list(views)
    for lighten in LIGHTENINGS:
        for i in sorted(range(len(found)), key=lambda i: (-found[i].weight, i)):
            if sum(view.weight for view in found) <= room:
                return found
            found[i] = lighten(found[i])
    return found


def _less(view: FigureView, what: str, **changes: object) -> FigureView:
    return replace(view, left_out=(*view.left_out, what), **changes)  # type: ignore[arg-type]
