"""Shapes and types of the pure functions are checked while their tests run; small generated data."""

import pytest
import torch
from jaxtyping import install_import_hook

from specs.architectures import Mlp
from specs.trial import Dataset, Evaluation, Robustness, Training, TrialSpec

with install_import_hook(
    [
        "trainers.losses",
        "trainers.metrics",
        "trainers.robustness",
        "trainers.ensembles.mlp",
        "trainers.calibration",
        "trainers.methods.bagging",
        "trainers.methods.combiner",
        "trainers.augmentation",
    ],
    "beartype.beartype",
):
    import trainers.training  # noqa: F401

from trainers.data import Arrays


@pytest.fixture(scope="module", autouse=True)
def one_thread_each(one_thread: None) -> None:
    """Every file's tests here, see :func:`tests.conftest.one_thread`."""


@pytest.fixture(scope="session")
def arrays() -> Arrays:
    """Ten blurred classes of 8×8 images, easy enough to learn in an epoch: 230 to train on, 57 to test."""
    stream = torch.Generator().manual_seed(0)
    centres = torch.randint(0, 17, (10, 1, 8, 8), generator=stream)

    def drawn(examples: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(0, 10, (examples,), generator=stream)
        noise = torch.randint(-6, 7, (examples, 1, 8, 8), generator=stream)
        return (centres[labels] + noise).clamp(0, 16).to(torch.uint8), labels

    return Arrays(*drawn(230), *drawn(57))


@pytest.fixture(scope="session")
def make_spec():
    """A small trial; keyword arguments of any of its parts change it."""

    def make(lam: float = 0.5, seed: int = 0, **changes: object) -> TrialSpec:
        measured = changes.pop("train_examples", 30)

        def part(model: type, **defaults: object):
            names = model.model_fields
            return model(**defaults | {name: changes.pop(name) for name in list(changes) if name in names})

        spec = TrialSpec(
            lam=lam,
            seed=seed,
            method=changes.pop("method", "joint"),
            architecture=part(Mlp, kind="mlp", members=3, hidden=5),
            dataset=part(Dataset, name="digits", validation=40),
            training=part(Training, epochs=3, batch_size=20, learning_rate=0.3),
            evaluation=Evaluation(train_examples=measured, robustness=part(Robustness, repeats=2)),
        )
        assert not changes
        return spec

    return make
