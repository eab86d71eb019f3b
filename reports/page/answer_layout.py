"""Where the picture of the answer puts its marks, ticks and names. Lengths are in the picture's own units."""

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 460.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, WIDTH - 10, 26.0, HEIGHT - 44
"""Edges of the frame."""
WORDS = 22.0
"""Height of the strips at the top and the bottom of the frame that are kept free for words."""
LEAST_GAP = 13.0
"""Least distance of two marks, where there is room for it."""
MARK = 6.0
FONT = 13.0
MOST_CHARACTERS = 18

Scale = Callable[[float], float]


@dataclass(frozen=True)
class Box:
    """A rectangle; y points down."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: "Box") -> bool:
        """Whether this lies wholly within the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


INNER = Box(LEFT + 2, TOP + WORDS - 4, RIGHT - 2, BOTTOM - WORDS + 4)
"""Where names may stand."""


def vertical(values: Sequence[float]) -> tuple[Scale, list[float]]:
    """A scale over values in points, which shows 0 and at most ±100, and its ticks."""
    shown = [max(-100.0, min(100.0, value)) for value in (0.0, *values)]
    low, high = min(shown), max(shown)
    if low == high:
        low, high = -0.5, 0.5
    step = nice_step((high - low) / 5)
    ticks = [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    top, bottom = TOP + WORDS, BOTTOM - WORDS

    def scale(value: float) -> float:
        inside = max(low, min(high, value))
        return bottom - (inside - low) / (high - low) * (bottom - top)

    return scale, ticks


def nice_step(least: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9)))


def horizontal(sizes: Sequence[int]) -> tuple[Scale, list[int]]:
    """A logarithmic scale over parameters, and its ticks."""
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    margin = max(0.12 * (high - low), (0.6 - (high - low)) / 2)
    low, high = low - margin, high + margin

    def scale(size: float) -> float:
        return LEFT + (math.log10(size) - low) / (high - low) * (RIGHT - LEFT)

    powers = range(math.floor(low), math.ceil(high) + 1)
    fine = [step * 10**power for power in powers if power >= 0 for step in (1, 2, 5)]
    ticks = [tick for tick in fine if low <= math.log10(tick) <= high]
    decades = [tick for tick in ticks if math.log10(tick).is_integer()]
    ticks = decades if len(decades) > 2 else ticks
    return scale, ticks[:: -(-len(ticks) // 5)] if ticks else []


def spread(places: Sequence[float]) -> list[float]:
    """Ascending places, moved as little as it takes for each two to keep their distance within the frame."""
    left, right = LEFT + 2 * MARK, RIGHT - 2 * MARK
    gap = min(LEAST_GAP, (right - left) / max(1, len(places) - 1))
    forward, backward = _pushed_right(places, gap), _pushed_left(places, gap)
    centred = [(ahead + behind) / 2 for ahead, behind in zip(forward, backward, strict=True)]
    inside = _pushed_right([max(left, place) for place in centred], gap)
    return _pushed_left([min(right, place) for place in inside], gap)


def _pushed_right(places: Sequence[float], gap: float) -> list[float]:
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap) if found else place)
    return found


def _pushed_left(places: Sequence[float], gap: float) -> list[float]:
    return [-place for place in _pushed_right([-place for place in reversed(places)], gap)][::-1]


def name_places(
    names: Sequence[str], marks: Sequence[tuple[float, float]], bars: Sequence[Box], zero: float
) -> list[Box | None]:
    """A free place for each name beside its mark; None where there is no room.

    Args:
        names: shortened.
        marks: (x, y) of each mark.
        bars: what each mark and its bar take.
        zero: y of the zero line, which no name may cross.
    """
    taken, found = [Box(LEFT, zero - 1, RIGHT, zero + 1), *bars], list[Box | None]()
    for name, (x, y), bar in zip(names, marks, bars, strict=True):
        box = next((b for b in _beside(text_width(name), x, y, bar) if _free(b, taken)), None)
        found.append(box)
        taken += [box] if box else []
    return found


def _beside(width: float, x: float, y: float, bar: Box) -> list[Box]:
    tall, apart = FONT + 2, MARK + 4
    return [
        Box(x + apart, y - tall / 2, x + apart + width, y + tall / 2),
        Box(x - apart - width, y - tall / 2, x - apart, y + tall / 2),
        Box(x - width / 2, bar.top - tall - 2, x + width / 2, bar.top - 2),
        Box(x - width / 2, bar.bottom + 2, x + width / 2, bar.bottom + tall + 2),
    ]


def _free(box: Box, taken: Sequence[Box]) -> bool:
    return box.inside(INNER) and not any(box.meets(other) for other in taken)


def text_width(text: str) -> float:
    """Width of a text, rather too large than too small: wide letters of East Asia take a whole square."""
    squares = sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.62 for letter in text)
    return squares * FONT


def shortened(name: str) -> str:
    """A name that has room beside a mark."""
    return name if len(name) <= MOST_CHARACTERS else f"{name[: MOST_CHARACTERS - 1]}…"
