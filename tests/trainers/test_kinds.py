"""Every kind of network by every method, on small generated images: it learns, is measured, and resumes exactly."""

import pytest
import torch

from specs.architectures import ConvNet, DenseNet, Mlp
from specs.format.records import FILTERS, TRIALS
from specs.trial import Dataset, Evaluation, Robustness, Training, TrialSpec
from tests.trainers.folder import Folder
from trainers.data import Arrays
from trainers.training import train

NETWORKS = {
    "mlp": Mlp(kind="mlp", members=3, hidden=8),
    "convnet": ConvNet(kind="convnet", members=3, filters=(4, 8), strides=(1, 2)),
    "densenet": DenseNet(kind="densenet", members=3, depth=10, growth=4),
}
LABELS = {"sweep", "architecture", "environment", "trial_id"}
"""Columns that the store adds."""
MEASURED = {"seconds", "seconds_per_epoch", "samples_per_second", "peak_memory"}
EPOCHS = 4


@pytest.fixture(scope="module")
def images() -> Arrays:
    """Ten blurred classes of 3×32×32 images: 200 to train on, 50 to test."""
    stream = torch.Generator().manual_seed(0)
    centres = torch.randint(0, 256, (10, 3, 8, 8), generator=stream).repeat_interleave(4, 2).repeat_interleave(4, 3)

    def drawn(examples: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(0, 10, (examples,), generator=stream)
        noise = torch.randint(-30, 31, (examples, 3, 32, 32), generator=stream)
        return (centres[labels] + noise).clamp(0, 255).to(torch.uint8), labels

    return Arrays(*drawn(200), *drawn(50))


def spec(kind: str, method: str) -> TrialSpec:
    return TrialSpec(
        architecture=NETWORKS[kind],
        method=method,
        lam=0.5 if method == "joint" else 0.0,
        seed=0,
        dataset=Dataset(name="cifar10", validation=40),
        training=Training(
            epochs=EPOCHS,
            batch_size=20,
            learning_rate=0.1,
            weight_decay=1e-4,
            milestones=(2,),
            augmentation="flip-crop",
        ),
        evaluation=Evaluation(train_examples=100, robustness=Robustness(repeats=2), filters=True),
    )


class StoppedError(Exception):
    """Stands for a process that dies."""


@pytest.mark.parametrize("method", ["joint", "bagging", "stacking"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_it_learns_and_goes_on_after_a_stop_as_if_there_had_been_none(images, tmp_path, kind, method):
    def stop(epoch: int) -> None:
        if epoch == 3:
            raise StoppedError

    arguments = {"device": torch.device("cpu"), "checkpoint_seconds": 0}
    (whole,) = train([spec(kind, method)], images, **arguments)
    with pytest.raises(StoppedError):
        train([spec(kind, method)], images, checkpoint=Folder(tmp_path), on_epoch=stop, **arguments)
    (resumed,) = train([spec(kind, method)], images, checkpoint=Folder(tmp_path), **arguments)

    losses = [row["nll"] for row in whole.epochs if row["split"] == "train"]
    assert len(losses) == EPOCHS
    assert losses[-1] < losses[0]
    assert whole.trial.keys() == {column.name for column in TRIALS.columns} - LABELS
    assert {name: value for name, value in whole.trial.items() if name not in MEASURED} == {
        name: value for name, value in resumed.trial.items() if name not in MEASURED
    }
    assert whole.robustness == resumed.robustness
    assert whole.filters == resumed.filters
    assert [row["nll"] for row in whole.epochs] == [row["nll"] for row in resumed.epochs]


@pytest.mark.parametrize("kind", NETWORKS)
def test_filters_are_of_every_member_before_and_after(images, kind):
    (result,) = train([spec(kind, "joint")], images, device=torch.device("cpu"))
    assert [(row["member"], row["stage"]) for row in result.filters] == [
        (member, stage) for stage in ("initial", "final") for member in range(3)
    ]
    for row in result.filters:
        assert row.keys() == {column.name for column in FILTERS.columns} - LABELS
        assert len(row["weights"]) == torch.tensor(row["shape"]).prod().item()
    assert result.filters[0]["weights"] != result.filters[3]["weights"]
