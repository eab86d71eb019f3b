"""``ensweep claims`` over whole stores: what it prints, and what it ends with."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestrator.commands.claims import claims
from reports.claims import VERDICTS
from reports.wording import DOMINANCE
from specs.errors import Exit
from specs.sweep import PlannedTrial
from tests.reports.synthetic import sweep, write_store


def order(lower: float, upper: float, name: str = "20x4H") -> dict[str, Any]:
    steps = [[{"architecture": name, "lambda": lam}] for lam in (lower, upper)]
    return {"kind": "order", "steps": steps}


TRUE = {"id": "A1", "sentence": "Systems err less.", "source": "text", "predicate": order(0.99, 0), "paper": "1 %"}
FALSE = {"id": "A2", "sentence": "Ensembles err less.", "source": "text", "predicate": order(0, 0.99)}
PROVED = {"id": "T1", "sentence": "It is so.", "source": "Eq. 1", "predicate": {"kind": "proved", "tests": ["a.py"]}}
FULL = {"epochs": 6, "seeds": 3}


def store(folder: Path, *stated: dict[str, Any], lost: float | None = None, **changes: Any) -> str:
    spec = sweep(claims=list(stated), full_scale=FULL, **changes)

    def outcome(trial: PlannedTrial) -> Any:
        return None if trial.spec.lam == lost and trial.spec.seed == 2 else "complete"

    write_store(folder, spec, outcome)
    return str(folder)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(claims, arguments, standalone_mode=False)


def test_verdicts_are_data_and_end_with_0_unless_asked_to_be_strict(tmp_path: Path) -> None:
    place = store(tmp_path / "store", TRUE, FALSE, PROVED)
    result = run(place, "--json")
    told = json.loads(result.stdout)
    assert result.return_value == Exit.COMPLETE
    verdicts = {claim["id"]: claim["verdict"] for claim in told["claims"]}
    assert verdicts == {"A1": "reproduced", "A2": "not reproduced", "T1": "checked by tests"}
    assert set(verdicts.values()) <= set(VERDICTS)
    assert (told["stores"], told["met"]) == ([place], False)
    assert run(place, "--strict").return_value == Exit.CLAIMS_NOT_MET == 7


def test_strict_is_content_with_what_is_reproduced_or_proved(tmp_path: Path) -> None:
    result = run(store(tmp_path / "store", TRUE, PROVED), "--strict")
    assert result.return_value == Exit.COMPLETE
    assert "1 reproduced, 1 checked by tests" in result.stdout


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({"lost": 0.99}, "incomplete"), ({"seeds": 1, "full_scale_not_stated": True}, "inconclusive")],
)
def test_strict_takes_nothing_less_than_reproduced(tmp_path: Path, changes: dict[str, Any], verdict: str) -> None:
    lost = changes.get("lost")
    if "seeds" in changes:
        spec = sweep(claims=[TRUE], seeds=1, full_scale=None)
        write_store(tmp_path / "store", spec)
        place = str(tmp_path / "store")
    else:
        place = store(tmp_path / "store", TRUE, lost=lost)
    result = run(place, "--strict")
    assert result.return_value == Exit.CLAIMS_NOT_MET
    assert f"A1  {verdict}: Systems err less." in result.stdout
    assert ("lacking 1 of 6 trials: 1 missing; they could" in result.stdout) == (verdict == "incomplete")


def test_an_empty_store_reproduces_nothing_not_even_a_number_of_parameters(tmp_path: Path) -> None:
    count = {"kind": "parameters", "counts": {"20x4H": 6200}, "within": 1}
    spec = sweep(claims=[TRUE, {**TRUE, "id": "A2", "predicate": count}])
    write_store(tmp_path / "store", spec, lambda trial: None)
    result = run(str(tmp_path / "store"), "--strict")
    assert result.return_value == Exit.CLAIMS_NOT_MET
    assert "    lacking 6 of 6 trials: 6 missing\n" in result.stdout
    assert "    lacking a complete trial of 20x4H\n" in result.stdout
    assert result.stdout.endswith("\n2 not run\n")


def test_model_dominance_is_defined_where_a_claim_is_about_it(tmp_path: Path) -> None:
    cells = [{"architecture": "20x4H", "lambda": 1}]
    bound = {"kind": "bound", "measure": "dominance", "side": "above", "bound": 0.5, "cells": cells}
    result = run(store(tmp_path / "a", {**TRUE, "predicate": bound}))
    assert "Model dominance by test errors of 20x4H" in result.stdout
    assert result.stdout.count(DOMINANCE) == 1
    assert DOMINANCE not in run(store(tmp_path / "b", TRUE)).stdout


def test_several_stores_are_one_board(tmp_path: Path) -> None:
    places = [store(tmp_path / "a", TRUE), store(tmp_path / "b", FALSE, name="other")]
    told = json.loads(run(*places, "--json").stdout)["claims"]
    assert [(claim["id"], claim["sweep"]) for claim in told] == [("A1", "synthetic"), ("A2", "other")]
    alone = json.loads(run(places[0], "--json").stdout)["claims"]
    assert told[0]["p"] == alone[0]["p"]
    assert told[0]["p_holm"] == pytest.approx(min(1, 2 * alone[0]["p_holm"]))  # of two orders on the board


def test_a_sweep_without_claims_says_so_and_meets_all(tmp_path: Path) -> None:
    result = run(store(tmp_path / "store"), "--strict")
    assert result.return_value == Exit.COMPLETE
    assert "state none" in result.stdout


def test_the_paper_s_number_is_printed_where_there_is_one(tmp_path: Path) -> None:
    text = run(store(tmp_path / "store", TRUE, FALSE)).stdout
    assert text.count("Paper: ") == text.count("Paper: 1 %.") == 1


def test_what_is_no_store_is_a_usage_error(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert result.exception is not None
    assert "is not a store" in str(result.exception)
