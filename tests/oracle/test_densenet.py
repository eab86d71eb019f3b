"""DenseNet-BC ensembles against M separate modules of torch's own layers, in float64."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from trainers.ensembles.convolutional import WAYS
from trainers.ensembles.densenet import DenseNetEnsemble
from trainers.ensembles.gradients import gradients, gradients_in_parts, networks_in_a_graph
from trainers.ensembles.grouped import at_once
from trainers.ensembles.network_loop import in_turn
from trainers.losses import joint_gradient
from trainers.optimizer import StackedSGD

ENSEMBLE = DenseNetEnsemble(members=3, image_shape=(2, 8, 8), depth=16, growth=2, classes=5)
LAMBDAS, RATES, EXAMPLES, STEPS = (0.0, 0.5, 1.0), (0.3, 0.1, 0.3), 6, 2
EXACT = {"atol": 1e-9, "rtol": 1e-9}
ROUTES = {
    "one graph": gradients,
    "in parts of two": partial(gradients_in_parts, 2),
    "one by one": partial(gradients_in_parts, 1),
}


class Settings:
    momentum, weight_decay = 0.9, 0.01


def unit(before: int, after: int, side: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(before), nn.ReLU(), nn.Conv2d(before, after, side, padding=side // 2, bias=False)]


class Bottleneck(nn.Module):
    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*unit(channels, 4 * growth, 1), *unit(4 * growth, growth, 3))

    def forward(self, features):
        return torch.cat((features, self.layers(features)), 1)


def densenet(channels: int, depth: int, growth: int, classes: int) -> nn.Sequential:
    width = 2 * growth
    layers = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
    for block in range(3):
        for _ in range((depth - 4) // 6):
            layers.append(Bottleneck(width, growth))
            width += growth
        if block < 2:
            layers += [*unit(width, width // 2, 1), nn.AvgPool2d(2)]
            width //= 2
    layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]
    return nn.Sequential(*layers)


def tensors(network: nn.Module) -> list[torch.Tensor]:
    """Parameters and running statistics in the order of the ensemble's weights, without the counts of batches."""
    return [tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")]


def modules(weights: dict[str, torch.Tensor], trial: int = 0) -> nn.ModuleList:
    networks = nn.ModuleList(densenet(2, 16, 2, 5).double() for _ in range(ENSEMBLE.members))
    for member, network in enumerate(networks):
        for tensor, weight in zip(tensors(network), weights.values(), strict=True):
            tensor.copy_(weight.detach()[trial, member])
    return networks


def stacked(*seeds: int) -> dict[str, torch.Tensor]:
    """Weights drawn by the seeds; normalisation too is moved from its start, so that a mistaken order shows."""
    drawn = [ENSEMBLE.initial_weights(seed) for seed in seeds]
    weights = {name: torch.stack([one[name].double() for one in drawn]) for name in drawn[0]}
    for trial, seed in enumerate(seeds):
        stream = torch.Generator().manual_seed(seed)
        for weight in weights.values():
            weight[trial] += 0.1 * torch.rand(weight[trial].shape, generator=stream, dtype=torch.float64)
    return {name: weight.requires_grad_(name not in ENSEMBLE.buffers) for name, weight in weights.items()}


def batches(steps: int = STEPS):
    stream = torch.Generator().manual_seed(0)
    for _ in range(steps):
        images = torch.randn(EXAMPLES, 2, 8, 8, generator=stream, dtype=torch.float64)
        yield images, torch.randint(0, 5, (EXAMPLES,), generator=stream)


def joint_loss(networks: nn.ModuleList, images, labels, lam: float):
    logits = [network(images) for network in networks]
    alone = sum(nn.functional.cross_entropy(member, labels) for member in logits) / len(logits)
    return lam * nn.functional.cross_entropy(sum(logits) / len(logits), labels) + (1 - lam) * alone


def trained(weights: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    return [weight for name, weight in weights.items() if name not in ENSEMBLE.buffers]


def assert_equal(weights: dict[str, torch.Tensor], trial: int, networks: nn.ModuleList) -> None:
    for member, network in enumerate(networks):
        for tensor, (name, weight) in zip(tensors(network), weights.items(), strict=True):
            torch.testing.assert_close(weight.detach()[trial, member], tensor, **EXACT, msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_logits_and_running_statistics_are_the_modules(training):
    weights = stacked(0)
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    networks = modules(weights).train(training)
    for images, _ in batches():
        logits = ENSEMBLE.logits(weights, images[None], training=training)
        expected = torch.stack([network(images) for network in networks])
        torch.testing.assert_close(logits[0], expected, **EXACT)
    assert_equal(weights, 0, networks)
    moved = {name for name, weight in weights.items() if not torch.equal(weight, before[name])}
    assert moved == (ENSEMBLE.buffers if training else set())


@pytest.mark.parametrize("groups", [1, 3], ids=["shared batches", "own batches"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_gradients_are_the_modules_and_statistics_move_once(route, groups):
    weights, lam = stacked(0, 0, 0), torch.tensor(LAMBDAS, dtype=torch.float64)
    separate = [modules(weights, trial) for trial in range(3)]
    images, labels = next(batches())
    found = route(
        ENSEMBLE,
        weights,
        images.expand(groups, *images.shape),
        lambda logits: joint_gradient(logits, labels.expand(3, -1), lam),
    )
    for trial, networks in enumerate(separate):
        joint_loss(networks, images, labels, LAMBDAS[trial]).backward()
        assert_equal(weights, trial, networks)
        for member, network in enumerate(networks):
            for parameter, gradient in zip(network.parameters(), found, strict=True):
                torch.testing.assert_close(gradient[trial, member], parameter.grad, **EXACT)


def test_a_stack_of_lambdas_trains_as_separate_modules_do():
    weights, lam = stacked(0, 0, 0), torch.tensor(LAMBDAS, dtype=torch.float64)
    separate = [modules(weights, trial) for trial in range(3)]
    optimizer = StackedSGD(trained(weights), Settings(), RATES)
    for images, labels in batches():
        known = lambda logits, labels=labels: joint_gradient(logits, labels.expand(3, -1), lam)  # noqa: E731
        optimizer.step(gradients(ENSEMBLE, weights, images[None], known))
    for trial, networks in enumerate(separate):
        sgd = torch.optim.SGD(networks.parameters(), lr=RATES[trial], momentum=0.9, weight_decay=0.01)
        for images, labels in batches():
            sgd.zero_grad()
            joint_loss(networks, images, labels, LAMBDAS[trial]).backward()
            sgd.step()
        assert_equal(weights, trial, networks)


def test_a_stack_of_two_seeds_is_each_alone():
    images = torch.stack([images for images, _ in batches(2)])
    weights, known = stacked(4, 5), lambda logits: logits
    together = gradients(ENSEMBLE, weights, images, known)
    for trial, seed in enumerate((4, 5)):
        single = stacked(seed)
        alone = gradients(ENSEMBLE, single, images[trial : trial + 1], known)
        for mine, gradient in zip(alone, together, strict=True):
            torch.testing.assert_close(gradient[trial], mine[0], **EXACT)
        for name, weight in weights.items():
            torch.testing.assert_close(weight[trial], single[name][0], **EXACT)


@pytest.mark.parametrize("trials", [1, 3])
def test_one_graph_and_parts_are_equal_to_the_last_bit(trials):
    ensemble = DenseNetEnsemble(members=4, image_shape=(3, 32, 32), depth=10, growth=4, classes=10)
    stream = torch.Generator().manual_seed(0)
    images, labels = torch.randn(1, 8, 3, 32, 32, generator=stream), torch.randint(10, (trials, 8), generator=stream)
    found = []
    for route in ROUTES.values():
        drawn = [ensemble.initial_weights(seed) for seed in range(trials)]
        weights = {
            name: torch.stack([one[name] for one in drawn]).requires_grad_(name not in ensemble.buffers)
            for name in drawn[0]
        }
        known = lambda logits: joint_gradient(logits, labels, torch.full((trials,), 0.9))  # noqa: E731
        found.append([*route(ensemble, weights, images, known), *(weights[name] for name in sorted(ensemble.buffers))])
    for one, *others in zip(*found, strict=True):
        assert all(torch.equal(one, other) for other in others)


@pytest.mark.parametrize("way", [in_turn, at_once])
def test_numbers_in_a_graph_are_those_that_autograd_keeps(way, monkeypatch):
    monkeypatch.setitem(WAYS, "cpu", way)
    ensemble = DenseNetEnsemble(members=2, image_shape=(3, 16, 16), depth=16, growth=4, classes=10)
    weights = {name: weight[None] for name, weight in ensemble.initial_weights(0).items()}
    kept = {}
    storage = lambda tensor: tensor.untyped_storage().data_ptr()  # noqa: E731
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.update({storage(x): x}) or x, lambda x: x):
        trainable = {name: weight.requires_grad_() for name, weight in weights.items() if name not in ensemble.buffers}
        ensemble.logits(weights | trainable, torch.randn(1, 5, 3, 16, 16), training=True)
    own = {storage(weight) for weight in weights.values()}
    features = sum(tensor.numel() for place, tensor in kept.items() if tensor.ndim > 2 and place not in own)
    assert features / 5 == pytest.approx(2 * ensemble.numbers_in_graph + 3 * 16 * 16, rel=0.01)


@pytest.mark.parametrize(
    ("trials", "members", "fit", "held"),
    [
        (1, 16, 16, 16),
        (1, 16, 15, 8),  # two even parts
        (1, 16, 6, 6),  # 6 + 6 + 4
        (1, 10, 8, 5),
        (3, 4, 12, 12),
        (3, 4, 11, 4),  # a part belongs to one trial
        (3, 4, 3, 2),
        (3, 1, 2, 1),
        (1, 1, 0, 1),
    ],
)
def test_a_graph_holds_what_fits_in_even_parts_where_networks_run_at_once(trials, members, fit, held):
    ensemble = replace(ENSEMBLE, members=members)
    each = 8 * EXAMPLES * ensemble.numbers_in_graph
    for room in (fit * each, (fit + 1) * each - 1):
        for kind, expected in (("cuda", held), ("cpu", held if held == trials * members else 1)):
            device = torch.device(kind)
            assert networks_in_a_graph(ensemble, trials, EXAMPLES, torch.float64, device, room) == expected
