"""A trial's id follows its meaning: no cosmetic edit changes it, every hashed field does."""

import copy
import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model
from pydantic_core import PydanticUndefined

from specs.additions import AddedLater
from specs.identity import trial_id
from specs.loader import parse_sweep
from specs.sweep import SweepSpec, expand
from specs.trial import TrialSpec
from tests.specs.texts import SWEEP
from trainers.stacks import Stack

TRIAL: dict[str, Any] = {
    "architecture": {"kind": "mlp", "members": 4, "hidden": 2},
    "method": "joint",
    "lambda": 0.5,
    "seed": 1,
    "dataset": {"name": "digits", "validation": 237, "train_examples": 1000},
    "training": {
        "epochs": 3,
        "batch_size": 50,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 0.0,
        "milestones": [2],
        "milestone_factor": 0.1,
        "augmentation": "none",
        "selection": "validation",
    },
    "evaluation": {
        "train_examples": 100,
        "robustness": {"repeats": 20, "masks": ["example"]},
        "filters": False,
        "hessian": {"examples": 1000, "iterations": 50},
    },
}
CHANGES: dict[str, Any] = {
    "architecture.members": 5,
    "architecture.hidden": 3,
    "lambda": 0.6,
    "seed": 2,
    "dataset.name": "fashion_mnist",
    "dataset.validation": 236,
    "dataset.train_examples": None,
    "training.epochs": 4,
    "training.batch_size": 51,
    "training.learning_rate": 0.2,
    "training.momentum": 0.8,
    "training.weight_decay": 1e-4,
    "training.milestones": [1],
    "training.milestone_factor": 0.2,
    "training.augmentation": "flip-crop",
    "training.selection": "final",
    "training.precision": "bf16",
    "evaluation.train_examples": 99,
    "evaluation.robustness.repeats": 19,
    "evaluation.robustness.masks": ["shared"],
    "evaluation.filters": True,
    "evaluation.hessian.examples": 999,
    "evaluation.hessian.iterations": 51,
}
CHANGED_WITH_OTHERS = {"architecture.kind", "method"}
CONVNET = {"kind": "convnet", "members": 4, "filters": [8, 16], "strides": [1, 2]}
DENSENET = {"kind": "densenet", "members": 4, "depth": 16, "growth": 6}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"lambda": 0},
    {"lambda": 0, "method": "bagging"},
    {"lambda": 0, "method": "stacking"},
    {"architecture": CONVNET},
    {"architecture": CONVNET | {"filters": [8, 17]}},
    {"architecture": CONVNET | {"strides": [1, 1]}},
    {"architecture": CONVNET | {"members": 5}},
    {"architecture": DENSENET},
    {"architecture": DENSENET | {"depth": 22}},
    {"architecture": DENSENET | {"growth": 7}},
    {"architecture": DENSENET | {"members": 5}},
]
"""Trials of which no two are the same."""
UNCUT = {"name": "cifar100", "validation": 237}


def ids(sweep: SweepSpec) -> list[str]:
    return [trial.id for trial in expand(sweep)]


def leaves(content: dict[str, Any], prefix: str = "") -> set[str]:
    nested = [
        leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}"}
        for key, value in content.items()
    ]
    return set().union(*nested)


def test_the_id_of_a_trial_is_pinned() -> None:
    """Where this fails, every result ever stored is stale: raise NUMERICS_VERSION on purpose, or undo the change."""
    assert trial_id(TrialSpec.model_validate(TRIAL)) == "510cc2f136cb88f5"


def test_the_precision_of_before_there_was_one_keeps_every_id() -> None:
    spelled = TRIAL | {"training": TRIAL["training"] | {"precision": "float32"}}
    assert trial_id(TrialSpec.model_validate(spelled)) == trial_id(TrialSpec.model_validate(TRIAL))


def models(model: type[BaseModel] = TrialSpec, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a trial has models, at any depth: the path of each; of the architecture for every kind."""
    yield path
    for name, field in model.model_fields.items():
        for part in getattr(field.annotation, "__args__", (field.annotation,)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from models(part, (*path, name, part.__name__))


def grown(model: type[BaseModel], path: tuple[str, ...], before: object) -> type[BaseModel]:
    """A model, with one more field in the model at that path."""
    if not path:
        return create_model(model.__name__, __base__=model, extra_=(Annotated[Any, AddedLater(before)], before))
    name, part, *rest = path
    below = grown(_part(model, name, part), tuple(rest), before)
    alias = model.model_fields[name].alias
    default = model.model_fields[name].get_default(call_default_factory=True)
    field = Field(default, alias=alias) if default is not PydanticUndefined else Field(alias=alias)
    return create_model(model.__name__, __base__=model, **{name: (below | None, field)})  # type: ignore[call-overload]


def _part(model: type[BaseModel], name: str, part: str) -> type[BaseModel]:
    annotation = model.model_fields[name].annotation
    return next(each for each in getattr(annotation, "__args__", (annotation,)) if each.__name__ == part)


ARCHITECTURES: dict[str, Any] = {"Mlp": TRIAL["architecture"], "ConvNet": CONVNET, "DenseNet": DENSENET}


@given(st.sampled_from(sorted(models())), st.sampled_from(["float32", 0, 1.5, None, False]), st.integers(2, 9))
def test_a_field_that_is_added_to_any_model_keeps_every_id_at_the_value_of_before(
    path: tuple[str, ...], before: object, other: int
) -> None:
    kind = path[1] if path[:1] == ("architecture",) else "Mlp"
    content = TRIAL | {"dataset": UNCUT, "architecture": ARCHITECTURES[kind]}
    model = grown(TrialSpec, path, before)
    old, new = TrialSpec.model_validate(content), model.model_validate(content)
    assert trial_id(new) == trial_id(old)  # type: ignore[arg-type]
    for value, same in ((before, True), (other, False)):
        spelled = model.model_validate(_with(content, path[::2], value))
        assert (trial_id(spelled) == trial_id(old)) is same  # type: ignore[arg-type]
    assert Stack.of([new]).fingerprint() == Stack.of([old]).fingerprint()  # type: ignore[list-item]


def _with(content: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """The content with the new field spelled out in the model at that path."""
    changed = part = copy.deepcopy(content)
    for name in path:
        part = part[name]
    part["extra_"] = value
    return changed


def test_every_model_of_a_trial_is_grown_above() -> None:
    found = {path[-1] if path else "TrialSpec" for path in models()}
    assert found == {
        "TrialSpec", "Mlp", "ConvNet", "DenseNet", "Dataset", "Training", "Evaluation", "Robustness", "Hessian"
    }  # fmt: skip


def test_precisions_have_ids_of_their_own() -> None:
    trials = [TRIAL | {"training": TRIAL["training"] | {"precision": name}} for name in ("float32", "tf32", "bf16")]
    assert len({trial_id(TrialSpec.model_validate(trial)) for trial in trials}) == 3


def test_every_field_is_hashed_and_listed_here() -> None:
    dumped = TrialSpec.model_validate(TRIAL).model_dump(by_alias=True)
    assert leaves(dumped) == set(CHANGES) | CHANGED_WITH_OTHERS


@pytest.mark.parametrize("path", CHANGES)
def test_each_field_changes_the_id(path: str) -> None:
    changed = copy.deepcopy(TRIAL)
    *parents, last = path.split(".")
    part = changed
    for key in parents:
        part = part[key]
    part[last] = CHANGES[path]
    assert trial_id(TrialSpec.model_validate(changed)) != trial_id(TrialSpec.model_validate(TRIAL))


def test_kinds_methods_and_their_own_fields_change_the_id() -> None:
    found = [trial_id(TrialSpec.model_validate(TRIAL | {"dataset": UNCUT} | variant)) for variant in VARIANTS]
    assert len(set(found)) == len(VARIANTS)


def test_every_field_of_a_network_is_varied_here() -> None:
    for network in (CONVNET, DENSENET):
        varied = [v["architecture"] for v in VARIANTS if v.get("architecture", {}).get("kind") == network["kind"]]
        dumped = TrialSpec.model_validate(TRIAL | {"architecture": network}).architecture.model_dump()
        assert {name for name in dumped if len({str(v[name]) for v in varied}) > 1} == dumped.keys() - {"kind"}


def shuffled(content: Any, draw: st.DrawFn) -> Any:
    if not isinstance(content, dict):
        return content
    return {key: shuffled(content[key], draw) for key in draw(st.permutations(list(content)))}


@st.composite
def cosmetic_edits(draw: st.DrawFn) -> str:
    """The trial's sweep with keys in any order, whole numbers as floats or not, and comments."""
    content = parse_sweep(SWEEP, "tiny.yaml").model_dump(mode="json", by_alias=True)
    order = list(content["architectures"])
    content = shuffled(content, draw)
    content["architectures"] = {name: content["architectures"][name] for name in order}
    content["training"]["epochs"] = draw(st.sampled_from([3, 3.0]))
    content["lambda"] = draw(st.sampled_from([[0, 0.5, 1], [0.0, 0.5, 1.0], [-0.0, 5e-1, 1]]))
    content["architectures"]["4x2.5H"]["learning_rate"] = {"from_lambda": "HERE", "default": 0.2}
    text = json.dumps(content, indent=2).replace('"HERE"', draw(st.sampled_from(["{0.99: 0.1}", "{99e-2: 1.0e-1}"])))
    return text.replace("\n", f"  # {draw(st.sampled_from(['a comment', 'λ']))}\n")


@given(cosmetic_edits())
def test_cosmetic_edits_keep_every_id(text: str) -> None:
    assert ids(parse_sweep(text, "edited.yaml")) == ids(parse_sweep(SWEEP, "tiny.yaml"))


@given(st.floats(0.001, 0.499), st.integers(3, 9), st.integers(9, 99))
def test_growing_a_sweep_adds_ids_and_changes_none(lam: float, seeds: int, hidden: int) -> None:
    before = set(ids(parse_sweep(SWEEP, "tiny.yaml")))
    for override, added in (
        (f"lambda=[0, {lam!r}, 0.5, 1]", 2),
        (f"seeds={seeds}", 4 * (seeds - 2)),
        (f"architectures.new={{kind: mlp, members: 2, hidden: {hidden}}}", 2 * 3),
    ):
        after = ids(parse_sweep(SWEEP, "tiny.yaml", [override]))
        assert len(after) == len(set(after))
        assert before < set(after)
        assert len(set(after) - before) == added


def test_names_and_notes_are_not_hashed() -> None:
    renamed = parse_sweep(SWEEP, "tiny.yaml", ["name=other", "title=other", "notes=other", "serves=[Figure 1]"])
    assert ids(renamed) == ids(parse_sweep(SWEEP, "tiny.yaml"))
