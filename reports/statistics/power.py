"""Seeds to decide: how many more would settle a claim, if its means and spreads stay as they are."""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

POWER = 0.8
MOST_SEEDS = 1_000
"""Most seeds that are suggested. An effect that needs more is too small to matter."""
SIMULATIONS = 2_000
"""Simulated runs for each number of seeds: the simulated power is within 2 percentage points, twice its error."""
SEED = 2020
Rule = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""Whether a claim is settled, given means and standard deviations of n seeds, both of shape (simulation, contrast)."""


def more_seeds(values: np.ndarray, settled: Rule) -> int | None:
    """How many seeds beyond these settle a claim in 80 % of runs that have these means and this covariance.

    Runs with n seeds are simulated, all contrasts together, since seeds tie them to each other. The bisection relies on
    power growing with n.

    Args:
        values: of shape (seed, contrast).
        settled: the claim's own rule.

    Returns:
        None for fewer than two seeds, or if ``MOST_SEEDS`` would not suffice.
    """
    present = len(values)
    if present < 2:
        return None

    def suffices(n: int) -> bool:
        return bool(np.mean(settled(*simulated(values, n), n)) >= POWER)

    if not suffices(MOST_SEEDS):
        return None
    low, high = present + 1, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle + 1, high)
    return low - present


def simulated(values: np.ndarray, n: int, simulations: int = SIMULATIONS) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations of simulated runs with n seeds, more than these: (simulation, contrast).

    Seeds are drawn from the normal distribution with the mean and covariance of the values. Of each run only the sums
    are drawn: the mean, and the covariance from its Wishart distribution by Bartlett's decomposition.
    """
    generator = np.random.default_rng([SEED, n])
    centred = (values - values.mean(0)) / math.sqrt(len(values) - 1)
    _, scales, directions = np.linalg.svd(centred, full_matrices=False)
    roots = scales[:, None] * directions  # root.T @ root is the covariance
    rank = len(roots)
    means = values.mean(0) + generator.standard_normal((simulations, rank)) @ roots / math.sqrt(n)
    factors = np.tril(generator.standard_normal((simulations, rank, rank)), -1)
    factors[:, range(rank), range(rank)] = np.sqrt(generator.chisquare(n - 1 - np.arange(rank), (simulations, rank)))
    variances = ((factors.transpose(0, 2, 1) @ roots) ** 2).sum(1) / (n - 1)
    return means, np.sqrt(variances)


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
