import math

import numpy as np
import pytest
from scipy import stats

from reports.statistics import binomial_se, paired_difference, summarise


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
