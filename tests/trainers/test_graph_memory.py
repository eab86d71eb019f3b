"""What one graph may hold is decided when a training begins, and kept when it is resumed."""

import pytest
import torch

from specs.architectures import ConvNet, DenseNet
from tests.trainers.folder import Folder
from tests.trainers.test_training import assert_close, numbers
from trainers import ensembles, stack_training
from trainers.checkpoint import Saved
from trainers.devices import deterministic
from trainers.ensembles.convolutional import WAYS
from trainers.ensembles.grouped import at_once
from trainers.stack_training import StackTraining
from trainers.stacks import Stack
from trainers.training import train

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
NETWORKS = {
    "convnet": ConvNet(kind="convnet", members=2, filters=(4, 3), strides=(1, 2)),
    "densenet": DenseNet(kind="densenet", members=2, depth=10, growth=2),
}
PLENTY, LITTLE = 10**12, 10**3


class StoppedError(Exception):
    """Stands for a process that dies."""


@pytest.fixture
def trials(make_spec):
    def make(kind, **changes):
        made = (make_spec(lam, learning_rate=0.1, batch_size=50, **changes) for lam in (0.0, 0.9))
        return [trial.model_copy(update={"architecture": NETWORKS[kind]}) for trial in made]

    return make


@pytest.fixture
def room(monkeypatch):
    """Sets the bytes that a graph may keep; the list says how often a training asked."""
    asked = []
    monkeypatch.setattr(stack_training, "memory_for_a_graph", lambda device: asked.append(device) or room.bytes)

    def room(size):
        room.bytes = size
        return asked

    return room


@pytest.fixture
def steps(monkeypatch):
    """Numbers of networks that a graph held in the steps of a training."""
    seen = []

    def looking(logits, *given):
        seen.append(logits.shape[:2].numel())
        return plain(logits, *given)

    plain = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", looking)
    return seen


@pytest.mark.parametrize("kind", NETWORKS)
def test_little_memory_takes_networks_in_parts_with_the_same_numbers(arrays, trials, room, steps, kind):
    asked = room(PLENTY)
    whole = train(trials(kind), arrays, device=CPU)
    assert set(steps) == {4}
    assert asked == [CPU], "it is decided once"
    steps.clear()
    room(LITTLE)
    parts = train(trials(kind), arrays, device=CPU)
    assert set(steps) == {1}
    assert [numbers(one) for one in whole] == [numbers(other) for other in parts]


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_bound_is_that_of_a_whole_batch_of_the_stack(arrays, trials, room, steps, monkeypatch, kind):
    monkeypatch.setitem(WAYS, "cpu", at_once)
    each = 4 * 50 * ensembles.build(NETWORKS[kind], (1, 8, 8), 10).numbers_in_graph  # bytes of float32, and images
    for size, held in ((4 * each, 4), (4 * each - 1, 2), (2 * each - 1, 1)):
        steps.clear()
        room(size)
        train(trials(kind, epochs=1), arrays, device=CPU)
        assert set(steps) == {held}


@pytest.mark.parametrize(("before", "after", "held"), [(PLENTY, PLENTY, 4), (LITTLE, PLENTY, 1), (PLENTY, LITTLE, 1)])
def test_a_resumed_training_goes_on_as_it_began_while_memory_allows(
    arrays, trials, room, steps, tmp_path, before, after, held
):
    def stop(epoch):
        raise StoppedError

    common = {"device": CPU, "checkpoint": Folder(tmp_path), "checkpoint_seconds": 0}
    room(before)
    with pytest.raises(StoppedError):
        train(trials("densenet"), arrays, on_epoch=stop, **common)
    steps.clear()
    room(after)
    train(trials("densenet"), arrays, **common)
    assert set(steps) == {held}


def test_a_trial_that_ran_out_of_memory_holds_one_network_in_a_graph(arrays, trials, room, steps):
    room(PLENTY)
    train(trials("densenet"), arrays, device=CPU, sparing=True)
    assert set(steps) == {1}


def test_a_state_from_before_this_was_saved_goes_on(arrays, trials, room):
    room(PLENTY)
    with deterministic(CPU):
        training = StackTraining(Stack.of(trials("densenet")), arrays, CPU, torch.float32)
        tensors, book = training.state()
        del tensors["networks_in_a_graph"]
        old = Saved(0, tensors, book)
        assert training.fits(old)
        training.restore(old)
        assert training._in_a_graph == 4


def test_a_result_says_what_a_graph_held_where_numbers_depend_on_it(arrays, trials, make_spec, room):
    def graph(specs, size, device):
        room(size)
        with deterministic(CPU):
            training = StackTraining(Stack.of(specs), arrays, CPU, torch.float32)
            training._device = device
            return training._graph

    for kind in NETWORKS:
        assert graph(trials(kind), PLENTY, CPU) is graph(trials(kind), LITTLE, CPU) is None
        assert graph(trials(kind), PLENTY, CUDA) == 4
        assert graph(trials(kind), LITTLE, CUDA) == 1
    assert graph([make_spec()], LITTLE, CUDA) is None
    assert {result.graph for result in train(trials("densenet"), arrays, device=CPU)} == {None}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("method", ["joint", "bagging", "stacking"])
def test_whole_trainings_at_once_are_those_in_turn(arrays, trials, room, monkeypatch, kind, method):
    """Two seeds, several λs and a trial that diverges, with all that is measured, in float64."""
    lams, rooms = ((0.0, 0.9), (PLENTY, LITTLE)) if method == "joint" else ((0.0, 0.0), (PLENTY,))
    stack = [
        trial.model_copy(
            update={
                "lam": lam,
                "seed": seed,
                "method": method,
                "training": trial.training.model_copy(update={"learning_rate": rate}),
            }
        )
        for seed in (0, 1)
        for trial, lam, rate in zip(trials(kind, epochs=2), lams, (0.1, 1e200 if seed else 0.05), strict=True)
    ]
    found = []
    for way, size in ((WAYS["cpu"], PLENTY), *((at_once, size) for size in rooms)):
        monkeypatch.setitem(WAYS, "cpu", way)
        room(size)
        found.append(train(stack, arrays, device=CPU, dtype=torch.float64))
    assert [result.status for result in found[0]] == ["complete", "complete", "complete", "diverged"]
    for other in found[1:]:
        for one, again in zip(found[0], other, strict=True):
            assert_close(numbers(one), numbers(again), 1e-9)
