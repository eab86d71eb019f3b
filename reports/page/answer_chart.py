"""The answer as a picture: what one system costs or gains each ensemble, against the size of its members.

It is an SVG inside the page, made here and not by a script, so that it is seen wherever the page opens. Its colours
stand in its attributes too, for servers that forbid the page's styles.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports import wording
from reports.figures.style import GRID, INDEPENDENT, MUTED, SYSTEM
from reports.page import answer_layout as layout
from reports.page.answer import Comparison
from reports.page.answer_layout import BOTTOM, FONT, HEIGHT, LEFT, MARK, RIGHT, TOP, WIDTH, Box
from reports.page.plain_answer import Judged

INK, PAPER = "#16191d", "#ffffff"
COLOURS = {"system": SYSTEM, "ensemble": INDEPENDENT, "unclear": MUTED}
"""By verdict."""
ABOVE, BELOW = "↑ separate networks are better", "↓ one system is better"


@dataclass(frozen=True)
class Point:
    """One ensemble as it is drawn. Its place is in the picture's units, where y points down."""

    name: str
    verdict: str
    x: float
    y: float
    top: float
    bottom: float
    """Ends of the interval; the mark's own place where there is none."""
    told: str
    """What pointing at it tells."""

    @property
    def box(self) -> Box:
        """What mark and bar take."""
        return Box(self.x - MARK, min(self.top, self.y - MARK), self.x + MARK, max(self.bottom, self.y + MARK))


def picture(networks: Sequence[Judged], comparisons: Sequence[Comparison], finding: str) -> Markup:
    """The SVG; empty where nothing is measured at both ends of λ.

    Args:
        networks: the smallest members first.
        comparisons: of the same ensembles, in any order.
        finding: what the picture shows, for those who do not see it.
    """
    differences = {c.architecture: c.difference for c in comparisons}
    shown = [network for network in networks if differences[network.name].n]
    if not shown:
        return Markup("")
    own = [differences[network.name] for network in shown]
    ends = [[100 * end for end in (d.mean, d.low, d.high) if not math.isnan(end)] for d in own]
    y, levels = layout.vertical([end for each in ends for end in each])
    x, sizes = layout.horizontal([network.parameters for network in shown])
    places = layout.spread([x(network.parameters) for network in shown])
    points = [
        Point(n.name, n.verdict, place, y(each[0]), y(max(each)), y(min(each)), f"{n.name}: {wording.points(d)}")
        for n, d, place, each in zip(shown, own, places, ends, strict=True)
    ]
    rows = [_level(y(level), level) for level in levels]
    columns = [_size(x(size), size) for size in sizes]
    zero = _line(LEFT, y(0), RIGHT, y(0), "axis", INK, 1.5)
    drawn = [*rows, *columns, zero, *_words(), *map(_mark, points), *_names(points, y(0))]
    return Markup(
        '<svg class="answer-chart" role="img" aria-label="{}" viewBox="0 0 {:g} {:g}" width="{:g}" height="{:g}" '
        'font-family="system-ui, sans-serif" font-size="{:g}">\n{}\n</svg>'
    ).format(finding, WIDTH, HEIGHT, WIDTH, HEIGHT, FONT, Markup("\n").join(drawn))


def _level(y: float, level: float) -> Markup:
    text = f"{level:+g}".replace("-", "−") if level else "0"
    return _line(LEFT, y, RIGHT, y, "grid", GRID) + _text(LEFT - 6, y + 4.5, text, "end", "soft")


def _size(x: float, size: int) -> Markup:
    text = f"{size:,}" if size < 1_000_000 else f"{size / 1e6:g} M"
    return _line(x, BOTTOM, x, BOTTOM + 5, "tick", MUTED) + _text(x, BOTTOM + 19, text, "middle", "soft")


def _words() -> list[Markup]:
    return [
        _text(LEFT - 40, TOP - 12, "error at λ = 1 minus error at λ = 0, in points"),
        _text(LEFT + 8, TOP + FONT, ABOVE, look="soft"),
        _text(LEFT + 8, BOTTOM - 6, BELOW, look="soft"),
        _line(LEFT, BOTTOM, RIGHT, BOTTOM, "tick", MUTED),
        _text((LEFT + RIGHT) / 2, HEIGHT - 6, "parameters of a member", "middle"),
    ]


def _mark(point: Point) -> Markup:
    """A dot, hollow where the interval holds 0 or is lacking, and its interval."""
    color, sure = COLOURS[point.verdict], point.verdict != "unclear"
    bar = Markup("")
    if point.top < point.bottom:
        bar = _line(point.x, point.top, point.x, point.bottom, point.verdict, color, 2.5)
    dot = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:g}" fill="{}" stroke="{}" stroke-width="2.5"/>')
    filled = dot.format(f"{point.verdict} dot", point.x, point.y, MARK - 1, color if sure else PAPER, color)
    return Markup("<g><title>{}</title>{}{}</g>").format(point.told, bar, filled)


def _names(points: Sequence[Point], zero: float) -> list[Markup]:
    """The names that have room beside their marks."""
    short = [layout.shortened(point.name) for point in points]
    boxes = layout.name_places(short, [(point.x, point.y) for point in points], [point.box for point in points], zero)
    return [_text(box.left, box.bottom - 4, name) for box, name in zip(boxes, short, strict=True) if box]


def _line(x1: float, y1: float, x2: float, y2: float, look: str, color: str, width: float = 1) -> Markup:
    return Markup(
        '<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{:g}"/>'
    ).format(look, x1, y1, x2, y2, color, width)


def _text(x: float, y: float, text: str, anchor: str = "start", look: str = "ink") -> Markup:
    color = MUTED if look == "soft" else INK
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}">{}</text>').format(
        look, x, y, anchor, color, text
    )
