"""Means, intervals and paired differences. The seed is the unit of replication."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """A mean over seeds with its 95 % t interval; what cannot be estimated from so few values is NaN."""

    n: int
    mean: float
    sd: float
    """Standard deviation (ddof = 1); NaN below two values."""
    low: float
    high: float
    """Ends of the interval; NaN below two values."""

    @property
    def se(self) -> float:
        """Standard error of the mean; NaN below two values."""
        return self.sd / self.n**0.5 if self.n else float("nan")

    @property
    def has_interval(self) -> bool:
        """Whether there were enough values for one."""
        return self.n > 1

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0; never so without an interval."""
        return self.has_interval and (self.low > 0 or self.high < 0)


def summarise(values: Sequence[float]) -> Summary:
    """Mean, standard deviation and t interval of independent replicates.

    One value has a mean and no interval; none has neither.

    Raises:
        ValueError: a value is NaN or infinite. Such trials must be left out by status, not here.
    """
    array = np.asarray(values, dtype=float)
    if not np.isfinite(array).all():
        raise ValueError("only finite values can be averaged")
    if array.size < 2:
        mean = float(array[0]) if array.size else float("nan")
        return Summary(array.size, mean, float("nan"), float("nan"), float("nan"))
    mean, sd = float(array.mean()), float(array.std(ddof=1))
    half = _critical(array.size - 1) * sd / array.size**0.5
    return Summary(array.size, mean, sd, mean - half, mean + half)


@cache
def _critical(freedom: int) -> float:
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))


def paired_difference(of: Mapping[int, float], against: Mapping[int, float]) -> Summary:
    """``of`` minus ``against`` within each seed that both have, summarised over seeds.

    Seeds fix split, initial weights and data order for all λ, so that the difference within a seed varies less
    than either value.
    """
    shared = sorted(of.keys() & against.keys())
    return summarise([of[seed] - against[seed] for seed in shared])


def binomial_se(error: float, examples: int) -> float:
    """Standard error of an error rate measured once on so many examples."""
    return math.sqrt(error * (1 - error) / examples)


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


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """The t interval of a mean; NaN below two values."""
    array = np.asarray(values, dtype=float)
    if array.size < 2:
        return float("nan"), float("nan")
    half = float(stats.t.ppf((1 + confidence) / 2, array.size - 1)) * float(array.std(ddof=1)) / array.size**0.5
    return float(array.mean()) - half, float(array.mean()) + half


def holm(ps: Sequence[float]) -> list[float]:
    """p values adjusted by Holm's step-down method (1979): valid whatever their dependence."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, largest = [0.0] * len(ps), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - place) * ps[i]))
        adjusted[i] = largest
    return adjusted


RESAMPLES = 10_000
PORTION = 500
"""Resamples drawn at once, so that many seeds take little memory."""
SEED = 2020
"""Of the bootstrap's generator: fixed, so that a page is rebuilt byte for byte."""


def resampled_means(errors: np.ndarray, resamples: int = RESAMPLES) -> np.ndarray:
    """Means over seeds resampled with replacement: rows are seeds, and a seed's columns stay together.

    Args:
        errors: (seed, column) of one value each.
        resamples: how many.

    Returns:
        (resample, column), the same for equal arguments.
    """
    seeds, means = len(errors), []
    generator = np.random.default_rng(SEED)
    for start in range(0, resamples, PORTION):
        # Counts times values: columns of equal numbers then have exactly equal means, whatever the order of the draw.
        counts = generator.multinomial(seeds, np.full(seeds, 1 / seeds), min(PORTION, resamples - start))
        means.append(counts @ errors / seeds)
    return np.concatenate(means)


def hits_by_chance(chances: Sequence[float], hits: int) -> float:
    """Exact probability of at least so many hits of independent guesses, each with its own chance.

    With equal chances it is the upper tail of the binomial distribution.
    """
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    return float(min(1.0, distribution[hits:].sum()))
