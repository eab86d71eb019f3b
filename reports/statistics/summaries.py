"""Means, intervals and paired differences. The seed is the unit of replication."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from reports.statistics.ranges import ANY, Range

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
        """Whether there were enough values for an interval."""
        return self.n > 1

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0; never so without an interval."""
        return self.has_interval and (self.low > 0 or self.high < 0)


def summarise(values: Sequence[float], within: Range = ANY) -> Summary:
    """Mean, standard deviation and t interval of independent replicates of a measure with this range.

    One value has a mean and no interval; none has neither. The interval stays within the range, and takes a standard
    deviation of at least the measure's resolution.

    Raises:
        ValueError: a value is NaN or infinite. Such trials must be left out by status, not here.
    """
    array = np.asarray(values, dtype=float)
    if not np.isfinite(array).all():
        raise ValueError("only finite values can be averaged")
    if array.size < 2:
        mean = float(array[0]) if array.size else float("nan")
        return Summary(array.size, mean, float("nan"), float("nan"), float("nan"))
    return Summary(array.size, float(array.mean()), spread(array), *interval(array, CONFIDENCE, within))


def spread(values: Sequence[float] | np.ndarray) -> float:
    """Standard deviation (ddof = 1) of at least two values; exactly 0 if all are equal."""
    array = np.asarray(values, dtype=float)
    return 0.0 if (array == array[0]).all() else float(array.std(ddof=1))


@cache
def _critical(confidence: float, freedom: int) -> float:
    return float(stats.t.ppf((1 + confidence) / 2, freedom))


def paired_difference(of: Mapping[int, float], against: Mapping[int, float], within: Range = ANY) -> Summary:
    """``of`` minus ``against`` within each seed that both have, summarised over seeds.

    Seeds fix split, initial weights and data order for all λ, so that the difference within a seed varies less
    than either value.

    Args:
        within: the range of either value, not that of their difference.
    """
    shared = sorted(of.keys() & against.keys())
    return summarise([of[seed] - against[seed] for seed in shared], within.difference())


def binomial_se(error: float, examples: int) -> float:
    """Standard error of an error rate measured once on so many examples."""
    return math.sqrt(error * (1 - error) / examples)


def interval(values: Sequence[float] | np.ndarray, confidence: float, within: Range = ANY) -> tuple[float, float]:
    """The t interval of a mean, on the scale of its range; NaN below two values."""
    array = np.asarray(values, dtype=float)
    if array.size < 2:
        return float("nan"), float("nan")
    se = float(within.sd(spread(array))) / array.size**0.5
    return within.interval(float(array.mean()), se, _critical(confidence, array.size - 1))
