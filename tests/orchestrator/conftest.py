"""A small sweep, and rows as a trainer would give them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from specs.sweep import SweepSpec
from tests.orchestrator.crashing import Case, fast_folder

SWEEP: dict[str, Any] = {
    "name": "tiny",
    "title": "one system or an ensemble?",
    "architectures": {
        "1x8H": {"kind": "mlp", "members": 1, "hidden": 8},
        "4x2H": {"kind": "mlp", "members": 4, "hidden": 2},
    },
    "lambda": [0, 1],
    "seeds": 2,
    "dataset": {"name": "digits", "validation": 237},
    "training": {"epochs": 2, "batch_size": 100, "learning_rate": 0.1},
    "evaluation": {"train_examples": 100, "robustness": {"repeats": 2}},
}


@pytest.fixture
def sweep() -> Callable[..., SweepSpec]:
    """Builds the small sweep; keywords replace its fields."""
    return lambda **changes: SweepSpec.model_validate(SWEEP | changes)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where a file's tests have their stores: in memory, where they can be."""
    with fast_folder() as made:
        yield made


@pytest.fixture
def case(sweep: Callable[..., SweepSpec], folder: Path) -> Case:
    """A sweep of two trials; its finished store is made once and never changed."""
    made = Case.of(
        sweep(
            architectures={"2x3H": {"kind": "mlp", "members": 2, "hidden": 3}},
            seeds=1,
            training={"epochs": 2, "batch_size": 400, "learning_rate": 0.1},
        ),
        folder,
    )
    if not (folder / "whole").exists():
        made.run(made.store("whole"))
    return made
