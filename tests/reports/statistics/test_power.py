"""How many more seeds would settle a claim, against simulation and tables, and what they cost."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from reports.claims.contrasts import Contrast, find, more_seeds
from reports.statistics import power
from reports.statistics.bootstrap import resampled_sums
from reports.statistics.ranges import ANY, Range
from tests.reports.claims.claimed import Errors, cell, judged

FOUR = "4x4H"
ORDER = {"kind": "order", "steps": [[cell(FOUR, 0)], [cell(FOUR, 1)]]}


def contrast(values: list[float], margin: float | None = None, within: Range = ANY) -> Contrast:
    return Contrast("", dict(enumerate(values)), "points", margin=margin, within=within)


def values_with(mean: float, sd: float, n: int) -> list[float]:
    """Values with exactly this mean and standard deviation."""
    drawn = np.random.default_rng(1).normal(0, 1, n)
    return [float(mean + sd * value) for value in (drawn - drawn.mean()) / drawn.std(ddof=1)]


def test_the_seeds_that_decide_are_those_of_cohens_table() -> None:
    # Cohen (1988): 34 values find an effect of half a standard deviation with 80 % power at 5 %, two-sided.
    assert more_seeds([contrast(values_with(0.5, 1, 4))], 1.0) == pytest.approx(34 - 4, abs=2)


@pytest.mark.parametrize(("mean", "margin"), [(0.1, 0.5), (0.0, 0.6), (0.9, 0.5)])
def test_the_seeds_that_decide_an_equivalence_are_those_of_the_noncentral_t(mean: float, margin: float) -> None:
    def power_of(n: int) -> float:
        critical = stats.t.ppf(0.95 if mean < margin else 0.975, n - 1)
        if mean > margin:
            return float(stats.nct.sf(critical, n - 1, (mean - margin) / 0.5 * math.sqrt(n)))
        sides = (stats.nct.sf(critical, n - 1, (margin + sign * mean) / 0.5 * math.sqrt(n)) for sign in (1, -1))
        return float(sum(sides)) - 1

    needed = next(n for n in range(5, 999) if power_of(n) >= 0.8)
    assert more_seeds([contrast(values_with(mean, 0.5, 4), margin)], 1.0) == pytest.approx(needed - 4, abs=1)


def test_simulated_runs_have_the_moments_of_runs_that_are_drawn_seed_by_seed() -> None:
    values = np.random.default_rng(1).normal([1, 2, 3], [0.5, 1, 2], (4, 3))
    means, sds = power.simulated(values, 9, 20_000)
    drawn = np.random.default_rng(2).multivariate_normal(
        values.mean(0), np.cov(values.T), (20_000, 9), method="svd", check_valid="ignore"
    )
    assert means.mean(0) == pytest.approx(drawn.mean(1).mean(0), abs=0.01)
    assert np.cov(means.T) == pytest.approx(np.cov(drawn.mean(1).T), rel=0.1, abs=0.002)
    variances = drawn.var(1, ddof=1)
    assert (sds**2).mean(0) == pytest.approx(variances.mean(0), rel=0.03)
    assert (sds**2).var(0) == pytest.approx(variances.var(0), rel=0.15)
    assert np.corrcoef((sds**2).T) == pytest.approx(np.corrcoef(variances.T), abs=0.05)


def flat(seeds: list[list[float]], within: float) -> list[Contrast]:
    """The contrasts of a claim that no two columns differ by more than a margin."""
    table = np.array(seeds)
    return [contrast(list(table[:, j] - table[:, i]), within) for i, j in combinations(range(table.shape[1]), 2)]


CASES = {
    "one pair refutes": ([[4.4, 4.4, 3.9, 5.6, 6.4], [4.7, 4.4, 4.2, 4.7, 5.6], [3.9, 4.2, 3.6, 6.4, 5.3]], 1.0),
    "all confirm": ([[5.0, 5.2, 5.1], [5.3, 5.2, 5.6], [4.9, 5.4, 5.0]], 0.8),
    "two pairs compete": ([[1.0, 2.4, 2.2], [1.2, 1.9, 2.9], [1.1, 3.3, 2.0], [0.8, 2.3, 2.4]], 1.0),
}


@pytest.mark.parametrize("case", CASES)
def test_with_so_many_seeds_the_verdict_falls_in_80_percent_of_runs(case: str) -> None:
    seeds, within = CASES[case]
    values = np.array(seeds)
    more = more_seeds(flat(seeds, within), 1.0)
    assert more is not None
    runs, generator = 300, np.random.default_rng(3)
    covariance, mean = np.cov(values.T), values.mean(0)

    def settled(n: int) -> float:
        drawn = generator.multivariate_normal(mean, covariance, (runs, n), method="svd", check_valid="ignore")
        return float(np.mean([find(flat(run.tolist(), within)).verdict() != "inconclusive" for run in drawn]))

    four_errors = 4 * math.sqrt(0.8 * 0.2 / runs)
    assert settled(len(seeds) + more) >= 0.8 - four_errors
    if more > 1:
        assert settled(len(seeds) + more - 1) <= 0.8 + four_errors


def test_seeds_that_agree_to_the_image_need_some_more() -> None:
    image = Range(0, 100, least_sd=1 / 3.6).difference()
    agreeing = Contrast("", dict.fromkeys(range(3), 1 / 3.6), "points", within=image)
    more = more_seeds([agreeing], 1.0)
    assert more is not None
    assert [Contrast("", dict.fromkeys(range(n), 1 / 3.6), "points", within=image).tested().p_for < 0.05
            for n in (2 + more, 3 + more)] == [False, True]  # fmt: skip


def test_what_no_number_of_seeds_settles_is_left_open() -> None:
    assert more_seeds([contrast([-1.0, 1.0])], 1.0) is None
    assert more_seeds([contrast([0.5])], 1.0) is None
    assert more_seeds([contrast([0.5, 0.5])], 1.0) is None
    assert more_seeds([contrast([-0.5, 1.5], 0.5)], 1.0) is None  # at the margin
    assert power.more_seeds_for_share(0.5, 3, 0.95) is None
    assert power.more_seeds_for_share(1.0, 3, 0.95) is None


def test_more_seeds_for_a_share_bring_the_mean_of_its_z_beyond_the_level_by_the_z_of_the_power() -> None:
    share, n = 0.8, 5
    more = power.more_seeds_for_share(share, n, 0.95)
    assert more is not None
    d = stats.norm.ppf(share) * math.sqrt(1 - 1 / n) / math.sqrt(n)
    # The z values of 95 % and of 80 %, from a table.
    assert math.sqrt(n + more - 1) * d < 1.645 + 0.8416 <= math.sqrt(n + more) * d
    assert power.more_seeds_for_share(1 - share, n, 0.95) == more


@pytest.mark.parametrize("effect", [0.3, 0.5])
def test_with_the_seeds_asked_for_a_share_decides_in_four_of_five_samples(effect: float) -> None:
    so_far, samples = 5, 1_000
    share = float(stats.norm.cdf(effect * math.sqrt(so_far) / math.sqrt(1 - 1 / so_far)))
    more = power.more_seeds_for_share(share, so_far, 0.95)
    assert more is not None
    # Wrong images at a worse λ minus those at the better one: a row per seed, a column per sample of seeds.
    rng = np.random.default_rng(6)
    differences = rng.normal(100 * effect, 100, (so_far + more, samples)).round().astype(int)
    shares = (resampled_sums(differences, 1_000) > 0).mean(0)
    # Four standard errors, and 0.03 for taking z as normal and for resamples that understate the spread.
    assert np.mean(shares > 0.95) == pytest.approx(0.8, abs=4 * math.sqrt(0.8 * 0.2 / samples) + 0.03)


def test_an_inconclusive_claim_says_what_would_settle_it_and_at_what_cost() -> None:
    errors: Errors = {(FOUR, "joint", 0.0): [10.0, 10.1, 10.4], (FOUR, "joint", 1.0): [10.2, 10.9, 10.7]}
    found = judged(ORDER, errors)
    assert found.verdict == "inconclusive"
    assert found.more_seeds is not None
    assert found.more_seeds == more_seeds(
        [contrast([0.2, 0.8, 0.3], within=Range(0, 100, least_sd=0.01).difference())], 1.0
    )
    assert found.more_seconds == pytest.approx(found.more_seeds * 20.0)  # two cells, 10 s a trial


def test_a_settled_or_incomplete_claim_asks_for_no_seeds() -> None:
    settled: Errors = {(FOUR, "joint", 0.0): [10.0, 10.1, 10.4], (FOUR, "joint", 1.0): [12.0, 12.2, 12.3]}
    assert judged(ORDER, settled).more_seeds is None
    open_: Errors = {(FOUR, "joint", 0.0): [10.0, 10.1, 10.4], (FOUR, "joint", 1.0): [10.2, 10.9, "missing"]}
    assert judged(ORDER, open_).more_seeds is None
