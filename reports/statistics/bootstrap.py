"""The bootstrap over seeds; the best λ of an ensemble, and how sure the seeds make it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reports.statistics.summaries import CONFIDENCE

RESAMPLES = 10_000
RESAMPLES_AT_ONCE = 500
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
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        # Counts times values: columns of equal numbers then have exactly equal means, whatever the order of the draw.
        counts = generator.multinomial(seeds, np.full(seeds, 1 / seeds), min(RESAMPLES_AT_ONCE, resamples - start))
        means.append(counts @ errors / seeds)
    return np.concatenate(means)


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
    table = np.array([[by_seed[seed] for by_seed in measured.values()] for seed in seeds])
    best = float(grid[_least(table.mean(0))])
    if len(seeds) < 2:
        return Best(best, float("nan"), float("nan"), float("nan"), 1)
    drawn = np.sort(grid[_least(resampled_means(table))])
    ends = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    low, high = np.quantile(drawn, ends, method="inverted_cdf")
    return Best(best, float(low), float(high), float(np.mean(drawn == best)), len(seeds))


def _least(means: np.ndarray) -> np.ndarray:
    """The first column with the least mean of each row; means equal to within rounding are equal."""
    return np.asarray(np.round(means, 12).argmin(-1))
