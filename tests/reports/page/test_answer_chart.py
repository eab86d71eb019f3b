"""The picture of the answer: marks where the numbers are, words on the right side, and any number of any names."""

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from markupsafe import Markup

from reports.frames.frames import Frames
from reports.page import answer
from reports.page import answer_layout as layout
from reports.page.answer import Comparison
from reports.page.answer_chart import ABOVE, BELOW, picture
from reports.page.answer_layout import Box
from reports.page.plain_answer import Judged, judged
from reports.statistics.summaries import Summary, summarise

SVG = "{http://www.w3.org/2000/svg}"
NONE = summarise([])
HOSTILE = '</svg><script>alert(1)</script>" onload="x'


def difference(mean: float, half: float | None = None) -> Summary:
    """In points; without an interval one seed."""
    if half is None:
        return summarise([mean / 100])
    return Summary(3, mean / 100, 0.01, (mean - half) / 100, (mean + half) / 100)


def drawn(*rows: tuple[str, int, Summary], finding: str = "found") -> Markup:
    """The picture of ensembles with these names, sizes and differences."""
    comparisons = [Comparison(name, NONE, NONE, own, 0.0, NONE, (0.1,), {}) for name, _, own in rows]
    networks = [
        Judged(name, size, c.verdict, c.difference.n) for (name, size, _), c in zip(rows, comparisons, strict=True)
    ]
    return picture(sorted(networks, key=lambda network: network.parameters), comparisons, finding)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def marks(svg: str) -> dict[str, ET.Element]:
    """The dots by what pointing at them tells."""
    return {str(g.findtext(f"{SVG}title")): g for g in parsed(svg).findall(f"{SVG}g")}


def dot(svg: str, told: str) -> dict[str, str]:
    (found,) = [g for title, g in marks(svg).items() if title.startswith(told)]
    element = found.find(f"{SVG}circle")
    assert element is not None
    return element.attrib


def bar(svg: str, told: str) -> dict[str, str] | None:
    (found,) = [g for title, g in marks(svg).items() if title.startswith(told)]
    element = found.find(f"{SVG}line")
    return None if element is None else element.attrib


def zero(svg: str) -> float:
    (line,) = [each for each in parsed(svg).findall(f"{SVG}line") if each.get("class") == "axis"]
    return float(str(line.get("y1")))


def words(svg: str) -> list[str]:
    return [str(text.text) for text in parsed(svg).findall(f"{SVG}text")]


THREE = (("tiny", 3190, difference(-5.66, 0.4)), ("mid", 12730, difference(0.1, 0.3)), ("big", 50890, difference(2, 1)))


def test_marks_stand_above_zero_where_separate_networks_are_better_and_below_where_one_system_is() -> None:
    svg = drawn(*THREE)
    assert float(dot(svg, "big")["cy"]) < zero(svg) < float(dot(svg, "tiny")["cy"])
    texts = {str(text.text): float(str(text.get("y"))) for text in parsed(svg).findall(f"{SVG}text")}
    assert texts[ABOVE] < float(dot(svg, "big")["cy"]) < float(dot(svg, "tiny")["cy"]) < texts[BELOW]


def test_heights_are_proportional_to_points_and_bars_are_the_interval() -> None:
    svg = drawn(*THREE)
    per_point = (zero(svg) - float(dot(svg, "big")["cy"])) / 2
    assert (float(dot(svg, "tiny")["cy"]) - zero(svg)) / 5.66 == pytest.approx(per_point, rel=0.01)
    ends = bar(svg, "tiny")
    assert ends is not None
    assert (float(ends["y2"]) - float(ends["y1"])) / 0.8 == pytest.approx(per_point, rel=0.02)


def test_places_are_logarithmic_in_the_members_parameters() -> None:
    svg = drawn(("a", 100, difference(1, 0.5)), ("b", 1000, difference(1, 0.5)), ("c", 100_000, difference(1, 0.5)))
    a, b, c = (float(dot(svg, name)["cx"]) for name in "abc")
    assert (c - b) / (b - a) == pytest.approx(2, rel=0.01)


def test_what_cannot_be_told_is_hollow_and_one_seed_has_no_bar() -> None:
    svg = drawn(*THREE, ("once", 99, difference(1)))
    fills = {name: dot(svg, name)["fill"] for name in ("tiny", "mid", "big", "once")}
    assert fills["mid"] == fills["once"] == "#ffffff"
    assert len({*fills.values()}) == 3
    assert bar(svg, "once") is None
    assert "one seed, no interval" in next(title for title in marks(svg) if title.startswith("once"))


def test_what_is_not_measured_is_not_drawn() -> None:
    assert [title[:4] for title in marks(drawn(*THREE, ("none", 99, NONE)))] == ["tiny", "mid:", "big:"]
    assert drawn(("none", 99, NONE)) == ""


def test_names_are_text_and_the_finding_is_the_label() -> None:
    svg = drawn((HOSTILE, 10, difference(1, 2)), finding=HOSTILE)
    root = parsed(svg)
    assert (root.get("role"), root.get("aria-label")) == ("img", HOSTILE)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "g", "title", "line", "circle", "text"}
    assert "<script" not in svg
    assert f"{HOSTILE[:17]}…" in words(svg)


@pytest.mark.parametrize(
    "rows",
    [
        [("one", 5, difference(0, 0))],
        [("a", 5, difference(0)), ("b", 5, difference(1e-9, 1e-10))],
        [(f"{m}x16H", 1000, difference(m / 10, 0.1)) for m in range(2, 9)],
        [("wide", 10, difference(3, 900)), ("fine", 20, difference(0.1, 0.01))],
        [(f"network-{i}", 1 + i**3, difference(math.sin(i), 0.4)) for i in range(40)],
        [("名" * 40, 10, difference(1, 0.1)), ("x" * 64, 11, difference(1.01, 0.1)), ("y" * 64, 12, NONE)],
        [(f"n{i}", 10 + i, difference(i % 7 - 3, 1)) for i in range(200)],
    ],
    ids=["a zero", "tiny", "one size", "huge interval", "forty", "long names", "two hundred"],
)  # fmt: skip
def test_everything_stays_within_the_picture_and_apart(rows: list[tuple[str, int, Summary]]) -> None:
    svg = drawn(*rows)
    assert not re.search(r"\b(nan|inf)\b", svg)
    circles = [element.attrib for element in parsed(svg).iter(f"{SVG}circle")]
    assert len(circles) == sum(own.n > 0 for _, _, own in rows)
    for circle in circles:
        assert layout.LEFT < float(circle["cx"]) < layout.RIGHT
        assert layout.TOP < float(circle["cy"]) < layout.BOTTOM
    places = [float(circle["cx"]) for circle in circles]
    least = min(layout.LEAST_GAP, (layout.RIGHT - layout.LEFT - 4 * layout.MARK) / max(1, len(places) - 1))
    assert all(after - before >= least - 0.11 for before, after in pairwise(places))
    assert svg == drawn(*rows)


def test_no_name_covers_another_a_mark_or_the_zero_line() -> None:
    rows = [(f"network-{i}", 1 + i**3, difference(3 * math.sin(i), 0.4)) for i in range(30)]
    svg = drawn(*rows)
    boxes = [_box(text) for text in parsed(svg).findall(f"{SVG}text") if str(text.text).startswith("network-")]
    assert 5 < len(boxes) < len(rows)
    circles = [element.attrib for element in parsed(svg).iter(f"{SVG}circle")]
    dots = [Box(float(c["cx"]) - 5, float(c["cy"]) - 5, float(c["cx"]) + 5, float(c["cy"]) + 5) for c in circles]
    line = Box(0, zero(svg) - 0.5, layout.WIDTH, zero(svg) + 0.5)
    for i, box in enumerate(boxes):
        assert not any(box.meets(other) for other in [*boxes[:i], *dots, line])


def _box(text: ET.Element) -> Box:
    left, low = float(str(text.get("x"))), float(str(text.get("y"))) + 4
    return Box(left, low - layout.FONT, left + layout.text_width(str(text.text)), low)


@pytest.mark.parametrize(("least", "step"), [(0.9, 1), (1, 1), (1.1, 2), (2.1, 5), (6, 10), (0.03, 0.05), (1e-7, 1e-7)])
def test_steps_are_round(least: float, step: float) -> None:
    assert layout.nice_step(least) == pytest.approx(step)


def test_of_a_store(full_frames: Frames) -> None:
    comparisons = answer.compare(full_frames)
    svg = picture(judged(full_frames, comparisons), comparisons, "found")
    assert [title.split(":")[0] for title in marks(svg)] == ["20x4H", "4x16H"]
    assert {"20x4H", "4x16H"} <= set(words(svg))
