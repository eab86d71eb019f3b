"""The seeds that a plan is told to add: enough for all claims that seeds can settle, and none that cannot run."""

from typing import Any

import pytest

from reports.claims.open_claims import Decision, decide
from specs.sweep import PlannedTrial
from tests.reports.claims.claimed import Errors, Numbers, cell, claim, frames, sweep, with_errors

FOUR, SIXTEEN = "4x4H", "16x2H"


def order(name: str, by: float = 0.0) -> dict[str, Any]:
    return {"kind": "order", "steps": [[cell(name, 0)], [cell(name, 1)]], "by": by}


OPEN: Errors = {
    (FOUR, "joint", 0.0): [10.0, 10.1, 10.4],
    (FOUR, "joint", 1.0): [10.2, 10.9, 10.7],
    (SIXTEEN, "joint", 0.0): [10.0, 10.1, 10.4],
    (SIXTEEN, "joint", 1.0): [10.1, 10.6, 10.5],
}
BOTH = [claim(order(FOUR)), claim(order(SIXTEEN), id="A2")]


def decided(claims: list[dict[str, Any]], errors: Errors = OPEN, **changes: Any) -> Decision:
    networks = {FOUR: {"kind": "mlp", "members": 4, "hidden": 4}, SIXTEEN: {"kind": "mlp", "members": 16, "hidden": 2}}
    design: dict[str, Any] = {"architectures": networks, "methods": ["joint"], "lambda": [0, 1]}
    return decide(frames(sweep(claims, **design | changes), with_errors(errors)))


def test_the_neediest_claim_says_how_many_seeds_all_need() -> None:
    found = decided(BOTH)
    more = [each.more_seeds for each in found.inconclusive]
    assert [each.id for each in found.inconclusive] == ["A1", "A2"]
    assert all(number is not None for number in more)
    assert more[0] != more[1]
    assert found.more_seeds == max(number for number in more if number)
    assert (found.settled, found.seeds, found.waiting) == (2, 3, 0)
    assert found.setting == f"seeds={3 + found.more_seeds}"


def test_its_cost_is_that_of_every_cell() -> None:
    found = decided([claim(order(FOUR))])
    assert found.more_seeds is not None
    assert found.inconclusive[0].more_seconds == pytest.approx(2 * 10.0 * found.more_seeds)
    assert found.seconds == pytest.approx(4 * 10.0 * found.more_seeds)  # four cells, 10 s a trial


def test_seeds_that_are_named_are_kept_and_go_on_with_the_least_free_ones() -> None:
    order_of = {1: 0, 4: 1, 0: 2}

    def measured(trial: PlannedTrial) -> Numbers | str:
        values = OPEN.get((trial.architecture, trial.spec.method, trial.spec.lam))
        return "missing" if values is None else {"test_error": float(values[order_of[trial.spec.seed]]) / 100}

    found = decide(frames(sweep([claim(order(FOUR))], seeds=[1, 4, 0]), measured))
    assert found.more_seeds is not None
    assert found.setting.startswith("seeds=[1,4,0,2,3,5")
    assert found.setting.count(",") + 1 == 3 + found.more_seeds


def test_what_seeds_cannot_settle_asks_for_none() -> None:
    alike = {**OPEN, (FOUR, "joint", 1.0): [10.1, 10.0, 10.4]}  # differences of 0.1, -0.1 and 0
    found = decided(BOTH, alike)
    assert [each.more_seeds is None for each in found.inconclusive] == [True, False]
    assert (found.settled, found.more_seeds) == (1, found.inconclusive[1].more_seeds)
    alone = decided([claim(order(FOUR))], alike)
    assert (len(alone.inconclusive), alone.more_seeds, alone.setting, alone.seconds) == (1, None, "", None)


def test_more_seeds_than_a_sweep_may_have_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = decided([claim(order(FOUR))]).more_seeds
    assert needed is not None
    monkeypatch.setattr("reports.claims.open_claims.MAX_TRIALS", 4 * (3 + needed))
    assert decided([claim(order(FOUR))]).more_seeds == needed
    monkeypatch.setattr("reports.claims.open_claims.MAX_TRIALS", 4 * (3 + needed) - 1)
    assert decided([claim(order(FOUR))]).more_seeds is None


def test_claims_that_wait_for_trials_come_first() -> None:
    found = decided(BOTH, {**OPEN, (SIXTEEN, "joint", 1.0): [10.1, 10.6, "missing"]})
    assert ([each.id for each in found.inconclusive], found.waiting) == (["A1"], 1)


def test_a_sweep_without_claims_has_nothing_to_decide() -> None:
    assert decided([]) == Decision((), 0, 3, None, 0, None, "")
