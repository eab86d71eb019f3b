"""Tests of what claims assert: one-sample t tests, equivalence, exact counts, and p values of several at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class PValues:
    """A one-sample t test of a hypothesis, and of its contrary: the p of each, small where the data speak for it."""

    p_for: float
    p_against: float


def tends_above_zero(values: Sequence[float]) -> PValues:
    """Two-sided t test that a mean is 0, split by the side on which it lies: above (for), or below (against).

    The smaller of the two is the p of ``scipy.stats.ttest_1samp``. Values without any spread decide by their mean:
    differences that are all exactly 0 are those of a cell with itself, which is not above itself.
    """
    array = np.asarray(values, dtype=float)
    if array.size < 2:
        return PValues(1.0, 1.0)
    se = float(array.std(ddof=1)) / array.size**0.5
    if se == 0:
        return PValues(0.0, 1.0) if array[0] > 0 else PValues(1.0, 0.0)
    t = float(array.mean()) / se
    above = float(stats.t.sf(t, array.size - 1))
    return PValues(min(1.0, 2 * above), min(1.0, 2 * (1 - above)))


def equivalent_to_zero(values: Sequence[float], margin: float) -> PValues:
    """Two one-sided t tests (Schuirmann 1987) that a mean lies within ±margin; against it, that it lies beyond.

    ``p_for`` is the larger of the two one-sided p: below 0.05 where the 90 % interval lies within the margin.
    ``p_against`` is below 0.05 where the 95 % interval lies wholly beyond one end of it.
    """
    array = np.asarray(values, dtype=float)
    if array.size < 2:
        return PValues(1.0, 1.0)
    mean, se = float(array.mean()), float(array.std(ddof=1)) / array.size**0.5
    if se == 0:
        return PValues(0.0, 1.0) if abs(mean) < margin else PValues(1.0, 0.0)
    freedom = array.size - 1
    inside = max(stats.t.sf((mean + margin) / se, freedom), stats.t.cdf((mean - margin) / se, freedom))
    beyond = min(stats.t.sf((mean - margin) / se, freedom), stats.t.cdf((mean + margin) / se, freedom))
    return PValues(float(inside), min(1.0, 2 * float(beyond)))


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
