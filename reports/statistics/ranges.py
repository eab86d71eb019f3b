"""What is known of a measure before any value of it: the ends of its range, and its resolution."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

INFINITY = math.inf


@dataclass(frozen=True)
class Range:
    """The values that a measure can take, and the scale on which its mean has an interval.

    A mean of fractions has its interval on the scale of logits, a mean of positive numbers on that of logarithms. Back
    on the measure's own scale, the interval never leaves the range. Standard errors pass from scale to scale by the
    delta method. Where the mean lies at an end of the range, no such scale exists, and the mean's own serves.
    """

    least: float = -INFINITY
    most: float = INFINITY
    linear: bool = False
    """Whether the scale is the measure's own, as for differences. The interval is then cut at the ends of the range."""
    least_sd: float = 0.0
    """The standard deviation over seeds is taken to be at least this. An error rate counts images, and few seeds may
    agree to the image by chance: no spread is no certainty."""

    def times(self, factor: float) -> "Range":
        """The range of the measure in another unit."""
        return Range(self.least * factor, self.most * factor, self.linear, self.least_sd * factor)

    def difference(self, terms: int = 2) -> "Range":
        """The range of a difference, to which ``terms`` independent values contribute: 4 for one of two differences."""
        width = (self.most - self.least) * terms / 2
        return Range(-width, width, linear=True, least_sd=self.least_sd * terms**0.5)

    def sd(self, sd: Any) -> Any:
        """A standard deviation, or an array of them, of at least the resolution."""
        return np.maximum(sd, self.least_sd)

    def t(self, mean: Any, sd: Any, n: int, bound: float) -> Any:
        """How many standard errors the mean of n values lies above a bound, on this scale; arrays give an array.

        It is ±∞ if the bound lies at or beyond an end of the range, which no mean can cross.
        """
        mean, se = np.clip(mean, self.least, self.most), self.sd(sd) / n**0.5
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = (self._to(mean) - self._to(np.asarray(bound, dtype=float))) / (se * self._slope(mean))
            return np.where(self._scalable(mean), scaled, (mean - bound) / se)

    def interval(self, mean: float, se: float, critical: float) -> tuple[float, float]:
        """The ends of the interval of a mean with this standard error, ``critical`` of them to either side."""
        middle = np.asarray(mean)
        if not self._scalable(middle):
            ends = mean - critical * se, mean + critical * se
        else:
            half = critical * se * float(self._slope(middle))
            ends = self._back(float(self._to(middle)) - half), self._back(float(self._to(middle)) + half)
        return max(ends[0], self.least), min(ends[1], self.most)

    def _scalable(self, x: np.ndarray) -> np.ndarray:
        return np.asarray((x > self.least) & (x < self.most)) & (not self.linear)

    def _to(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.least == -INFINITY:
                return x
            above = np.log(np.maximum(x - self.least, 0))
            return above if self.most == INFINITY else above - np.log(np.maximum(self.most - x, 0))

    def _slope(self, x: np.ndarray) -> np.ndarray:
        if self.least == -INFINITY:
            return np.ones_like(x, dtype=float)
        above = 1 / (x - self.least)
        return above if self.most == INFINITY else above + 1 / (self.most - x)

    def _back(self, y: float) -> float:
        if self.least == -INFINITY:
            return y
        if self.most == INFINITY:
            return self.least + math.exp(y)
        return self.least + (self.most - self.least) / (1 + math.exp(-y))


ANY = Range(linear=True)
FRACTION = Range(0.0, 1.0)
POSITIVE = Range(0.0)
