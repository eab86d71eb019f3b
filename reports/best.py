"""The best λ of an ensemble, and how sure the seeds make it: a bootstrap over seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np

MOST_EXACT = 8
"""Up to so many seeds every resample is reckoned with its probability; beyond, ``DRAWS`` are drawn."""
DRAWS = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Best:
    """The λ with the least mean error over the seeds that every measured λ has, and where resamples put it."""

    lam: float
    low: float
    high: float
    """Ends of the 95 % percentile interval, themselves λs of the grid; NaN below two seeds."""
    share: float
    """Share of resamples in which this λ is the best; NaN below two seeds."""
    n: int
    """Seeds that every measured λ has."""


def best_lambda(errors: Mapping[float, Mapping[int, float]]) -> Best | None:
    """The best λ by errors of each λ and seed; λs without any seed are left out; None where no seed has all the rest.

    Seeds are drawn with replacement, each with its errors at every λ, since λs are paired within seeds. Of equal means
    the smaller λ counts as the better.
    """
    measured = {lam: by_seed for lam, by_seed in sorted(errors.items()) if by_seed}
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in measured.values()))) if measured else []
    if not seeds:
        return None
    grid = np.array(list(measured))
    table = np.array([[measured[lam][seed] for seed in seeds] for lam in measured])
    best = int(_least(table.mean(1)[:, None])[0])
    if len(seeds) < 2:
        return Best(float(grid[best]), float("nan"), float("nan"), float("nan"), 1)
    counts, weights = _resamples(len(seeds))
    shares = np.bincount(_least(table @ counts.T / len(seeds)), weights=weights, minlength=len(grid))
    below = np.cumsum(shares)
    low, high = (int(np.argmax(below >= p - 1e-12)) for p in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Best(float(grid[best]), float(grid[low]), float(grid[high]), float(shares[best]), len(seeds))


def _least(means: np.ndarray) -> np.ndarray:
    """The first row with the least mean of each column; means equal to within rounding are equal."""
    return np.asarray(np.round(means, 12).argmin(0))


def _resamples(n: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each seed is drawn in each resample, and each resample's probability."""
    if n <= MOST_EXACT:
        drawn = [np.bincount(chosen, minlength=n) for chosen in combinations_with_replacement(range(n), n)]
        ways = [factorial(n) / prod(factorial(int(count)) for count in counts) for counts in drawn]
        return np.array(drawn), np.array(ways) / n**n
    generator = np.random.default_rng(0)
    counts = generator.multinomial(n, np.full(n, 1 / n), size=DRAWS)
    return counts, np.full(DRAWS, 1 / DRAWS)
