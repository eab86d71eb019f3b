"""Tests of what claims assert: one-sample t tests, equivalence, exact counts, and p values of several at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.statistics.ranges import ANY, Range
from reports.statistics.summaries import spread


@dataclass(frozen=True)
class PValues:
    """p values of a hypothesis and of its contrary. Each is small if the data support it."""

    p_for: float
    p_against: float


def lies_above(values: Sequence[float], bound: float = 0.0, within: Range = ANY) -> PValues:
    """Two-sided t test of a mean at ``bound``, split by side: ``p_for`` for a mean above it, ``p_against`` for below.

    For a measure of any range, the smaller of the two is the p of ``scipy.stats.ttest_1samp``.
    """
    above, below = _one_sided(values, bound, within)
    return PValues(min(1.0, 2 * above), min(1.0, 2 * below))


def lies_between(values: Sequence[float], low: float, high: float, within: Range = ANY) -> PValues:
    """Two one-sided t tests (Schuirmann 1987) of a mean between two bounds, and tests of the contrary, a mean beyond.

    ``p_for`` is the larger of the two one-sided p. It is below 0.05 if the 90 % interval lies between the bounds.
    ``p_against`` is below 0.05 if the 95 % interval lies wholly beyond one of them.
    """
    above_low, below_low = _one_sided(values, low, within)
    above_high, below_high = _one_sided(values, high, within)
    return PValues(max(above_low, below_high), min(1.0, 2 * min(below_low, above_high)))


def _one_sided(values: Sequence[float], bound: float, within: Range) -> tuple[float, float]:
    """p values of a mean above and of a mean below a bound; 1 for fewer than two values.

    The standard deviation is at least the measure's resolution. Where none is known, and the values have no spread at
    all, a sign test decides: n seeds that agree have a p of 0.5ⁿ.
    """
    n = len(values)
    if n < 2:
        return 1.0, 1.0
    mean, sd = float(np.mean(values)), spread(values)
    if max(sd, within.least_sd) == 0:
        agreeing = 0.5**n
        return agreeing if values[0] > bound else 1.0, agreeing if values[0] < bound else 1.0
    t = float(within.t(mean, sd, n, bound))
    return float(stats.t.sf(t, n - 1)), float(stats.t.cdf(t, n - 1))


def holm(ps: Sequence[float]) -> list[float]:
    """p values adjusted by Holm's step-down method (1979): valid whatever their dependence."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, largest = [0.0] * len(ps), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - place) * ps[i]))
        adjusted[i] = largest
    return adjusted


def hits_by_chance(chances: Sequence[float], hits: int) -> float:
    """Exact probability of at least so many hits of independent guesses, each with its own chance.

    With equal chances it is the upper tail of the binomial distribution.
    """
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    return float(min(1.0, distribution[hits:].sum()))
