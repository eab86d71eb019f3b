"""The best λ of an ensemble, which λs tie for it, and how sure the seeds make it by a bootstrap.

Errors are whole numbers of wrong images. Their sums are exact, so equal errors tie whatever the order of summation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.statistics.summaries import CONFIDENCE

RESAMPLES = 10_000
RESAMPLES_AT_ONCE = 500
"""Resamples drawn at once, so that many seeds take little memory."""
SEED = 2020
"""Seed of the bootstrap's generator, fixed so that a page is rebuilt byte for byte."""
ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
ROUNDING = 1e-9
"""What sums of equal parts of resamples may be short of by rounding."""


def resampled_sums(wrong: np.ndarray, resamples: int = RESAMPLES) -> np.ndarray:
    """Sums over seeds resampled with replacement: rows are seeds, and a seed's columns stay together.

    Args:
        wrong: whole numbers of shape (seed, column).
        resamples: number of resamples.

    Returns:
        Whole numbers of shape (resample, column), the same for equal arguments.
    """
    seeds, sums = len(wrong), []
    generator = np.random.default_rng(SEED)
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        draws = generator.multinomial(seeds, np.full(seeds, 1 / seeds), min(RESAMPLES_AT_ONCE, resamples - start))
        sums.append(draws @ wrong)
    return np.concatenate(sums)


def least(sums: np.ndarray) -> np.ndarray:
    """Whether each column has the least sum of its row. Several columns have it where they tie.

    Raises:
        TypeError: the sums are no whole numbers, whose ties rounding would decide.
    """
    if not np.issubdtype(sums.dtype, np.integer):
        raise TypeError(f"ties are told by whole numbers, got {sums.dtype}")
    return np.asarray(sums == sums.min(-1, keepdims=True))


def compared(wrong: pd.DataFrame) -> pd.DataFrame:
    """The part of a table by which its λs are compared: the seeds that every measured λ has.

    Args:
        wrong: numbers of wrong images, one row per seed and one column per λ; NaN where a trial is not complete.

    Returns:
        Whole numbers. λs without any seed are left out. There is no row if no seed has all the others.
    """
    return wrong.dropna(axis=1, how="all").dropna().astype(int)


@dataclass(frozen=True)
class Best:
    """The λs with the least mean error over the seeds that every measured λ has, and where resamples put them."""

    tied: tuple[float, ...]
    """The best λ, or all λs that tie for it, ascending."""
    low: float
    high: float
    """Ends of the 95 % percentile interval, widened to hold every tied λ. They are λs of the grid; NaN below two
    seeds."""
    shares: Mapping[float, float]
    """Share of resamples in which each measured λ is the best; NaN below two seeds. The λs that tie in a resample have
    equal parts of it."""
    seeds: tuple[int, ...]
    """Seeds that every measured λ has."""

    @property
    def share(self) -> float:
        """Share of resamples in which a λ of ``tied`` is the best; NaN below two seeds."""
        return sum(self.shares[lam] for lam in self.tied)


def best_lambda(wrong: pd.DataFrame) -> Best | None:
    """The best λ, given a table as in :func:`compared`. None if no seed has every measured λ.

    Seeds are drawn with replacement, each with its errors at every λ, since λs are paired within seeds.
    """
    table = compared(wrong)
    if table.empty:
        return None
    grid, seeds = [float(lam) for lam in table.columns], tuple(int(seed) for seed in table.index)
    tied = tuple(lam for lam, best in zip(grid, least(table.to_numpy().sum(0)), strict=True) if best)
    if len(seeds) < 2:
        return Best(tied, float("nan"), float("nan"), dict.fromkeys(grid, float("nan")), seeds)
    resampled = least(resampled_sums(table.to_numpy()))
    parts = (resampled / resampled.sum(1, keepdims=True)).mean(0)
    low, high = (grid[int(np.argmax(parts.cumsum() >= end - ROUNDING))] for end in ENDS)
    shares = {lam: float(part) for lam, part in zip(grid, parts, strict=True)}
    return Best(tied, min(low, tied[0]), max(high, tied[-1]), shares, seeds)
