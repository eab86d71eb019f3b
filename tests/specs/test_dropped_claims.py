"""An override may leave claims of a file behind: they are dropped and told of; wrong claims stay errors."""

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli
from specs.dropped_claims import Dropped, describe
from specs.loader import SpecError, load_sweep, parse_sweep
from specs.sweep import SweepSpec
from tests.specs.texts import SWEEP

FLAT = "{id: A1, sentence: It holds., source: text, predicate: {kind: flat, architecture: 4x2.5H, within: 1}}"
ORDER = (
    "{id: A2, sentence: It falls., source: text, predicate: {kind: order, steps: "
    "[[{architecture: 4x2.5H, lambda: 0.5}], [{architecture: 4x2.5H, lambda: 1}]]}}"
)
TEXT = f"{SWEEP}claims: [{FLAT}, {ORDER}]\n"


def changed(*overrides: str, text: str = TEXT) -> tuple[SweepSpec, Dropped]:
    told: list[Dropped] = []
    sweep = parse_sweep(text, "tiny.yaml", overrides, told.append)
    return sweep, told[0] if told else {}


def test_a_claim_whose_lambda_an_override_took_is_dropped_and_told_of() -> None:
    sweep, dropped = changed("lambda=[0, 1]")
    assert [claim.id for claim in sweep.claims] == ["A1"]
    assert dropped == {"A2": "λ = 0.5 is not planned, only 0, 1"}
    assert sweep.lambdas == (0, 1)


def test_nothing_is_dropped_while_all_is_planned() -> None:
    sweep, dropped = changed("lambda=[0, 0.5, 0.7, 1]", "training.epochs=1")
    assert (len(sweep.claims), dropped) == (2, {})


def test_whatever_a_claim_names_counts() -> None:
    assert changed("architectures={9x2H: {kind: mlp, members: 9, hidden: 2}}")[1].keys() == {"A1", "A2"}
    assert changed("methods=[bagging]")[1].keys() == {"A2"}
    assert [claim.id for claim in changed("claims=[]", "lambda=[0]")[0].claims] == []


def test_without_a_listener_it_stays_an_error() -> None:
    with pytest.raises(SpecError, match=r"λ = 0.5 is not planned, only 0, 1; plan it, or leave the claim out"):
        parse_sweep(TEXT, "tiny.yaml", ["lambda=[0, 1]"])


@pytest.mark.parametrize("override", ["training.epochs=1", "lambda=[0, 1]", "seeds=1"])
def test_a_claim_that_is_wrong_in_the_file_stays_an_error(override: str) -> None:
    wrong = TEXT.replace("lambda: 0.5}", "lambda: 0.6}")
    with pytest.raises(SpecError, match=r"tiny.yaml:\d+:\d+: claims\[1\].*λ = 0.6 is not planned"):
        changed(override, text=wrong)


@pytest.mark.parametrize(
    "override",
    [
        f"claims=[{ORDER.replace('A2', 'A3')}]",
        "claims.0.predicate={kind: best-lambda, best: {4x2.5H: 0.5}}",
        "claims=paper/fashion-mlp",
    ],
)
def test_a_claim_that_an_override_states_or_changes_stays_an_error(override: str) -> None:
    with pytest.raises(SpecError, match=r"is not planned|no architecture is called"):
        changed("lambda=[0, 1]", override)


def test_what_else_is_wrong_is_still_said() -> None:
    with pytest.raises(SpecError, match=r"--set training.epochs=0: must be at least 1, got 0"):
        changed("lambda=[0, 1]", "training.epochs=0")


def test_borrowed_claims_are_dropped_too() -> None:
    told: list[Dropped] = []
    sweep = load_sweep("reduced/fashion-mlp", ["lambda=[0, 1]"], told.append)
    kept, dropped = {claim.id for claim in sweep.claims}, told[0].keys()
    assert kept | dropped == {claim.id for claim in load_sweep("paper/fashion-mlp").claims}
    assert kept >= {"F1", "F2", "F6", "R1", "R2", "T8"}
    assert dropped >= {"F3", "F7", "R3", "L1"}


def test_claims_with_one_reason_share_a_line() -> None:
    assert describe({"A1": "this", "A2": "that", "A3": "this"}).splitlines() == [
        "--set drops the claims A1, A3: this",
        "--set drops the claims A2: that",
    ]


def test_commands_tell_of_it_beside_their_data() -> None:
    done = CliRunner().invoke(cli, ["validate", "paper/fashion-mlp", "--set", "lambda=[0,1]", "--json"])
    assert done.exit_code == 0
    assert '"valid": true' in done.stdout
    assert "--set drops the claims F3, " in done.stderr
    assert "F3" not in done.stdout
