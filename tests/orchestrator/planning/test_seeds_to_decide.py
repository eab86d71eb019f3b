"""``plan --seeds-to-decide``: from a store to the override that settles what is open."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator.commands.sweeps import plan
from specs.sweep import SweepSpec
from specs.sweep_text import dump_sweep
from tests.reports.synthetic import sweep, write_store


def order(upper: float, lower: float) -> dict[str, Any]:
    return {"kind": "order", "steps": [[{"architecture": "4x16H", "lambda": lam}] for lam in (upper, lower)]}


OPEN = {"id": "A1", "sentence": "It rises a little.", "source": "text", "predicate": order(0, 0.5)}
SETTLED = {"id": "A2", "sentence": "It rises.", "source": "text", "predicate": order(0, 1)}


def stated(*claims: dict[str, Any], **changes: object) -> SweepSpec:
    return sweep(claims=list(claims), full_scale={"epochs": 6, "seeds": 3}, **changes)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_store(tmp_path / "store", stated(OPEN, SETTLED))
    (tmp_path / "spec.yaml").write_text(dump_sweep(stated(OPEN, SETTLED)))
    return tmp_path


def planned(place: Path, *arguments: str) -> str:
    spec, store = str(place / "spec.yaml"), str(place / "store")
    done = CliRunner().invoke(plan, [spec, "--store", store, *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_the_plan_names_the_override_that_settles_what_is_open(place: Path) -> None:
    told = json.loads(planned(place, "--seeds-to-decide", "--json"))["to_decide"]
    (claim,) = told["inconclusive"]
    assert (claim["id"], claim["n"], told["seeds"], told["waiting"]) == ("A1", 3, 3, 0)
    assert claim["more_seeds"] == told["more_seeds"] >= 1
    assert claim["more_seconds"] == pytest.approx(2 * 12.5 * claim["more_seeds"])
    assert told["seconds"] == pytest.approx(11 * 12.5 * claim["more_seeds"])
    assert told["setting"] == f"seeds={3 + claim['more_seeds']}"
    text = planned(place, "--seeds-to-decide")
    assert "to decide: inconclusive at 3 seeds: 1 claim" in text
    assert f"  A1  {claim['more_seeds']} more seed" in text
    assert f"--set {told['setting']} would settle all, with 80 % power" in text


def test_that_override_plans_so_many_more_trials(place: Path) -> None:
    told = json.loads(planned(place, "--seeds-to-decide", "--json"))["to_decide"]
    counts = json.loads(planned(place, "--set", told["setting"], "--json"))
    assert (counts["complete"], counts["todo"]) == (33, 11 * told["more_seeds"])


def test_with_that_override_the_claims_wait_for_their_trials(place: Path) -> None:
    text = planned(place, "--seeds-to-decide", "--set", "seeds=9")
    assert text.endswith("to decide: no claim is inconclusive; waiting for planned trials: 2 claims\n")


def test_without_the_flag_nothing_is_judged(place: Path) -> None:
    assert "to_decide" not in json.loads(planned(place, "--json"))
    assert "decide" not in planned(place)


def test_no_store_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(dump_sweep(stated(OPEN)))
    assert "waiting for planned trials: 1 claim" in planned(tmp_path, "--seeds-to-decide")
    assert not (tmp_path / "store").exists()
