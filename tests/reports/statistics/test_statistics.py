import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from reports.statistics.significance import PValues, equivalent_to_zero, hits_by_chance, holm, tends_above_zero
from reports.statistics.summaries import binomial_se, interval, paired_difference, summarise


def test_the_interval_is_the_one_worked_out_by_hand() -> None:
    summary = summarise([1.0, 2.0, 3.0])
    assert summary.mean == 2.0
    assert summary.sd == 1.0
    assert summary.high == pytest.approx(2 + 4.302652730 / math.sqrt(3))  # t(0.975, 2) from a table
    assert summary.low == pytest.approx(2 - 4.302652730 / math.sqrt(3))


def test_the_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(7).normal(0.1, 0.01, 5)
    low, high = stats.t.interval(0.95, 4, loc=values.mean(), scale=stats.sem(values))
    summary = summarise(list(values))
    assert (summary.low, summary.high) == pytest.approx((low, high))
    assert summary.se == pytest.approx(stats.sem(values))


def test_one_value_has_a_mean_and_no_interval() -> None:
    summary = summarise([0.25])
    assert summary.mean == 0.25
    assert math.isnan(summary.low)
    assert not summary.has_interval
    assert not summary.excludes_zero


def test_no_value_has_nothing() -> None:
    assert math.isnan(summarise([]).mean)
    assert math.isnan(summarise([]).se)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_averaged(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        summarise([0.1, bad])


def test_differences_are_paired_by_seed_and_agree_with_scipys_paired_test() -> None:
    of, against = {0: 0.10, 1: 0.13, 2: 0.11, 7: 0.5}, {2: 0.15, 1: 0.18, 0: 0.16, 9: 0.0}
    difference = paired_difference(of, against)
    assert difference.n == 3
    assert difference.mean == pytest.approx((-0.06 - 0.05 - 0.04) / 3)
    interval = stats.ttest_rel([0.10, 0.13, 0.11], [0.16, 0.18, 0.15]).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((interval.low, interval.high))
    assert difference.excludes_zero


def test_the_binomial_error_of_the_papers_test_set_is_0_30_points_at_10_percent() -> None:
    assert binomial_se(0.1, 10_000) == pytest.approx(0.003)


def test_holm_agrees_with_a_worked_example() -> None:
    # Four p values: the smallest times 4, the next times 3 and 2, the last as it is; none below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("mean", [0.0, 0.4, -0.4, 2.0])
def test_the_order_test_is_scipys_two_sided_one_split_by_side(mean: float) -> None:
    values = list(np.random.default_rng(1).normal(mean, 1, 6))
    tested = tends_above_zero(values)
    expected = stats.ttest_1samp(values, 0)
    assert min(tested.p_for, tested.p_against) == pytest.approx(expected.pvalue)
    assert (tested.p_for < tested.p_against) == (expected.statistic > 0)


@pytest.mark.parametrize("mean", [0.0, 0.4, -0.4, 2.0, -2.0])
def test_equivalence_is_two_one_sided_tests_of_scipy(mean: float) -> None:
    values = list(np.random.default_rng(2).normal(mean, 0.5, 5))
    tested = equivalent_to_zero(values, 0.7)
    above = stats.ttest_1samp(values, -0.7, alternative="greater").pvalue
    below = stats.ttest_1samp(values, 0.7, alternative="less").pvalue
    assert tested.p_for == pytest.approx(max(above, below))
    low, high = interval(values, 0.9)
    assert (tested.p_for < 0.05) == (low > -0.7 and high < 0.7)
    assert tested.p_against == pytest.approx(min(1, 2 * min(1 - above, 1 - below)))
    low, high = interval(values, 0.95)
    assert (tested.p_against < 0.05) == (low > 0.7 or high < -0.7)


def test_values_without_spread_decide_by_their_mean_and_one_value_decides_nothing() -> None:
    assert tends_above_zero([0.0, 0.0]) == PValues(1.0, 0.0)
    assert tends_above_zero([0.5, 0.5]) == equivalent_to_zero([0.5, 0.5], 0.6) == PValues(0.0, 1.0)
    assert equivalent_to_zero([0.5, 0.5], 0.4) == PValues(1.0, 0.0)
    assert tends_above_zero([3.0]) == equivalent_to_zero([0.0], 1) == tends_above_zero([]) == PValues(1.0, 1.0)
    assert all(math.isnan(end) for end in interval([3.0], 0.9))


REPEATS = 4_000
TOLERANCE = 4 * math.sqrt(0.05 * 0.95 / REPEATS)
"""Four standard errors of a share near 5 %."""


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_interval_covers_at_its_nominal_rate(seeds: int, confidence: float) -> None:
    samples = np.random.default_rng(seeds).normal(10.3, 0.2, (REPEATS, seeds))
    ends = [interval(list(sample), confidence) for sample in samples]
    covered = np.mean([low <= 10.3 <= high for low, high in ends])
    assert covered == pytest.approx(confidence, abs=TOLERANCE * 1.5)


def test_equivalence_errs_at_most_at_its_nominal_rate_at_the_margin_and_so_does_its_contrary() -> None:
    samples = np.random.default_rng(8).normal(0.5, 0.1, (REPEATS, 5))  # exactly at the margin
    tests = [equivalent_to_zero(list(sample), 0.5) for sample in samples]
    assert np.mean([test.p_for < 0.05 for test in tests]) == pytest.approx(0.05, abs=TOLERANCE)
    assert np.mean([test.p_against < 0.05 for test in tests]) == pytest.approx(0.025, abs=TOLERANCE)


def test_an_order_of_nothing_is_claimed_either_way_at_the_nominal_rate() -> None:
    samples = np.random.default_rng(9).normal(0, 1, (REPEATS, 3))
    tests = [tends_above_zero(list(sample)) for sample in samples]
    assert np.mean([min(test.p_for, test.p_against) < 0.05 for test in tests]) == pytest.approx(0.05, abs=TOLERANCE)


def test_hits_by_chance_are_the_binomial_tail_and_mixed_chances_are_enumerated() -> None:
    for hits in range(6):
        assert hits_by_chance([0.25] * 5, hits) == pytest.approx(stats.binom.sf(hits - 1, 5, 0.25))
    mixed = [1 / 4, 1 / 8, 1 / 16]
    enumerated = sum(
        math.prod(chance if hit else 1 - chance for chance, hit in zip(mixed, outcome, strict=True))
        for outcome in product([0, 1], repeat=3)
        if sum(outcome) >= 2
    )
    assert hits_by_chance(mixed, 2) == pytest.approx(enumerated)
