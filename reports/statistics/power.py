"""Seeds to decide: how many more would settle a question, by the power of its test at the mean and spread so far."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

POWER = 0.8
MOST_SEEDS = 1_000
"""More are never asked for: a question that needs them is settled by its smallness."""


def of_t_test(mean: float, sd: float, n: int, alpha: float) -> float:
    """Power of the two-sided one-sample t test with n values, by the noncentral t distribution."""
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    shift = abs(mean) / sd * math.sqrt(n)
    return float(stats.nct.sf(critical, n - 1, shift))


def of_equivalence(mean: float, sd: float, n: int, margin: float, alpha: float) -> float:
    """Power of two one-sided t tests with n values: a lower bound, exact where one side decides."""
    critical = stats.t.ppf(1 - alpha, n - 1)
    sides = (stats.nct.sf(critical, n - 1, (margin + sign * mean) / sd * math.sqrt(n)) for sign in (1, -1))
    return float(max(0.0, sum(sides) - 1))


def more_seeds(values: Sequence[float], margin: float | None, alpha: float) -> int | None:
    """How many seeds beyond these settle whether the mean is 0, or within ±margin, with 80 % power.

    Mean and standard deviation are taken as they are so far. None below two values, without any spread, and where
    ``MOST_SEEDS`` would not do.
    """
    array = np.asarray(values, dtype=float)
    if array.size < 2 or (sd := float(array.std(ddof=1))) == 0:
        return None
    mean = float(array.mean())

    def power(n: int) -> float:
        if margin is None:
            return of_t_test(mean, sd, n, alpha)
        if abs(mean) < margin:
            return of_equivalence(mean, sd, n, margin, alpha)
        return of_t_test(abs(mean) - margin, sd, n, alpha)

    needed = _least(power, max(array.size, 2))
    return None if needed is None else max(1, needed - array.size)


def _least(power: Callable[[int], float], fewest: int) -> int | None:
    """The least n of sufficient power, which grows with n."""
    if not power(MOST_SEEDS) >= POWER:
        return None
    low, high = fewest, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle + 1, high)
    return low


def more_seeds_for_share(share: float, seeds: int, sure: float) -> int | None:
    """How many more seeds bring a bootstrap's share to ``sure``, or to 1 − ``sure``.

    The share is Φ(√n·d) of an effect d that stays as it is; the bootstrap's spread is √(1 − 1/n) of the true one.
    None where the share is a half or nearly so, and where ``MOST_SEEDS`` would not do.
    """
    agreeing = max(share, 1 - share)
    if seeds < 2 or agreeing >= 1:
        return None
    z = stats.norm.ppf(agreeing) * math.sqrt(1 - 1 / seeds)
    if z <= 0:
        return None
    needed = math.ceil(seeds * (stats.norm.ppf(sure) / z) ** 2)
    return None if needed > MOST_SEEDS else max(1, needed - seeds)
