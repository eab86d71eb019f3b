"""Claims about the best λ where λs tie, in the observed errors and in resamples, and claims that compare at it."""

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reports.claims import Judgement, best_lambda, judge
from specs.predicates import BestLambda, Choosing, FallingBest, InteriorBest
from specs.sweep import PlannedTrial
from tests.reports.claims.claimed import Errors, Numbers, cell, claim, frames, judged, sweep, with_errors

FOUR, MANY = "4x4H", "16x2H"
LAMBDAS = [0.0, 0.5, 1.0]
TEST = 360
"""Test images of the digits."""
SEEDS = 3


def wrong(name: str, *by_lambda: list[int]) -> Errors:
    """Test errors in percent, given the numbers of wrong images at each λ, by seed."""
    return {
        (name, "joint", lam): [100 * count / TEST for count in counts]
        for lam, counts in zip(LAMBDAS, by_lambda, strict=True)
    }


def alike(name: str, *by_lambda: int) -> Errors:
    """The same numbers of wrong images in every seed."""
    return wrong(name, *([count] * SEEDS for count in by_lambda))


INTERIOR = {"kind": "interior-best", "architectures": [FOUR]}
HALF = {"kind": "best-lambda", "best": {FOUR: 0.5}}
FALLS = {"kind": "falling-best", "architectures": [FOUR, MANY]}
ANY = {"kind": "interior-best", "architectures": [FOUR, MANY], "of": "any"}
TIE = wrong(FOUR, [6, 2, 8], [6, 2, 8], [7, 2, 9])
"""λ = 0 and 0.5 err on as many images, in every seed."""


@pytest.mark.parametrize(
    ("predicate", "errors", "verdict", "decides"),
    [
        (INTERIOR, TIE, "inconclusive", True),
        (HALF, TIE, "inconclusive", True),
        (INTERIOR, alike(FOUR, 6, 7, 6), "not reproduced", False),  # both ends tie: neither is inside
        (FALLS, alike(FOUR, 9, 6, 6) | alike(MANY, 6, 9, 9), "reproduced", False),  # from either to 0
        (FALLS, alike(FOUR, 9, 6, 9) | alike(MANY, 6, 6, 9), "inconclusive", True),  # to 0, or not at all
        (FALLS, alike(FOUR, 6, 6, 9) | alike(MANY, 9, 9, 6), "not reproduced", False),  # it rises in every way
        (ANY, alike(FOUR, 6, 6, 9) | alike(MANY, 9, 6, 9), "reproduced", False),  # the other one is inside
        (ANY, alike(FOUR, 6, 6, 9) | alike(MANY, 6, 9, 9), "inconclusive", True),
    ],
)
def test_a_claim_that_a_tie_decides_is_inconclusive(
    predicate: dict[str, Any], errors: Errors, verdict: str, decides: bool
) -> None:
    found = judged(predicate, errors)
    assert found.verdict == verdict
    assert ("A tie decides: the claim holds at some of the tied λs and fails at others." in found.observed) == decides


def test_ties_inside_the_grid_decide_nothing_about_its_inside() -> None:
    errors: dict[tuple[str, str, float], list[float | str]] = {
        (FOUR, "joint", lam): [100 * count / TEST] * SEEDS for lam, count in {0: 9, 0.5: 6, 0.9: 6, 1: 9}.items()
    }
    found = judged(INTERIOR, errors, **{"lambda": [0, 0.5, 0.9, 1]})
    assert found.verdict == "reproduced"
    assert "Best λ 0.5 or 0.9 (tied) for 4x4H; the claim holds in 100.0 % of 10,000 resamples" in found.observed


def test_a_tie_is_named_and_so_is_what_it_does_to_the_share() -> None:
    found = judged(HALF, TIE)
    # Both λs tie in every resample; in one of 27 the third joins them.
    assert found.estimate == pytest.approx(0.5 - 1 / 162, abs=0.003)
    assert found.observed.startswith("Best λ 0 or 0.5 (tied) for 4x4H; the claim holds in 49.")
    assert "A resample in which several λs tie counts for each of them in equal parts." in found.remark


def _choices(of: Mapping[str, pd.DataFrame], drawn: tuple[int, ...]) -> Iterator[dict[str, float]]:
    """All ways to choose among the best λs of one resample."""
    sums = {name: frame.to_numpy()[list(drawn)].sum(0) for name, frame in of.items()}
    tied = [np.array(LAMBDAS)[own == own.min()] for own in sums.values()]
    for lams in product(*tied):
        yield dict(zip(of, lams, strict=True))


def falls(best: Mapping[str, float]) -> bool:
    steps = [after - before for before, after in pairwise([best[FOUR], best[MANY]])]
    return max(steps) <= 0 and min(steps) < 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("spread", [2, 40])  # few wrong images tie often
def test_the_share_is_that_of_all_27_resamples_of_three_seeds(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.normal(20 * spread, spread, (2, SEEDS, 3)).round()
    of = {name: pd.DataFrame(own, columns=LAMBDAS) for name, own in zip((FOUR, MANY), counts, strict=True)}
    ways = [list(_choices(of, drawn)) for drawn in product(range(SEEDS), repeat=SEEDS)]

    def share(holds: Any) -> float:
        return float(np.mean([np.mean([holds(best) for best in own]) for own in ways]))

    both = (FOUR, MANY)
    expected: list[tuple[Choosing, float]] = [
        (BestLambda(kind="best-lambda", best={FOUR: 0.5}), share(lambda b: b[FOUR] == 0.5)),
        (BestLambda(kind="best-lambda", best={FOUR: 0.5, MANY: 0}), share(lambda b: b[FOUR] == 0.5 and b[MANY] == 0)),
        (FallingBest(kind="falling-best", architectures=both), share(falls)),
        (InteriorBest(kind="interior-best", architectures=both), share(lambda b: b[FOUR] == b[MANY] == 0.5)),
        (
            InteriorBest(kind="interior-best", architectures=both, of="any"),
            max(share(lambda b, name=name: b[name] == 0.5) for name in both),
        ),
    ]
    for predicate, value in expected:
        names = best_lambda.architectures(predicate)
        found = best_lambda.find(predicate, {name: of[name] for name in names})
        assert found.estimate == pytest.approx(value, abs=0.02)  # four standard errors of 10,000 resamples
        assert best_lambda.find(predicate, {name: of[name] for name in names}) == found


def test_any_of_several_architectures_must_be_the_surer() -> None:
    of = {name: pd.DataFrame([[40.0, 36, 40]] * SEEDS, columns=LAMBDAS) for name in (FOUR, MANY)}
    one = best_lambda.find(InteriorBest(kind="interior-best", architectures=(FOUR, MANY), of="any"), of)
    assert one.verdict() == "reproduced"
    # A share of 26/27 would do for one architecture, and does not for two: 2 (1 − 26/27) > 0.05.
    of[MANY] += np.array([0.0, 30, 0])
    of[FOUR] = pd.DataFrame([[100.0, 105, 110], [100, 89, 110], [100, 89, 110]], columns=LAMBDAS)
    alone = best_lambda.find(InteriorBest(kind="interior-best", architectures=(FOUR,)), {FOUR: of[FOUR]})
    of_two = best_lambda.find(InteriorBest(kind="interior-best", architectures=(FOUR, MANY), of="any"), of)
    assert alone.estimate == of_two.estimate == pytest.approx(26 / 27, abs=0.01)
    assert (alone.verdict(), of_two.verdict()) == ("reproduced", "inconclusive")


def test_seeds_to_decide_are_asked_for_at_the_level_of_the_verdict_that_is_nearer() -> None:
    of = {
        name: pd.DataFrame([[100.0, 105, 110], [100, 96, 110], [100, 105, 110]], columns=LAMBDAS)
        for name in (FOUR, MANY)
    }
    alone = best_lambda.find(InteriorBest(kind="interior-best", architectures=(FOUR,)), {FOUR: of[FOUR]})
    of_two = best_lambda.find(InteriorBest(kind="interior-best", architectures=(FOUR, MANY), of="any"), of)
    assert alone.estimate == of_two.estimate
    assert alone.estimate is not None
    assert alone.estimate < 0.5  # to refute needs no correction for the number of architectures
    assert alone.more_seeds == of_two.more_seeds is not None


def at_best(by_lambda: Mapping[float, float], bagging: float, **changes: Any) -> Judgement:
    """Whether the best λ errs less than bagging, where λ = 0 and 0.5 tie by validation; test errors in percent."""
    errors: dict[tuple[str, str, float], list[float | str]] = {
        (FOUR, "joint", lam): [error, error + 0.3, error + 0.1] for lam, error in by_lambda.items()
    }
    errors[FOUR, "bagging", 0.0] = [bagging, bagging + 0.2, bagging + 0.2]

    def measured(trial: PlannedTrial) -> Numbers | str:
        numbers = with_errors(errors)(trial)
        if isinstance(numbers, str):
            return numbers
        return numbers | {"validation_error": (9 if trial.spec.lam < 1 else 20) / 237}

    predicate = {"kind": "order", "steps": [[cell(FOUR, "best")], [cell(FOUR, method="bagging")]]}
    (found,) = judge([frames(sweep([claim(predicate)], **changes), measured)])
    return found


def test_a_comparison_at_the_best_lambda_must_come_out_alike_at_every_tied_one() -> None:
    lower = at_best({0: 9.0, 0.5: 10.0, 1: 5.0}, bagging=12.0)
    assert lower.verdict == "reproduced"
    weakest = stats.ttest_rel([12, 12.2, 12.2], [10, 10.3, 10.1])
    assert (lower.p, lower.estimate) == (pytest.approx(weakest.pvalue), pytest.approx(2))
    assert "4x4H by bagging minus 4x4H at its best λ (0.5, tied with 0)" in lower.observed
    assert "This is the weakest of 2 ways to break ties of the best λ." in lower.observed
    assert at_best({0: 14.0, 0.5: 15.0, 1: 5.0}, bagging=12.0).verdict == "not reproduced"
    mixed = at_best({0: 9.0, 0.5: 15.0, 1: 5.0}, bagging=12.0)
    assert mixed.verdict == "inconclusive"
    assert "of 2 ways to break ties of the best λ; a tie decides" in mixed.observed
    assert mixed.p is not None
    assert mixed.p > 0.5
    assert mixed.more_seeds is None


def test_ties_that_can_be_broken_in_too_many_ways_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.claims.evidence.MOST_WAYS", 1)
    found = at_best({0: 9.0, 0.5: 10.0, 1: 5.0}, bagging=12.0)
    assert (found.verdict, found.p) == ("inconclusive", None)
    assert "tie in too many ways" in found.observed


@pytest.mark.parametrize("lost", LAMBDAS)
def test_a_lambda_without_any_trial_leaves_the_claim_open_and_the_others_compared(lost: float) -> None:
    errors = {name: own for name, own in alike(FOUR, 9, 6, 12).items() if name[2] != lost}
    found = judged(INTERIOR, errors)
    assert (found.verdict, found.here, found.could_flip) == ("incomplete", "inconclusive", True)
    assert f"Best λ {0 if lost == 0.5 else 0.5:g} for 4x4H, with λs of 4x4H still to be measured." in found.observed
