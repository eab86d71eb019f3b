"""Every predicate that compares, in every verdict, against SciPy and numbers worked out by hand."""

import math

import pytest
from scipy import stats

from reports.claims import judge
from tests.reports.claims.claimed import (
    Errors,
    cell,
    claim,
    frames,
    judged,
    logit_interval,
    logit_t,
    sweep,
    with_errors,
)

ONE, FOUR, MANY = "1x8H", "4x4H", "16x2H"
VALUE = {"kind": "value", "cell": cell(ONE), "value": 10.2, "margin": 0.5}
ORDER = {"kind": "order", "steps": [[cell(FOUR, 0)], [cell(FOUR, 1)]]}
FULL = {"full_scale": {"epochs": 6, "seeds": 3}}
REDUCED = {"full_scale": {"epochs": 200, "seeds": 3}}


def single(*errors: float | str) -> Errors:
    return {(ONE, "joint", 1.0): list(errors)}


def ends(low: list[float | str], high: list[float | str], name: str = FOUR) -> Errors:
    return {(name, "joint", 0.0): low, (name, "joint", 1.0): high}


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ((10.2, 10.3, 10.25), "reproduced"),
        ((12.2, 12.3, 12.25), "not reproduced"),
        ((9.2, 11.3, 10.25), "inconclusive"),
        ((10.65, 10.7, 10.75), "inconclusive"),  # at the margin
    ],
)
def test_a_number_is_held_against_the_paper_s_by_two_one_sided_tests(errors: tuple[float, ...], verdict: str) -> None:
    found = judged(VALUE, single(*errors), **FULL)
    assert found.verdict == found.here == verdict
    above, below = (stats.t.sf(logit_t(errors, bound), 2) for bound in (9.7, 10.7))
    assert found.p == pytest.approx(min(max(above, 1 - below), 2 * min(1 - above, below)))
    interval = logit_interval(errors, 0.9)
    assert (found.low, found.high) == pytest.approx(interval)
    assert (found.estimate, found.margin, found.n) == (pytest.approx(sum(errors) / 3), 0.5, 3)
    assert found.p_holm is None
    assert (interval[0] > 9.7 and interval[1] < 10.7) == (verdict == "reproduced")


@pytest.mark.parametrize(
    ("high", "verdict"),
    [([12.0, 12.2, 12.3], "reproduced"), ([8.0, 8.2, 8.3], "not reproduced"), ([9.0, 10.2, 11.3], "inconclusive")],
)
def test_an_order_is_a_paired_t_test(high: list[float | str], verdict: str) -> None:
    low = [10.0, 10.1, 10.4]
    found = judged(ORDER, ends(low, high), **FULL)
    tested = stats.ttest_rel(high, low)
    assert found.verdict == verdict
    assert found.p == pytest.approx(tested.pvalue)
    assert found.p_holm == pytest.approx(tested.pvalue)
    interval = tested.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert "With 3 seeds no sign test can be significant (p ≥ 0.25)" in found.remark


def test_with_six_seeds_a_sign_test_could_be_significant() -> None:
    errors = ends([10.0, 10.1, 10.2, 10.3, 10.4, 10.5], [11.0, 11.2, 11.1, 11.4, 11.3, 11.6])
    assert judged(ORDER, errors, seeds=6).remark == ""


def test_an_order_by_so_many_points_needs_as_many() -> None:
    errors = ends([10.0, 10.1, 10.2], [12.0, 12.2, 12.1])
    assert judged(ORDER | {"by": 1}, errors).verdict == "reproduced"
    found = judged(ORDER | {"by": 3}, errors)
    assert found.verdict == "not reproduced"
    assert found.estimate == pytest.approx(2.0)
    assert found.p == pytest.approx(stats.ttest_1samp([2.0, 2.1, 1.9], 3).pvalue)


def test_a_chain_holds_by_its_weakest_link_and_fails_by_any() -> None:
    chain = {"kind": "order", "architectures": [FOUR], "steps": [[{"lambda": lam}] for lam in (0, 0.5, 1)]}
    low, middle = [10.0, 10.1, 10.2], [10.9, 11.1, 11.5]
    up, down = [15.0, 15.2, 15.1], [9.0, 9.2, 9.1]
    rises = judged(chain, ends(low, up) | {(FOUR, "joint", 0.5): middle})
    assert rises.verdict == "reproduced"
    assert rises.p == pytest.approx(stats.ttest_rel(middle, low).pvalue)  # the larger of the two
    assert "weakest of 2 comparisons" in rises.observed
    falls = judged(chain, ends(low, down) | {(FOUR, "joint", 0.5): middle})
    assert falls.verdict == "not reproduced"
    assert falls.p == pytest.approx(2 * stats.ttest_rel(down, middle).pvalue)  # Bonferroni over two
    assert "most contrary of 2 comparisons" in falls.observed


def test_steps_compare_every_cell_with_every_cell_of_the_next_for_each_architecture_and_lambda() -> None:
    worst = {
        "kind": "order",
        "architectures": [FOUR, MANY],
        "steps": [[{"lambda": 0}, {"lambda": 1}, {"method": "stacking"}], [{"method": "bagging"}]],
    }
    errors: dict[tuple[str, str, float], list[float | str]] = {}
    for name in (FOUR, MANY):
        errors |= ends([10.0, 10.2, 10.1], [11.0, 11.3, 11.1], name)
        errors[name, "stacking", 0.0] = [12.0, 12.2, 12.3]
        errors[name, "bagging", 0.0] = [14.0, 14.2, 14.1]
    assert judged(worst, errors).verdict == "reproduced"
    errors[MANY, "stacking", 0.0] = [15.0, 15.2, 15.1]
    assert "16x2H by stacking" in judged(worst, errors).observed
    assert judged(worst, errors).verdict == "not reproduced"
    sizes = {"kind": "order", "lambdas": [0, 1], "steps": [[cell(FOUR)], [cell(MANY)]]}
    assert (
        "weakest of 2"
        in judged(sizes, ends([9, 9.1, 9.2], [9, 9.2, 9.1]) | ends([10, 10.2, 10.4], [12, 12.1, 12.5], MANY)).observed
    )


@pytest.mark.parametrize(
    ("shift", "verdict"),
    [((0.1, 0.15, 0.05), "reproduced"), ((2.1, 2.15, 2.05), "not reproduced"), ((-0.5, 0.9, 0.4), "inconclusive")],
)
def test_two_cells_are_equivalent_within_a_margin_paired_by_seed(shift: tuple[float, ...], verdict: str) -> None:
    base = [10.0, 14.0, 18.0]  # seeds differ far more than the cells do
    predicate = {"kind": "equivalent", "cells": [cell(FOUR, 1), cell(FOUR, 0)], "margin": 0.5}
    found = judged(predicate, ends(base, [a + b for a, b in zip(base, shift, strict=True)]))
    assert found.verdict == verdict
    assert found.estimate == pytest.approx(sum(shift) / 3)


def test_flat_means_that_no_two_lambdas_differ_by_more() -> None:
    flat = {"kind": "flat", "architecture": FOUR, "within": 1}
    errors = ends([10.0, 10.1, 10.2], [10.5, 10.55, 10.7])
    for middle, verdict in (([10.2, 10.3, 10.45], "reproduced"), ([14.0, 14.1, 14.2], "not reproduced"),
                            ([9.0, 11.3, 10.0], "inconclusive")):  # fmt: skip
        found = judged(flat, errors | {(FOUR, "joint", 0.5): middle})
        assert found.verdict == verdict
        assert "of 3 comparisons" in found.observed


def test_a_gap_is_compared_by_its_size_whatever_its_sign() -> None:
    gap = {"kind": "gap", "architectures": [MANY, FOUR]}
    falls = ends([16.0, 16.1, 16.2], [11.0, 11.3, 11.1], MANY)  # −4.97 in the mean
    rises = ends([10.0, 10.1, 10.2], [11.0, 11.2, 11.1])  # +1
    found = judged(gap, falls | rises)
    assert found.verdict == "reproduced"
    assert found.estimate == pytest.approx(14.9 / 3 - 1)
    assert judged(gap | {"architectures": [FOUR, MANY]}, falls | rises).verdict == "not reproduced"


def test_several_comparisons_hold_together() -> None:
    both = {"kind": "every", "of": [ORDER, VALUE]}
    order = ends([10.0, 10.1, 10.4], [12.0, 12.2, 12.3])
    assert judged(both, order | single(10.2, 10.3, 10.25)).verdict == "reproduced"
    assert judged(both, order | single(12.2, 12.3, 12.25)).verdict == "not reproduced"
    assert judged(both, order | single(9.2, 11.3, 10.25)).verdict == "inconclusive"


def test_the_best_lambda_of_a_cell_is_picked_by_validation_or_says_that_it_was_not() -> None:
    predicate = {"kind": "order", "steps": [[cell(FOUR, "best")], [cell(FOUR, method="bagging")]]}
    errors = ends([10.0, 10.1, 10.2], [11.0, 11.1, 11.3]) | {(FOUR, "joint", 0.5): [9.0, 9.2, 9.1]}
    errors[FOUR, "bagging", 0.0] = [12.0, 12.1, 12.3]
    spec = sweep([claim(predicate)])
    by_test = judge([frames(spec, with_errors(errors))])[0]
    assert by_test.estimate == pytest.approx((12.0 + 12.1 + 12.3) / 3 - 9.1)
    assert "picked by test error, for want of validation images, which flatters it" in by_test.remark

    def validated(trial):  # type: ignore[no-untyped-def]
        numbers = with_errors(errors)(trial)
        return numbers if isinstance(numbers, str) else numbers | {"validation_error": 0.1 + 0.1 * (trial.spec.lam < 1)}

    by_validation = judge([frames(spec, validated)])[0]
    assert by_validation.estimate == pytest.approx((12.0 + 12.1 + 12.3) / 3 - (11.0 + 11.1 + 11.3) / 3)
    assert "picked by validation error." in by_validation.remark


def test_seeds_that_agree_to_the_image_are_inconclusive_and_say_why() -> None:
    found = judged(ORDER, ends([10.0, 10.1, 10.2], [10.01, 10.11, 10.21]))
    assert found.verdict == "inconclusive"
    half = 4.302653 * 2**0.5 * 0.01 / 3**0.5  # two rates of 10,000 images, t(0.975, 2)
    assert (found.low, found.high) == pytest.approx((0.01 - half, 0.01 + half), rel=1e-4)
    assert "taken to be 0.014 points" in found.remark
    assert judged(ORDER, ends([10.0] * 3, [10.0] * 3)).verdict == "inconclusive"
    assert "taken to be" not in judged(ORDER, ends([10.0, 10.1, 10.2], [10.1, 10.3, 10.5])).remark


def test_the_best_lambda_held_against_itself_decides_nothing() -> None:
    predicate = {"kind": "order", "steps": [[cell(FOUR, "best")], [cell(FOUR, 0)]]}
    errors = ends([9.0, 9.1, 9.2], [11.0, 11.1, 11.3]) | {(FOUR, "joint", 0.5): [10.0, 10.2, 10.1]}
    assert judged(predicate, errors).verdict == "inconclusive"


def test_orders_are_corrected_by_holm_over_the_board_and_numbers_are_not() -> None:
    highs = {0.5: [10.9, 11.1, 11.9], 1.0: [12.0, 12.2, 12.3]}
    low = [10.0, 10.1, 10.4]
    stated = [
        claim({"kind": "order", "steps": [[cell(FOUR, 0)], [cell(FOUR, lam)]]}, id=f"A{i}")
        for i, lam in enumerate(highs)
    ]
    never_run = claim({"kind": "order", "steps": [[cell(MANY, 0)], [cell(MANY, 1)]]}, id="A2")
    spec = sweep([*stated, never_run, claim(VALUE, id="A3")])
    errors: Errors = {(FOUR, "joint", 0.0): low} | {(FOUR, "joint", lam): high for lam, high in highs.items()}
    first, second, third, number = judge([frames(spec, with_errors(errors | single(10.2, 10.3, 10.25)))])
    worse, better = (stats.ttest_rel(highs[lam], low).pvalue for lam in highs)
    assert better < worse < 0.05
    assert (second.p_holm, first.p_holm) == pytest.approx((3 * better, 2 * worse))  # of three orders
    assert second.verdict == "reproduced"
    assert first.verdict == ("reproduced" if 2 * worse < 0.05 else "inconclusive")
    assert (third.verdict, third.p, third.p_holm) == ("not run", None, None)
    assert number.p_holm is None


NOTHING: Errors = {}


@pytest.mark.parametrize(
    ("errors", "changes", "verdict", "here", "missing"),
    [
        (NOTHING, FULL, "not run", "not run", "6 of 6 trials: 6 missing"),
        (ends([10.0], []), FULL, "incomplete", "inconclusive", "5 of 6 trials: 5 missing"),
        (ends(["failed"] * 3, ["failed"] * 3), FULL, "incomplete", "inconclusive", "6 of 6 trials: 6 failed"),
        (ends([10.0, 10.1, 10.4], ["diverged"] * 3), FULL, "incomplete", "inconclusive", "3 of 6 trials: 3 diverged"),
        (ends([10.0, 10.1, 10.4], [12.0, 12.2, "corrupt"]), FULL, "incomplete", None, "1 of 6 trials: 1 corrupt"),
        (ends([10.0, 10.1, 10.4], []), FULL, "incomplete", "inconclusive", "3 of 6 trials: 3 missing"),
        (ends([10.0, 10.1, 10.4], [12.0, 12.2, 12.3]), REDUCED, "not comparable", "reproduced", ""),
        (ends([10.0, 10.1, 10.4], [12.0, 12.2]), REDUCED, "incomplete", None, "1 of 6 trials: 1 missing"),
        (ends([10.0], [12.0]), {"seeds": 1}, "inconclusive", "inconclusive", ""),
        (ends([10.0], [12.0]), FULL | {"seeds": 1}, "not comparable", "inconclusive", ""),
    ],
)  # fmt: skip
def test_partial_stores_say_what_they_lack(
    errors: Errors, changes: dict[str, object], verdict: str, here: str | None, missing: str
) -> None:
    found = judged(ORDER, errors, **changes)
    assert (found.verdict, found.missing) == (verdict, missing)
    assert here is None or found.here == here
    assert (found.could_flip is None) == (not missing)
    if found.n < 2:
        assert found.p is found.low is found.high is None
    for number in (found.estimate, found.low, found.high, found.p):
        assert number is None or math.isfinite(number)


def test_missing_seeds_can_flip_what_is_near_and_not_what_is_far() -> None:
    near = ends([10.0, 10.1, 10.4, 10.2], [10.3, 10.4, 10.9, 10.3])
    assert judged(ORDER, near, seeds=5).could_flip
    six = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5]
    far = ends(list(six), [value + 5 + 0.01 * i for i, value in enumerate(six)])
    found = judged(ORDER, far, seeds=7)
    assert (found.verdict, found.here, found.could_flip) == ("incomplete", "reproduced", False)


def test_one_known_seed_can_be_followed_by_anything() -> None:
    assert judged(ORDER, ends([10.0], [19.0])).could_flip is True


def test_reduced_data_is_a_reduced_scale_and_still_gives_its_numbers() -> None:
    dataset = {"name": "fashion_mnist", "validation": 5_000, "train_examples": 600}
    found = judged(VALUE, single(10.2, 10.3, 10.25), **FULL, dataset=dataset)
    assert (found.verdict, found.here) == ("not comparable", "reproduced")
    assert "10.25 %" in found.observed
