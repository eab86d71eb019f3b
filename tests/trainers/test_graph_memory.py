"""What one graph may hold is decided when a training begins, and kept when it is resumed."""

import pytest
import torch

from specs.architectures import ConvNet, DenseNet
from tests.trainers.folder import Folder
from tests.trainers.test_training import assert_close, numbers
from trainers import ensembles, stack_training
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
    """Names of the routes that made the steps of a training."""
    seen = []
    plain = ensembles.gradients_member_by_member
    monkeypatch.setattr(
        ensembles, "gradients_member_by_member", lambda *given: seen.append("one network") or plain(*given)
    )
    for name in ("trainers.ensembles.convnet.gradients", "trainers.ensembles.densenet.gradients"):
        monkeypatch.setattr(name, lambda *given: seen.append("all networks") or ensembles.gradients(*given))
    return seen


@pytest.mark.parametrize("kind", NETWORKS)
def test_little_memory_takes_networks_one_by_one_with_the_same_numbers(arrays, trials, room, steps, kind):
    asked = room(PLENTY)
    whole = train(trials(kind), arrays, device=CPU)
    assert set(steps) == {"all networks"}
    assert asked == [CPU], "it is decided once"
    steps.clear()
    room(LITTLE)
    parts = train(trials(kind), arrays, device=CPU)
    assert set(steps) == {"one network"}
    assert [numbers(one) for one in whole] == [numbers(other) for other in parts]


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_bound_is_that_of_a_whole_batch_of_the_stack(arrays, trials, room, steps, kind):
    numbers_of = ensembles.build(NETWORKS[kind], (1, 8, 8), 10).numbers_in_graph
    needed = 4 * 2 * 2 * 50 * numbers_of  # bytes of float32, trials, members and images
    for size, expected in ((needed, "all networks"), (needed - 1, "one network")):
        steps.clear()
        room(size)
        train(trials(kind, epochs=1), arrays, device=CPU)
        assert set(steps) == {expected}


@pytest.mark.parametrize(
    ("before", "after", "goes_on"),
    [
        (PLENTY, PLENTY, "all networks"),
        (LITTLE, PLENTY, "one network"),
        (PLENTY, LITTLE, "one network"),
    ],
)
def test_a_resumed_training_goes_on_as_it_began_while_memory_allows(
    arrays, trials, room, steps, tmp_path, before, after, goes_on
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
    assert set(steps) == {goes_on}


def test_a_result_says_what_a_graph_held_where_numbers_depend_on_it(arrays, trials, make_spec, room):
    def graph(specs, size, device):
        room(size)
        with deterministic(CPU):
            training = StackTraining(Stack.of(specs), arrays, CPU, torch.float32)
            training._device = device
            return training._graph

    for kind in NETWORKS:
        assert graph(trials(kind), PLENTY, CPU) == graph(trials(kind), LITTLE, CPU) == ""
        assert graph(trials(kind), PLENTY, CUDA) == "all networks"
        assert graph(trials(kind), LITTLE, CUDA) == "one network"
    assert graph([make_spec()], LITTLE, CUDA) == ""
    assert {result.graph for result in train(trials("densenet"), arrays, device=CPU)} == {""}


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
