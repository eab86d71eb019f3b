"""--set changes any field, through the same validation."""

import pytest

from specs.entries import LearningRate
from specs.loading import SpecError, parse_sweep
from specs.sweep import SweepSpec
from tests.specs.texts import SWEEP


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
