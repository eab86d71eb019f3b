"""Claims about the best λ, about every trial, about what the plan knows, and about several sweeps."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from reports.claims import judge
from reports.claims.measures import by_trial
from specs.sweep import PlannedTrial
from tests.reports.claims.claimed import (
    Errors,
    Numbers,
    cell,
    claim,
    frames,
    judged,
    logit_interval,
    logit_t,
    sweep,
    with_errors,
)

FOUR, MANY = "4x4H", "16x2H"
FULL = {"epochs": 200, "seeds": 5}
LAMBDAS = [0.0, 0.5, 1.0]


def grid(name: str, *by_lambda: list[float | str]) -> Errors:
    return {(name, "joint", lam): errors for lam, errors in zip(LAMBDAS, by_lambda, strict=True)}


INSIDE = grid(FOUR, [11, 11.1, 11.2], [10, 10.1, 10.2], [12, 12.1, 12.2])
END = grid(FOUR, [9, 9.1, 9.2], [10, 10.1, 10.2], [12, 12.1, 12.2])
EITHER = grid(FOUR, [10, 10.5, 9.8], [9.9, 10.6, 9.9], [12, 12.1, 12.2])


@pytest.mark.parametrize(
    ("errors", "verdict"), [(INSIDE, "reproduced"), (END, "not reproduced"), (EITHER, "inconclusive")]
)
def test_a_best_lambda_is_bootstrapped_over_seeds(errors: Errors, verdict: str) -> None:
    for predicate in (
        {"kind": "best-lambda", "best": {FOUR: 0.5}},
        {"kind": "interior-best", "architectures": [FOUR]},
    ):
        found = judged(predicate, errors)
        assert found.verdict == verdict
        assert "% of 10,000 resamples of 3 seeds" in found.observed
        assert (found.p, found.p_holm) == (None, None)
        assert "picked by test error" in found.remark
        assert "A bootstrap of 3 seeds understates their spread by 18 %." in found.remark  # √(2/3) = 0.816


def test_a_best_lambda_that_never_rises_and_falls_in_the_end() -> None:
    predicate = {"kind": "falling-best", "architectures": [FOUR, MANY]}
    lower = grid(MANY, [9, 9.1, 9.2], [10, 10.1, 10.2], [12, 12.1, 12.2])
    assert judged(predicate, INSIDE | lower).verdict == "reproduced"
    assert judged(predicate | {"architectures": [MANY, FOUR]}, INSIDE | lower).verdict == "not reproduced"
    same = grid(MANY, [11, 11.1, 11.2], [10, 10.1, 10.2], [12, 12.1, 12.2])
    assert judged(predicate, INSIDE | same).verdict == "not reproduced"


@pytest.mark.parametrize(
    ("errors", "verdict", "could_flip"),
    [
        ({}, "not run", True),
        (grid(FOUR, [11, 11.1, 11.2], [10, 10.1, 10.2], []), "incomplete", True),
        (grid(FOUR, [11, 11.1, 11.2], [10, 10.1, 10.2], [12, 12.1, "failed"]), "incomplete", False),
        (grid(FOUR, [11, 10.4, 11.2], [10, 10.1, "missing"], [12, 12.1, 12.2]), "incomplete", True),
    ],
)
def test_a_missing_lambda_leaves_the_best_one_open(errors: Errors, verdict: str, could_flip: bool) -> None:
    found = judged({"kind": "interior-best", "architectures": [FOUR]}, errors)
    assert (found.verdict, found.could_flip) == (verdict, could_flip)


def test_one_seed_has_no_best_lambda() -> None:
    found = judged({"kind": "interior-best", "architectures": [FOUR]}, grid(FOUR, [11], [10], [12]), seeds=1)
    assert found.verdict == "inconclusive"
    assert "One seed cannot be resampled." in found.remark


EARLY = {"kind": "early-rank", "architectures": [FOUR, MANY], "lambda": 1}


def ranked(ranks: dict[str, list[int | str]], **changes: Any) -> tuple[str, Any]:
    def measured(trial: PlannedTrial) -> Numbers | str:
        own = ranks.get(trial.architecture, []) if trial.spec.lam == 1 else []
        rank = own[trial.spec.seed] if trial.spec.seed < len(own) else "missing"
        return rank if isinstance(rank, str) else {"test_error": 0.1, "early_rank_test": rank}

    (found,) = judge([frames(sweep([claim(EARLY)], **changes), measured)])
    return found.verdict, found


def test_every_trial_must_have_been_led_early_by_its_best_member() -> None:
    verdict, found = ranked({FOUR: [1, 1, 1], MANY: [1, 1, 1]})
    assert verdict == "reproduced"
    assert found.p == pytest.approx((1 / 4) ** 3 * (1 / 16) ** 3)
    verdict, found = ranked({FOUR: [1, 2, 1], MANY: [1, 1, 1]})
    assert (verdict, found.estimate) == ("not reproduced", 5 / 6)
    assert "in 5 of 6 trials" in found.observed


def test_few_hits_may_be_luck_and_a_miss_cannot_be_undone() -> None:
    verdict, found = ranked({FOUR: [1], MANY: ["failed"]}, seeds=1)
    assert (verdict, found.here, found.p is None) == ("incomplete", "inconclusive", True)  # p = 1/4
    assert ranked({FOUR: [1, 1, 1], MANY: [1, 1, "missing"]})[1].could_flip is True
    assert ranked({FOUR: [1, 3, 1], MANY: [1, 1, "missing"]})[1].could_flip is False
    assert ranked({})[0] == "not run"


def test_an_early_rank_is_no_news_where_training_ends_by_then() -> None:
    training = {"epochs": 3, "batch_size": 50, "learning_rate": 0.1}
    verdict, found = ranked({FOUR: [1, 1, 1], MANY: [1, 1, 1]}, training=training)
    assert verdict == "inconclusive"
    assert "no more than 3 epochs" in found.observed


TOTALS = {FOUR: 4 * (4 * 785 + 10 * 5), MANY: 16 * (2 * 785 + 10 * 3)}


def counted(counts: dict[str, int]) -> dict[str, Any]:
    return {"kind": "parameters", "counts": counts, "within": 10}


@pytest.mark.parametrize(("more", "verdict"), [(0, "reproduced"), (10, "reproduced"), (11, "not reproduced")])
def test_parameters_are_reproduced_by_one_complete_trial(more: int, verdict: str) -> None:
    found = judged(counted({MANY: TOTALS[MANY] + more}), {(MANY, "bagging", 0.0): [10.0]}, full_scale=FULL)
    assert (found.verdict, found.here, found.missing, found.could_flip) == (verdict, verdict, "", None)
    assert found.observed == f"Parameters: {TOTALS[MANY]:,} in 16x2H."


def test_parameters_that_are_planned_alone_are_not_run() -> None:
    for count in (TOTALS[MANY], 1):
        found = judged(counted({MANY: count}), {})
        assert (found.verdict, found.here, found.missing) == ("not run", "not run", "a complete trial of 16x2H")
        assert found.observed == f"Parameters, as planned: {TOTALS[MANY]:,} in 16x2H."


def test_parameters_wait_for_a_trial_of_each_architecture_which_cannot_change_them() -> None:
    found = judged(counted(TOTALS), {(FOUR, "joint", 0.0): [10.0], (MANY, "joint", 1.0): ["failed"]})
    assert (found.verdict, found.here, found.could_flip) == ("incomplete", "reproduced", False)
    assert found.missing == "a complete trial of 16x2H"
    assert found.observed == "Parameters: 12,760 in 4x4H. Parameters, as planned: 25,600 in 16x2H."


def test_a_theorem_has_no_verdict_of_the_store() -> None:
    found = judged({"kind": "proved", "tests": ["tests/oracle/test_theory.py"]}, {})
    assert found.verdict == found.here == "checked by tests"


def bound(measure: str, side: str, at: float, lam: float = 1) -> dict[str, Any]:
    return {"kind": "bound", "measure": measure, "side": side, "bound": at, "cells": [cell(FOUR, lam)]}


def dominated(by: float) -> Numbers:
    """Test errors with so much model dominance: the best of four members is as good as the ensemble."""
    return {"test_error": 0.1, "member_test_errors": [0.1, *[0.1 + 0.8 * by] * 3]}


@pytest.mark.parametrize(
    ("values", "verdict"),
    [((0.8, 0.85, 0.9), "reproduced"), ((0.1, 0.15, 0.2), "not reproduced"), ((0.3, 0.9, 0.6), "inconclusive")],
)
def test_a_measure_lies_on_one_side_of_a_bound(values: tuple[float, ...], verdict: str) -> None:
    def measured(trial: PlannedTrial) -> Numbers:
        return dominated(values[trial.spec.seed])

    (above,) = judge([frames(sweep([claim(bound("dominance", "above", 0.5))]), measured)])
    assert above.verdict == verdict
    assert above.p == pytest.approx(2 * stats.t.sf(abs(logit_t(values, 0.5, most=1)), 2))
    assert (above.low, above.high) == pytest.approx(logit_interval(values, 0.95, most=1))
    (below,) = judge([frames(sweep([claim(bound("dominance", "below", 0.5))]), measured)])
    opposite = {"reproduced": "not reproduced", "not reproduced": "reproduced"}
    assert below.verdict == opposite.get(verdict, verdict)
    assert (below.low, below.high) == pytest.approx((above.low, above.high))


def test_a_complete_trial_without_the_number_that_is_compared_is_no_evidence() -> None:
    def measured(trial: PlannedTrial) -> Numbers:
        nothing_learned = {"test_error": 0.95, "member_test_errors": [0.95] * 4}
        return nothing_learned if trial.spec.seed == 1 else dominated(0.8 + 0.01 * trial.spec.seed)

    (found,) = judge([frames(sweep([claim(bound("dominance", "above", 0.5))]), measured)])
    assert found.verdict == "incomplete"
    assert found.missing == "1 seed without the number that is compared"


def test_measures_of_one_trial_by_hand() -> None:
    initial, strong = [[3.0, 4.0]] * 4, [[30.0, 40.0], [3.0, 4.0], [3.0, 5.0], [6.0, 8.0]]

    def measured(trial: PlannedTrial) -> Numbers:
        return {
            "test_error": 0.123, "test_member_nll": 0.75, "best_epoch": 5,
            "dominance": 0.84,  # as a store has it, which is the lead of the best member alone
            "member_test_errors": [0.75, 0.87, 0.87, 0.87],
            "epochs": [{"epoch": epoch, "split": split, "error": error, "member_errors": errors}
                       for epoch, split, error, errors in [(3, "train", 0.1, [0.3, 0.6, 0.6, 0.6]),
                                                           (5, "test", 0.1, [0.1] * 4),
                                                           (5, "train", 0.1, [0.1, 0.9, 0.9, 0.9]),
                                                           (6, "train", 0.1, [0.1] * 4)]],
            "robustness": [{"dropped": dropped, "mask": mask, "accuracy": accuracy}
                           for dropped, mask, accuracy in [(0, "example", 0.9), (2, "example", 0.89),
                                                           (3, "example", 0.85), (3, "shared", 0.1)]],
            "filters": [{"member": member, "stage": stage, "weights": weights, "shape": [1, 2]}
                        for stage, all_of in (("initial", initial), ("final", strong))
                        for member, weights in enumerate(all_of)],
        }  # fmt: skip

    found = frames(sweep([], seeds=1, methods=["joint"], **{"lambda": [1]}), measured)
    (trial,) = found.planned.loc[found.planned["architecture"] == FOUR, "trial_id"]
    expected = {
        "error": 12.3,
        "member_nll": 0.75,
        "dominance": 12 / 74.7,  # (0.87 − 0.75) / (0.87 − 0.123), less than (0.87 − 0.75) / (0.9 − 0.75)
        "dominance_train": 1.0,  # (0.9 − 0.1) / (0.9 − 0.1): the others guess
        "early_dominance": 0.5,  # (0.6 − 0.3) / (0.9 − 0.3), less than (0.6 − 0.3) / (0.6 − 0.1)
        "loss_over_half": 5.0,  # of four members, three are the fewest that are more than half
        "filter_strength": 50 / np.sqrt(34),  # norms 50, 5, √34 and 10: the others' median is √34
        "filter_travel": 0.2,  # the others moved by 0, 1 and 5, of 5 each
    }
    for measure, value in expected.items():
        assert by_trial(found, measure)[trial] == pytest.approx(value)  # type: ignore[arg-type]


def two_sweeps(join: str) -> list[Any]:
    return [
        sweep(
            [claim({"kind": "order", "steps": [[cell(FOUR, low)], [cell(FOUR, high)]]}, others=[other], join=join)],
            name=name,
        )
        for name, other, low, high in (("first", "second", 0, 1), ("second", "first", 1, 0))
    ]


UP = {(FOUR, "joint", 0.0): [10.0, 10.1, 10.4], (FOUR, "joint", 1.0): [12.0, 12.2, 12.3]}
DOWN = {(FOUR, "joint", 0.0): [12.0, 12.2, 12.3], (FOUR, "joint", 1.0): [10.0, 10.1, 10.4]}


@pytest.mark.parametrize(
    ("join", "first", "second", "verdict", "could_flip"),
    [
        ("all", UP, DOWN, "reproduced", None),
        ("all", UP, UP, "not reproduced", None),
        ("all", UP, {}, "not run", True),
        ("all", UP, None, "incomplete", True),
        ("all", DOWN, None, "not reproduced", False),
        ("any", UP, UP, "reproduced", None),
        ("any", UP, None, "reproduced", False),
        ("any", DOWN, None, "incomplete", True),
        ("any", DOWN, UP, "not reproduced", None),
        ("all", {}, None, "not run", True),
    ],
)
def test_a_claim_over_two_sweeps_is_judged_once(
    join: str, first: Errors, second: Errors | None, verdict: str, could_flip: bool | None
) -> None:
    specs = two_sweeps(join)
    stores = [frames(spec, with_errors(e)) for spec, e in zip(specs, (first, second), strict=True) if e is not None]
    (found,) = judge(stores)
    assert (found.verdict, found.could_flip) == (verdict, could_flip)
    assert found.sweep == ("first" if second is None else "first and second")
    assert ("the sweep second, which is not in this study" in found.missing) == (second is None)


def test_a_study_judges_the_claims_of_all_its_sweeps_and_equal_studies_equally() -> None:
    stores = [frames(sweep([claim(EARLY, id=f"{name}1")], name=name.lower()), with_errors(UP)) for name in "AB"]
    found = judge(stores)
    assert [(j.id, j.sweep) for j in found] == [("A1", "a"), ("B1", "b")]
    assert judge(stores) == found
    assert judge([]) == ()
