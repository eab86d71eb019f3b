"""How many more seeds would settle a claim, against simulation and tables, and what they cost."""

import math

import numpy as np
import pytest
from scipy import stats

from reports.statistics import power
from reports.statistics.bootstrap import resampled_sums
from tests.reports.claims.claimed import Errors, cell, judged

FOUR = "4x4H"
ORDER = {"kind": "order", "steps": [[cell(FOUR, 0)], [cell(FOUR, 1)]]}


def test_the_power_of_a_t_test_is_that_of_cohens_table() -> None:
    # Cohen (1988): 34 values find an effect of half a standard deviation with 80 % power at 5 %, two-sided.
    assert power.of_t_test(0.5, 1, 34, 0.05) >= 0.8 > power.of_t_test(0.5, 1, 33, 0.05)


def test_the_power_of_equivalence_is_that_of_a_simulation() -> None:
    samples = np.random.default_rng(4).normal(0.1, 0.5, (20_000, 12))
    t = (samples.mean(1) + 0.5) / (samples.std(1, ddof=1) / math.sqrt(12))
    u = (samples.mean(1) - 0.5) / (samples.std(1, ddof=1) / math.sqrt(12))
    critical = stats.t.ppf(0.95, 11)
    share = np.mean((t > critical) & (u < -critical))
    assert power.of_equivalence(0.1, 0.5, 12, 0.5, 0.05) == pytest.approx(share, abs=0.015)


def test_more_seeds_are_those_beyond_what_is_there() -> None:
    values = [-0.5, 1.5, 0.0, 1.0]  # mean 0.5
    needed = next(n for n in range(5, 999) if power.of_t_test(0.5, np.std(values, ddof=1), n, 0.05) >= 0.8)
    assert power.more_seeds(values, None, 0.05) == needed - 4
    within = next(n for n in range(5, 999) if power.of_equivalence(0.5, np.std(values, ddof=1), n, 0.9, 0.05) >= 0.8)
    assert power.more_seeds(values, 0.9, 0.05) == within - 4
    beyond = next(n for n in range(5, 999) if power.of_t_test(0.3, np.std(values, ddof=1), n, 0.05) >= 0.8)
    assert power.more_seeds(values, 0.2, 0.05) == beyond - 4


def test_what_no_number_of_seeds_settles_is_left_open() -> None:
    assert power.more_seeds([-1.0, 1.0], None, 0.05) is None
    assert power.more_seeds([0.5], None, 0.05) is None
    assert power.more_seeds([0.5, 0.5], None, 0.05) is None
    assert power.more_seeds([-0.5, 1.5], 0.5, 0.05) is None  # at the margin
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
    assert found.more_seeds == power.more_seeds([0.2, 0.8, 0.3], None, 0.05)
    assert found.more_seeds is not None
    assert found.more_seconds == pytest.approx(found.more_seeds * 20.0)  # two cells, 10 s a trial


def test_a_settled_or_incomplete_claim_asks_for_no_seeds() -> None:
    settled: Errors = {(FOUR, "joint", 0.0): [10.0, 10.1, 10.4], (FOUR, "joint", 1.0): [12.0, 12.2, 12.3]}
    assert judged(ORDER, settled).more_seeds is None
    open_: Errors = {(FOUR, "joint", 0.0): [10.0, 10.1, 10.4], (FOUR, "joint", 1.0): [10.2, 10.9, "missing"]}
    assert judged(ORDER, open_).more_seeds is None
