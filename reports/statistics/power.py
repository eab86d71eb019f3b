"""Seeds to decide: how many more would settle a question, by the power of its test at the mean and spread so far."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

POWER = 0.8
MOST_SEEDS = 1_000
"""Most seeds that are suggested. An effect that needs more is too small to matter."""


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

    Mean and standard deviation are assumed to stay as they are. None for fewer than two values, without any spread, or
    if ``MOST_SEEDS`` would not suffice.
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
    """The least n, from ``fewest`` on, with a power of at least ``POWER``; None beyond ``MOST_SEEDS``.

    The bisection relies on power growing with n.
    """
    if not power(MOST_SEEDS) >= POWER:
        return None
    low, high = fewest, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle + 1, high)
    return low


def more_seeds_for_share(share: float, seeds: int, sure: float) -> int | None:
    """How many more seeds bring a bootstrap's share above ``sure``, or below 1 − ``sure``, with 80 % power.

    With n seeds a share is about Φ(z), where z varies between samples of seeds with mean √n·d and standard deviation 1.
    A verdict falls in 80 % of the samples if √n·d = Φ⁻¹(sure) + Φ⁻¹(0.8). The effect d is taken from the share so far,
    whose bootstrap has √(1 − 1/n) of the seeds' spread.

    None for fewer than two seeds, for a share of 0, a half or 1, or if ``MOST_SEEDS`` would not suffice.
    """
    agreeing = max(share, 1 - share)
    if seeds < 2 or agreeing >= 1:
        return None
    z = stats.norm.ppf(agreeing) * math.sqrt(1 - 1 / seeds)
    if z <= 0:
        return None
    needed = math.ceil(seeds * ((stats.norm.ppf(sure) + stats.norm.ppf(POWER)) / z) ** 2)
    return None if needed > MOST_SEEDS else max(1, needed - seeds)
