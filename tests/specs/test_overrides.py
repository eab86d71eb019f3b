"""--set changes any field, through the same validation."""

from pathlib import Path

import pytest

from specs.entries import LearningRate
from specs.loader import SpecError, parse_sweep
from specs.sweep import SweepSpec
from tests.specs.texts import MOST_CALLS, SWEEP
from tests.work import counted


def changed(*overrides: str) -> SweepSpec:
    return parse_sweep(SWEEP, "tiny.yaml", overrides)


def test_a_field_is_set() -> None:
    assert changed("training.epochs=5").training.epochs == 5
    assert changed("seeds=1").seeds == 1
    assert changed("lambda=[0,1]").lambdas == (0.0, 1.0)
    assert changed("lambda.1=0.25").lambdas == (0.0, 0.25, 1.0)
    assert changed("training.learning_rate=1e-4").training.learning_rate == 1e-4
    assert changed("notes=a = b").notes == "a = b"


def test_architecture_names_may_contain_dots() -> None:
    assert changed("architectures.4x2.5H.hidden=8").architectures["4x2.5H"].hidden == 8


def test_absent_keys_are_created() -> None:
    assert changed("evaluation.robustness.repeats=5").evaluation.robustness.repeats == 5
    assert changed("architectures.2x8H={kind: mlp, members: 2, hidden: 8}").architectures["2x8H"].members == 2
    rate = changed("training.learning_rate={default: 1, from_lambda: {1: 0.5}}").training.learning_rate
    assert isinstance(rate, LearningRate)
    assert rate.at(1.0) == 0.5


def test_later_overrides_win_and_may_mend_the_file() -> None:
    assert changed("training.epochs=0", "training.epochs=7").training.epochs == 7


def test_a_long_override_is_shortened_in_messages() -> None:
    with pytest.raises(SpecError) as caught:
        changed(f"lambda=[{', '.join(['0.5'] * 1000)}, 2]")
    assert len(str(caught.value)) < 300


HOSTILE = {
    "python tag": (
        "notes=!!python/object/apply:os.system [touch ran]",
        "tags are not supported; remove !!python/object",
    ),
    "alias bomb": ("notes=[&a [x], *a, *a]", "anchors (&a) are not supported"),
    "alias": ("notes=*a", "aliases (*) are not supported"),
    "duplicate key": ("training={epochs: 1, epochs: 2}", "key 'epochs' stands twice"),
    "deep value": ("notes=" + "[" * 100_000, "more than 50 levels of nesting"),
    "deep path": ("a" + ".a" * 100_000 + "=1", "more than 50 levels of nesting"),
    "deep path and value": ("a" + ".a" * 49 + "=" + "[" * 49 + "]" * 49, "unknown key 'a'"),
    "empty steps": ("...=1", "unknown key 'None'"),
    "many values": ("notes=[" + "1," * 60_000 + "]", "more than 5,000 values"),
    "long number": ("seeds=" + "1" * 5_000, "a number of more than 1,000 digits"),
    "long number as key": ("training." + "1" * 5_000 + "=1", "a number of more than 1,000 digits"),
    "long text": ("notes=" + "x" * 1_000_001, "more than 1,000,000 characters"),
    "huge index": ("lambda.99999999999999999999=1", "the list has 3 entries, counted from 0; no entry"),
    "index in other digits": ("lambda.\u0661=1", "the list has 3 entries, counted from 0; no entry"),
    "path in a name": ("name=../x", "must be 1 to 64 lower-case letters"),
    "not a number": ("lambda.0=.nan", "expected a finite number, got .nan"),
    "bytes that are no text": ("notes=\udcff", "the character U+DCFF is not allowed"),
    "bytes that are no text as key": ("\udcff=1", "the key has a character that cannot be printed"),
    "second document": ("notes=a\n--- b", "a second document"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_override_is_rejected_at_once(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    override, message = HOSTILE[name]
    with counted() as work, pytest.raises(SpecError) as caught:
        changed(override)
    assert message in str(caught.value)
    assert str(caught.value).startswith("--set ")
    assert len(str(caught.value)) < 1_000
    assert work.calls < MOST_CALLS
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=5", "--set training.epoch=5: unknown key 'epoch'; did you mean 'epochs'?"),
        ("training.epochs=0", "--set training.epochs=0: must be at least 1, got 0"),
        (
            "training.epochs='5'",
            "--set training.epochs='5': expected a whole number, got the text '5'; remove the quotes",
        ),
        ("trainin.epochs=5", "--set trainin.epochs=5: unknown key 'trainin'; did you mean 'training'?"),
        ("seeds", "--set seeds: expected KEY=VALUE, such as training.epochs=5"),
        ("=5", "--set =5: expected KEY=VALUE, such as training.epochs=5"),
        ("seeds=", "--set seeds=: expected a whole number or a list, got nothing"),
        ("lambda=[0,1", "--set lambda=[0,1: "),
        ("lambda=[0,2]", "--set lambda=[0,2]: lambda[1]: must be within 0 and 1, got 2"),
        ("lambda.9=1", "--set lambda.9=1: the list has 3 entries, counted from 0; no entry '9'"),
        ("seeds.x=1", "--set seeds.x=1: 'x' cannot be set inside 2; set the whole value as a mapping"),
        ("name=!!python/name:os.system x", "--set name=!!python/name:os.system x: tags are not supported"),
        ("training={epochs: 0}", "--set training={epochs: 0}: training.epochs: must be at least 1, got 0"),
    ],
)
def test_a_mistake_names_the_override(override: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        changed(override)
    assert message in str(caught.value).splitlines() or str(caught.value).startswith(message)
