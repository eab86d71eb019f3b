"""The whole report as one HTML file: everything inlined, nothing fetched, the same bytes from the same stores."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from reports.claims import judge
from reports.figures.entry import HOW_TO_READ, PAPERS_NUMBERS
from reports.figures.style import DARK
from reports.frames.frames import Frames, load
from reports.page import ledger, scoreboard, size_limit
from reports.page.embedding import content_security_policy, embedded, packed
from reports.page.study import Section, about_the_paper, question, sections
from reports.page.views import FigureView, SweepView, sweep_view
from reports.wording import lambdas_told_apart, unbroken
from specs.format.reader import Reader


def build(stores: Sequence[Reader]) -> bytes:
    """The report of one or more stores as a file's content.

    Raises:
        StoreError: there is no store, or its spec cannot be read.
    """
    return render([load(store) for store in stores]).encode()


def render(study: Sequence[Frames]) -> str:
    """The page as text. Equal frames give equal text."""
    with lambdas_told_apart(study):
        return _rendered(study)


def _rendered(study: Sequence[Frames]) -> str:
    own = sections(study)
    views = [sweep_view(part, study) for part in own]
    figures = {view.id for each in views for view in each.figures}
    board = scoreboard.board(judge(study), own, figures)
    page = _written(own, views, board)
    if (excess := len(page.encode()) - size_limit.PAGE_BYTES) > 0:
        page = _written(own, _lightened(views, excess), board)
    return page


def _lightened(views: Sequence[SweepView], excess: int) -> list[SweepView]:
    """The stores' views with figures lighter by ``excess`` bytes in all, or as light as they can be."""
    figures = [figure for view in views for figure in view.figures]
    room = sum(figure.weight for figure in figures) - excess
    left = {figure.id: figure for figure in size_limit.fit(figures, room)}
    return [replace(view, figures=[left[figure.id] for figure in view.figures]) for view in views]


def _written(study: Sequence[Section], views: Sequence[SweepView], board: scoreboard.Board) -> str:
    begin, script, plotly = _asset("begin.js"), _asset("page.js"), _plotly()
    return _environment().get_template("page.html").render(
        csp=content_security_policy([plotly.text, begin, script]),
        style=Markup(_asset("page.css")),
        begin=Markup(begin),
        script=Markup(script),
        plotly=plotly.packed,
        dark=embedded(DARK),
        question=question(study),
        alone=len(study) == 1,
        sweeps=views,
        board=board,
        how_to_read=HOW_TO_READ,
        papers_numbers=PAPERS_NUMBERS,
        of_the_paper=about_the_paper(study),
        ledger=ledger.table(),
        left_out=_left_out([figure for view in views for figure in view.figures]),
    )  # fmt: skip


def _left_out(figures: Sequence[FigureView]) -> str:
    """A sentence saying that figures lack detail to keep the page small; empty if none does."""
    short = [figure for figure in figures if figure.left_out]
    if not short:
        return ""
    return (
        f"This page is kept below {size_limit.PAGE_BYTES / 1e6:.1f} MB, so that {len(short)} of its {len(figures)} "
        f"figures and tables lack detail, each saying what: {size_limit.ORDER_IN_WORDS}."
    )


class _Plotly:
    """Plotly's script: as text, whose digest the content security policy allows, and packed."""

    def __init__(self) -> None:
        self.text: str = get_plotlyjs()
        self.packed = packed(self.text)


@cache
def _plotly() -> _Plotly:
    return _Plotly()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment


def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
