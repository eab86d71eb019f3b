"""Convolutional networks at once on a GPU learn what a CPU's loop learns, and do not touch each other."""

from functools import partial

import pytest
import torch

from specs.architectures import ConvNet, DenseNet
from specs.trial import Hessian
from tests.trainers.folder import Folder
from tests.trainers.test_training import assert_close, numbers
from trainers import stack_training
from trainers.devices import GRAPH_SHARE, at_precision, deterministic
from trainers.ensembles import build, gradients_for
from trainers.losses import joint_gradient
from trainers.training import train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
CPU, CUDA = torch.device("cpu"), torch.device("cuda")
NETWORKS = {
    "convnet": ConvNet(kind="convnet", members=3, filters=(4, 6), strides=(1, 2)),
    "densenet": DenseNet(kind="densenet", members=3, depth=10, growth=4),
}
PLENTY, LITTLE = 10**12, 10**3


class StoppedError(Exception):
    """Stands for a process that dies."""


@pytest.fixture(params=NETWORKS)
def stack(request, make_spec):
    """Two seeds by two λs of a kind; ``wild`` is the learning rate of the second trial."""

    def make(wild=0.1, seeds=(0, 1), **changes):
        rates = {(0, 0.9): wild}
        return [
            make_spec(lam, seed, learning_rate=rates.get((seed, lam), 0.1), batch_size=50, **changes).model_copy(
                update={"architecture": NETWORKS[request.param]}
            )
            for seed in seeds
            for lam in (0.0, 0.9)
        ]

    return make


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_a_stack_learns_as_on_a_cpu_and_repeats_itself(arrays, stack, seeds):
    first, again = (train(stack(seeds=seeds), arrays, device=CUDA, dtype=torch.float64) for _ in range(2))
    assert [numbers(result) for result in first] == [numbers(result) for result in again]
    for one, other in zip(train(stack(seeds=seeds), arrays, device=CPU, dtype=torch.float64), first, strict=True):
        assert_close(numbers(one), numbers(other), 1e-9)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
def test_a_diverged_trial_leaves_every_bit_of_its_neighbours(arrays, stack, precision):
    calm = train(stack(precision=precision), arrays, device=CUDA)
    beside = train(stack(wild=1e36, precision=precision), arrays, device=CUDA)
    assert [result.status for result in beside] == ["complete", "diverged", "complete", "complete"]
    for trial in (0, 2, 3):
        assert numbers(beside[trial]) == numbers(calm[trial])


def test_one_network_after_the_other_learns_the_same(arrays, stack, monkeypatch):
    found = []
    for room, held in ((PLENTY, 12), (LITTLE, 1)):
        monkeypatch.setattr(stack_training, "memory_for_a_graph", lambda device, room=room: room)
        found.append(train(stack(), arrays, device=CUDA, dtype=torch.float64))
        assert {result.graph for result in found[-1]} == {held}
    for one, other in zip(*found, strict=True):
        assert_close(numbers(one), numbers(other), 1e-9)


@pytest.mark.parametrize("room", [PLENTY, LITTLE])
def test_a_stopped_stack_resumes_exactly_whatever_is_free_by_then(arrays, stack, monkeypatch, tmp_path, room):
    def stop(epoch):
        raise StoppedError

    common = {"device": CUDA, "checkpoint": Folder(tmp_path), "checkpoint_seconds": 0}
    monkeypatch.setattr(stack_training, "memory_for_a_graph", lambda device: room)
    whole = train(stack(), arrays, device=CUDA)
    with pytest.raises(StoppedError):
        train(stack(), arrays, on_epoch=stop, **common)
    monkeypatch.setattr(stack_training, "memory_for_a_graph", lambda device: PLENTY)
    resumed = train(stack(), arrays, **common)
    assert [numbers(result) for result in whole] == [numbers(result) for result in resumed]


def test_the_hessian_is_that_of_a_cpu(arrays, stack):
    asked = Hessian(examples=10, iterations=4)
    trials = [
        trial.model_copy(update={"evaluation": trial.evaluation.model_copy(update={"hessian": asked})})
        for trial in stack(seeds=(0,))
    ]
    gpu, cpu = (train(trials, arrays, device=device, dtype=torch.float64) for device in (CUDA, CPU))
    for one, other in zip(cpu, gpu, strict=True):
        assert other.trial["hessian_condition"] == pytest.approx(one.trial["hessian_condition"], rel=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_step_takes_at_most_the_memory_that_its_graph_was_given_a_share_of(precision):
    """Half of the members of the paper's smallest DenseNets: 4 GB of features, so what is constant does not decide."""
    members, examples = 8, 64
    ensemble = build(DenseNet(kind="densenet", members=members, depth=64, growth=6), (3, 32, 32), 100)
    weights = {
        name: weight.unsqueeze(0).to(CUDA).requires_grad_(name not in ensemble.buffers)
        for name, weight in ensemble.initial_weights(0).items()
    }
    kept = members * examples * ensemble.numbers_in_graph * 4
    images, labels = torch.randn(1, examples, 3, 32, 32, device=CUDA), torch.zeros(1, examples, dtype=int, device=CUDA)
    known = partial(joint_gradient, labels=labels, lam=torch.tensor([0.9], device=CUDA))
    with deterministic(CUDA), at_precision(precision):
        before = torch.cuda.memory_allocated()
        gradients_for(ensemble, precision)(ensemble, weights, images, known)
        taken = torch.cuda.max_memory_allocated() - before
    assert taken < kept / GRAPH_SHARE
    assert precision == "bf16" or taken > 0.8 * kept
