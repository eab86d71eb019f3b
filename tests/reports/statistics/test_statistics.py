import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from reports.statistics.ranges import FRACTION, POSITIVE, Range
from reports.statistics.significance import PValues, hits_by_chance, holm, lies_above, lies_between
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
    tested = lies_above(values)
    expected = stats.ttest_1samp(values, 0)
    assert min(tested.p_for, tested.p_against) == pytest.approx(expected.pvalue)
    assert (tested.p_for < tested.p_against) == (expected.statistic > 0)


@pytest.mark.parametrize("mean", [0.0, 0.4, -0.4, 2.0, -2.0])
def test_equivalence_is_two_one_sided_tests_of_scipy(mean: float) -> None:
    values = list(np.random.default_rng(2).normal(mean, 0.5, 5))
    tested = lies_between(values, -0.7, 0.7)
    above = stats.ttest_1samp(values, -0.7, alternative="greater").pvalue
    below = stats.ttest_1samp(values, 0.7, alternative="less").pvalue
    assert tested.p_for == pytest.approx(max(above, below))
    low, high = interval(values, 0.9)
    assert (tested.p_for < 0.05) == (low > -0.7 and high < 0.7)
    assert tested.p_against == pytest.approx(min(1, 2 * min(1 - above, 1 - below)))
    low, high = interval(values, 0.95)
    assert (tested.p_against < 0.05) == (low > 0.7 or high < -0.7)


def test_values_without_spread_are_decided_by_a_sign_test_and_one_value_decides_nothing() -> None:
    assert lies_above([0.0, 0.0]) == PValues(1.0, 1.0)
    assert lies_above([0.5, 0.5, 0.5]) == PValues(2 / 8, 1.0)
    assert lies_above([-0.5] * 6) == PValues(1.0, 2 / 64)
    assert lies_between([0.5, 0.5, 0.5], -0.6, 0.6) == PValues(1 / 8, 1.0)
    assert lies_between([0.5, 0.5, 0.5], -0.4, 0.4) == PValues(1.0, 2 / 8)
    assert lies_above([3.0]) == lies_between([0.0], -1, 1) == lies_above([]) == PValues(1.0, 1.0)
    assert all(math.isnan(end) for end in interval([3.0], 0.9))


def test_a_standard_deviation_below_the_resolution_is_taken_to_be_the_resolution() -> None:
    coarse = Range(linear=True, least_sd=0.3)
    half = 4.302652730 * 0.3 / math.sqrt(3)  # t(0.975, 2) from a table
    assert interval([1.0, 1.0, 1.0], 0.95, coarse) == pytest.approx((1 - half, 1 + half))
    assert summarise([1.0, 1.0, 1.0], coarse).sd == 0
    assert interval([0.0, 1.0, 2.0], 0.95, coarse) == interval([0.0, 1.0, 2.0], 0.95)
    assert lies_above([1.0, 1.0, 1.0], 0, coarse).p_for == pytest.approx(2 * stats.t.sf(1 / (0.3 / math.sqrt(3)), 2))


def test_three_values_equal_to_the_last_bit_have_no_spread_at_all() -> None:
    assert summarise([0.1, 0.1, 0.1]).sd == 0  # their standard deviation is 1.7e-17 by way of their mean


@pytest.mark.parametrize("values", [[0.001, 0.002, 0.0], [0.5, 0.9, 1.0], [0.1, 0.3], [0.97, 1.0]])
def test_the_interval_of_a_fraction_is_that_of_its_logit_by_the_delta_method(values: list[float]) -> None:
    mean, se = np.mean(values), stats.sem(values)
    logit, half = math.log(mean / (1 - mean)), stats.t.ppf(0.975, len(values) - 1) * se / (mean * (1 - mean))
    low, high = (1 / (1 + math.exp(-end)) for end in (logit - half, logit + half))
    assert interval(values, 0.95, FRACTION) == pytest.approx((low, high))
    assert 0 <= low < mean < high <= 1
    percent = [100 * value for value in values]
    assert interval(percent, 0.95, FRACTION.times(100)) == pytest.approx((100 * low, 100 * high))


def test_the_interval_of_a_positive_number_is_that_of_its_logarithm_by_the_delta_method() -> None:
    values = [0.1, 0.9, 0.2]
    factor = math.exp(stats.t.ppf(0.975, 2) * stats.sem(values) / 0.4)
    assert interval(values, 0.95, POSITIVE) == pytest.approx((0.4 / factor, 0.4 * factor))


def test_a_mean_at_an_end_of_its_range_has_an_interval_that_begins_there() -> None:
    image = Range(0, 1, least_sd=0.01)
    low, high = interval([0.0, 0.0, 0.0], 0.95, image)
    assert low == 0
    assert high == pytest.approx(4.302652730 * 0.01 / math.sqrt(3))
    assert interval([1.0, 1.0], 0.95, image)[1] == 1
    assert interval([1.0, -1.0], 0.95, FRACTION.difference()) == (-1, 1)


@pytest.mark.parametrize("within", [Range(0, 1), Range(0, 1, least_sd=0.2), Range(0), Range(linear=True)])
@pytest.mark.parametrize("bound", [0.05, 0.2, 0.35, 0.6])
def test_a_test_and_an_interval_on_one_scale_say_the_same(within: Range, bound: float) -> None:
    values = [0.1, 0.22, 0.31]
    for confidence in (0.8, 0.9, 0.95):
        low, high = interval(values, confidence, within)
        tested = lies_above(values, bound, within)
        assert (tested.p_for < 1 - confidence) == (low > bound)
        assert (tested.p_against < 1 - confidence) == (high < bound)


def test_a_mean_is_surely_above_what_no_value_can_be_below() -> None:
    assert lies_above([0.1, 0.3], -0.5, FRACTION) == PValues(0.0, 1.0)
    assert lies_above([0.1, 0.3], 1.5, FRACTION) == PValues(1.0, 0.0)


@pytest.mark.parametrize("seeds", [2, 3, 5, 12])
@pytest.mark.parametrize("mean", [0.005, 0.1, 0.5])
def test_the_interval_of_a_fraction_covers_at_its_nominal_rate(mean: float, seeds: int) -> None:
    samples = np.random.default_rng(seeds).binomial(400, mean, (REPEATS, seeds)) / 400
    ends = [interval(sample, 0.95, Range(0, 1, least_sd=1 / 400)) for sample in samples]
    assert np.mean([low <= mean <= high for low, high in ends]) >= 0.95 - TOLERANCE
    assert min(low for low, _ in ends) >= 0


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
    tests = [lies_between(list(sample), -0.5, 0.5) for sample in samples]
    assert np.mean([test.p_for < 0.05 for test in tests]) == pytest.approx(0.05, abs=TOLERANCE)
    assert np.mean([test.p_against < 0.05 for test in tests]) == pytest.approx(0.025, abs=TOLERANCE)


def test_an_order_of_nothing_is_claimed_either_way_at_the_nominal_rate() -> None:
    samples = np.random.default_rng(9).normal(0, 1, (REPEATS, 3))
    tests = [lies_above(list(sample)) for sample in samples]
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
