"""ConvNet ensembles against M separate ``nn.Sequential`` of torch's own layers, in float64."""

from functools import partial

import pytest
import torch
from torch import nn

from trainers.ensembles.convnet import ConvNetEnsemble
from trainers.ensembles.gradients import gradients, gradients_in_parts
from trainers.ensembles.grouped import at_once
from trainers.ensembles.network_loop import in_turn
from trainers.losses import joint_gradient
from trainers.optimizer import StackedSGD

ENSEMBLE = ConvNetEnsemble(members=3, image_shape=(2, 12, 11), filters=(4, 5, 3), strides=(1, 2, 1), classes=6)
LAMBDAS, RATES, EXAMPLES, STEPS = (0.0, 0.5, 1.0), (0.3, 0.1, 0.3), 7, 2
EXACT = {"atol": 1e-10, "rtol": 1e-10}
ROUTES = {
    "one graph": gradients,
    "in parts of two": partial(gradients_in_parts, 2),
    "one by one": partial(gradients_in_parts, 1),
}


class Settings:
    momentum, weight_decay = 0.9, 0.01


def modules(seed: int = 0) -> nn.ModuleList:
    weights = ENSEMBLE.initial_weights(seed)
    networks = nn.ModuleList()
    for member in range(ENSEMBLE.members):
        convolutions = [nn.Conv2d(2, 4, 3), nn.Conv2d(4, 5, 3, stride=2), nn.Conv2d(5, 3, 3)]
        layers = [layer for convolution in convolutions for layer in (convolution, nn.ReLU())]
        network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 6)).double()
        for parameter, weight in zip(network.parameters(), weights.values(), strict=True):
            parameter.data.copy_(weight[member])
        networks.append(network)
    return networks


def stacked(*seeds: int) -> dict[str, torch.Tensor]:
    drawn = [ENSEMBLE.initial_weights(seed) for seed in seeds]
    return {name: torch.stack([one[name].double() for one in drawn]).requires_grad_() for name in drawn[0]}


def batches(steps: int = STEPS):
    stream = torch.Generator().manual_seed(0)
    for _ in range(steps):
        images = torch.randn(EXAMPLES, 2, 12, 11, generator=stream, dtype=torch.float64)
        yield images, torch.randint(0, 6, (EXAMPLES,), generator=stream)


def joint_loss(networks: nn.ModuleList, images, labels, lam: float):
    logits = [network(images) for network in networks]
    alone = sum(nn.functional.cross_entropy(member, labels) for member in logits) / len(logits)
    return lam * nn.functional.cross_entropy(sum(logits) / len(logits), labels) + (1 - lam) * alone


@pytest.mark.parametrize("training", [True, False])
def test_logits_are_the_modules(training):
    images, _ = next(batches())
    logits = ENSEMBLE.logits(stacked(0), images[None], training=training)
    expected = torch.stack([network(images) for network in modules()])
    torch.testing.assert_close(logits[0], expected, **EXACT)


@pytest.mark.parametrize("groups", [1, 3], ids=["shared batches", "own batches"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_gradients_are_the_modules(route, groups):
    weights, lam = stacked(0, 0, 0), torch.tensor(LAMBDAS, dtype=torch.float64)
    images, labels = next(batches())
    found = route(
        ENSEMBLE,
        weights,
        images.expand(groups, *images.shape),
        lambda logits: joint_gradient(logits, labels.expand(3, -1), lam),
    )
    for trial, one in enumerate(LAMBDAS):
        networks = modules()
        joint_loss(networks, images, labels, one).backward()
        for member, network in enumerate(networks):
            for parameter, gradient in zip(network.parameters(), found, strict=True):
                torch.testing.assert_close(gradient[trial, member], parameter.grad, **EXACT)


def test_a_stack_of_lambdas_trains_as_separate_modules_do():
    weights, lam = stacked(0, 0, 0), torch.tensor(LAMBDAS, dtype=torch.float64)
    optimizer = StackedSGD(list(weights.values()), Settings(), RATES)
    for images, labels in batches():
        known = lambda logits, labels=labels: joint_gradient(logits, labels.expand(3, -1), lam)  # noqa: E731
        optimizer.step(gradients(ENSEMBLE, weights, images[None], known))
    for trial, (one, rate) in enumerate(zip(LAMBDAS, RATES, strict=True)):
        networks = modules()
        sgd = torch.optim.SGD(networks.parameters(), lr=rate, momentum=0.9, weight_decay=0.01)
        for images, labels in batches():
            sgd.zero_grad()
            joint_loss(networks, images, labels, one).backward()
            sgd.step()
        for member, network in enumerate(networks):
            for parameter, name in zip(network.parameters(), weights, strict=True):
                torch.testing.assert_close(weights[name][trial, member], parameter, **EXACT)


def test_one_graph_and_parts_are_equal_to_the_last_bit():
    ensemble = ConvNetEnsemble(members=4, image_shape=(3, 16, 16), filters=(16, 32), strides=(1, 2), classes=10)
    stream = torch.Generator().manual_seed(0)
    images, labels = torch.randn(1, 8, 3, 16, 16, generator=stream), torch.randint(10, (2, 8), generator=stream)
    drawn = [ensemble.initial_weights(seed) for seed in range(2)]
    weights = {name: torch.stack([one[name] for one in drawn]).requires_grad_() for name in drawn[0]}
    known = lambda logits: joint_gradient(logits, labels, torch.full((2,), 0.9))  # noqa: E731
    found = [route(ensemble, weights, images, known) for route in ROUTES.values()]
    for one, *others in zip(*found, strict=True):
        assert all(torch.equal(one, other) for other in others)


@pytest.mark.parametrize("way", [in_turn, at_once])
def test_numbers_in_a_graph_are_those_that_autograd_keeps(way):
    weights, kept = stacked(0), {}
    storage = lambda tensor: tensor.untyped_storage().data_ptr()  # noqa: E731
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.update({storage(x): x}) or x, lambda x: x):
        way(ENSEMBLE.forward, weights, torch.randn(1, EXAMPLES, 2, 12, 11, dtype=torch.float64), True)
    own = {storage(weight) for weight in weights.values()}
    features = sum(tensor.numel() for place, tensor in kept.items() if tensor.ndim > 3 and place not in own)
    assert features == EXAMPLES * (3 * ENSEMBLE.numbers_in_graph + 2 * 12 * 11)


def test_trials_see_their_groups_images_as_each_would_alone():
    images = torch.stack([images for images, _ in batches(2)])
    together = ENSEMBLE.logits(stacked(4, 5), images)
    for trial, seed in enumerate((4, 5)):
        alone = ENSEMBLE.logits(stacked(seed), images[trial : trial + 1])
        torch.testing.assert_close(together[trial], alone[0], **EXACT)
