"""What a sweep expands to: cells of λ, baselines, single networks, and what each trial holds out."""

from typing import Any

import pytest
from pydantic import ValidationError

from specs.architectures import ConvNet, DenseNet, Mlp
from specs.loader import SpecError, parse_sweep
from specs.sweep import SweepSpec, expand
from specs.trial import TrialSpec
from tests.specs.texts import SWEEP

CIFAR = (3, 32, 32)
ALL = "methods=[joint, bagging, stacking]"
NONE_HELD_OUT = ("dataset.name=cifar100", "dataset.validation=0", "training.selection=final")


def changed(*overrides: str) -> SweepSpec:
    return parse_sweep(SWEEP, "tiny.yaml", overrides)


def cells(sweep: SweepSpec) -> list[tuple[str, str, float]]:
    return [(t.architecture, t.spec.method, t.spec.lam) for t in expand(sweep) if t.spec.seed == 0]


def test_baselines_stand_once_a_seed_at_lambda_0_and_only_for_ensembles() -> None:
    assert cells(changed(ALL)) == [
        ("1x8H", "joint", 1.0),
        ("4x2.5H", "joint", 0.0),
        ("4x2.5H", "joint", 0.5),
        ("4x2.5H", "joint", 1.0),
        ("4x2.5H", "bagging", 0.0),
        ("4x2.5H", "stacking", 0.0),
    ]
    assert len(expand(changed(ALL))) == 12


def test_a_sweep_of_baselines_alone_has_no_joint_trial() -> None:
    assert cells(changed("methods=[bagging]")) == [("4x2.5H", "bagging", 0.0)]


def test_adding_baselines_keeps_the_joint_trials() -> None:
    before, after = ({t.id for t in expand(sweep)} for sweep in (changed(), changed(ALL)))
    assert before < after


def test_baselines_learn_at_the_rate_of_lambda_0() -> None:
    rates = {t.spec.method: t.spec.training.learning_rate for t in expand(changed(ALL)) if t.spec.lam == 0}
    assert rates == {"joint": 0.2, "bagging": 0.2, "stacking": 0.2}


def test_stacking_holds_out_its_own_images_where_none_are() -> None:
    trials = expand(changed(ALL, *NONE_HELD_OUT))
    assert {(t.spec.method, t.spec.dataset.validation) for t in trials} == {
        ("joint", 0),
        ("bagging", 0),
        ("stacking", 5_000),
    }
    assert {t.spec.training.selection for t in trials} == {"final"}
    fewer = expand(changed(ALL, *NONE_HELD_OUT, "stacking_validation=100"))
    assert {t.spec.dataset.validation for t in fewer if t.spec.method == "stacking"} == {100}


def test_stacking_shares_validation_images_where_there_are_some() -> None:
    assert {t.spec.dataset.validation for t in expand(changed(ALL, "stacking_validation=100"))} == {237}


def test_what_stacking_holds_out_changes_no_other_trial() -> None:
    few, many = (changed(ALL, *NONE_HELD_OUT, f"stacking_validation={n}") for n in (100, 200))
    different = {t.id for t in expand(few)} ^ {t.id for t in expand(many)}
    assert len(different) == 2 * 2  # one stacking trial a seed in each sweep


def test_lambda_may_leave_0_to_1_where_that_is_allowed() -> None:
    sweep = changed("allow_extrapolation=true", "lambda=[-0.5, 0, 1, 1.5]")
    assert {t.spec.lam for t in expand(sweep)} == {-0.5, 0.0, 1.0, 1.5}
    rates = changed("allow_extrapolation=true", "training.learning_rate={default: 1, from_lambda: {2: 0.5}}")
    assert len(expand(rates)) == 8


def test_a_negative_zero_is_zero() -> None:
    assert [t.id for t in expand(changed("lambda=[-0.0, 0.5, 1]"))] == [t.id for t in expand(changed())]
    with pytest.raises(SpecError, match="each entry may stand once"):
        changed("lambda=[-0.0, 0]")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "bagging", "lambda": 0.5}, "λ is 0 and members above 1"),
        ({"method": "stacking", "architecture": {"kind": "mlp", "members": 1, "hidden": 2}}, "members above 1"),
        ({"method": "stacking", "dataset": {"name": "digits", "validation": 0}}, "held-out images; hold some out"),
        ({"dataset": {"name": "digits", "validation": 237, "train_examples": 1201}}, "at most the 1200 images"),
    ],
)
def test_a_trial_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    trial: dict[str, Any] = {
        "architecture": {"kind": "mlp", "members": 4, "hidden": 2},
        "lambda": 0,
        "seed": 0,
        "dataset": {"name": "digits", "validation": 237},
        "training": {"epochs": 1, "batch_size": 50, "learning_rate": 0.1, "selection": "final"},
    }
    TrialSpec.model_validate(trial)
    with pytest.raises(ValidationError, match=message):
        TrialSpec.model_validate(trial | changes)


@pytest.mark.parametrize(("depth", "growth", "members", "total"), [
    (100, 12, 4, 3_200_128),
    (82, 8, 8, 2_132_448),
    (64, 6, 16, 1_685_056),
])  # fmt: skip
def test_parameters_of_the_paper_s_densenets(depth: int, growth: int, members: int, total: int) -> None:
    network = DenseNet(kind="densenet", members=members, depth=depth, growth=growth)
    assert members * network.member_parameters(CIFAR, 100) == total


@pytest.mark.parametrize(("filters", "expected"), [
    ((16, 32, 32, 64, 64), 76_260),
    ((32, 64, 64, 128, 128), 290_660),
    ((48, 96, 96, 192, 192), 643_300),
    ((64, 128, 128, 256, 256), 1_134_180),
])  # fmt: skip
def test_parameters_of_the_four_convnets(filters: tuple[int, ...], expected: int) -> None:
    assert ConvNet(kind="convnet", members=16, filters=filters).member_parameters(CIFAR, 100) == expected


def test_parameters_by_hand() -> None:
    assert Mlp(kind="mlp", members=2, hidden=3).member_parameters((1, 2, 2), 5) == 3 * 4 + 3 + 5 * 3 + 5
    one = ConvNet(kind="convnet", members=1, filters=(2,), strides=(1,))
    assert one.member_parameters(CIFAR, 10) == (9 * 3 + 1) * 2 + 10 * 2 + 10
