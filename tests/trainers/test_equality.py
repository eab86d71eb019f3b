"""A trial in a stack equals the trial alone: bit for bit where it can, within rounding otherwise."""

import pytest
import torch

from specs.architectures import ConvNet, DenseNet, Mlp
from tests.trainers.test_training import assert_close, numbers, trained
from trainers import measurement

NETWORKS = {
    "mlp": Mlp(kind="mlp", members=4, hidden=16),
    "convnet": ConvNet(kind="convnet", members=2, filters=(4, 3), strides=(1, 2)),
    "densenet": DenseNet(kind="densenet", members=2, depth=10, growth=2),
}
EPOCHS = 5
"""Of 160 images in batches of 16: 50 steps. In these sizes every trial's numbers begin at a line of memory."""


@pytest.fixture
def trial(make_spec):
    """A trial of a kind of network; keywords change its training."""

    def make(kind, lam, seed=0, **changes):
        spec = make_spec(lam, seed, epochs=EPOCHS, batch_size=16, learning_rate=0.1, weight_decay=0.01, validation=64)
        data = spec.dataset.model_copy(update={"train_examples": 160})
        training = spec.training.model_copy(update=changes)
        return spec.model_copy(update={"architecture": NETWORKS[kind], "dataset": data, "training": training})

    return make


@pytest.mark.parametrize("examples", [2000, 16])
@pytest.mark.parametrize("kind", NETWORKS)
def test_lambdas_of_one_seed_are_bit_for_bit_what_they_are_alone(arrays, trial, monkeypatch, kind, examples):
    monkeypatch.setattr(measurement, "LARGEST_CHUNK", examples)
    stack = [trial(kind, 0.0), trial(kind, 0.3, learning_rate=0.05), trial(kind, 1.0)]
    for one, together in zip(stack, trained(stack, arrays), strict=True):
        assert numbers(together) == numbers(trained([one], arrays)[0])


@pytest.mark.parametrize("kind", NETWORKS)
def test_mixed_seeds_are_within_rounding_of_what_they_are_alone(arrays, trial, kind):
    stack = [trial(kind, 0.9, 1), trial(kind, 0.0, 0), trial(kind, 1.0, 1)]
    for one, together in zip(stack, trained(stack, arrays, dtype=torch.float64), strict=True):
        assert_close(numbers(trained([one], arrays, dtype=torch.float64)[0]), numbers(together), 1e-9)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_diverged_trial_leaves_every_bit_of_its_neighbours(arrays, trial, kind):
    calm, wild, other = trial(kind, 0.5), trial(kind, 0.0, learning_rate=1e36), trial(kind, 1.0)
    first, diverged, last = trained([calm, wild, other], arrays)
    assert diverged.status == "diverged"
    assert [numbers(first), numbers(last)] == [numbers(result) for result in trained([calm, other], arrays)]
