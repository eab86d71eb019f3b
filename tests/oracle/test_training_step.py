"""Stacked training against M separate ``nn.Module``s trained by the library's own optimizer under autograd."""

import pytest
import torch
from torch import nn

from trainers.ensembles.mlp import MlpEnsemble
from trainers.losses import joint_gradient
from trainers.optimizer import StackedSGD

STEPS, EXAMPLES, LAMBDAS, RATES = 3, 12, (0.0, 0.5, 1.0), (0.3, 0.1, 0.3)
ENSEMBLE = MlpEnsemble(members=4, inputs=9, hidden=5, classes=3)


class Settings:
    momentum, weight_decay = 0.9, 0.01


def batches():
    stream = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        images = torch.randn(EXAMPLES, 1, 3, 3, generator=stream, dtype=torch.float64)
        yield images, torch.randint(0, 3, (EXAMPLES,), generator=stream)


def modules(seed: int) -> nn.ModuleList:
    weights = ENSEMBLE.initial_weights(seed)
    networks = nn.ModuleList()
    for member in range(ENSEMBLE.members):
        network = nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.ReLU(), nn.Linear(5, 3)).double()
        for parameter, name in zip(network.parameters(), weights, strict=True):
            parameter.data.copy_(weights[name][member])
        networks.append(network)
    return networks


def trained_modules(lam: float, rate: float) -> nn.ModuleList:
    networks = modules(seed=0)
    optimizer = torch.optim.SGD(networks.parameters(), lr=rate, momentum=0.9, weight_decay=0.01)
    for images, labels in batches():
        logits = [network(images) for network in networks]
        alone = sum(nn.functional.cross_entropy(member, labels) for member in logits) / len(logits)
        together = nn.functional.cross_entropy(sum(logits) / len(logits), labels)
        optimizer.zero_grad()
        (lam * together + (1 - lam) * alone).backward()
        optimizer.step()
    return networks


@pytest.mark.parametrize("groups", [1, 3], ids=["shared batches", "own batches"])
def test_a_stack_of_lambdas_trains_as_separate_modules_do(groups):
    drawn = ENSEMBLE.initial_weights(0)
    weights = {name: torch.stack([weight.double()] * 3).requires_grad_() for name, weight in drawn.items()}
    optimizer = StackedSGD(list(weights.values()), Settings(), RATES)
    lam = torch.tensor(LAMBDAS, dtype=torch.float64)
    for images, labels in batches():
        logits = ENSEMBLE.logits(weights, images.expand(groups, *images.shape))
        known = joint_gradient(logits.detach(), labels.expand(3, -1), lam)
        optimizer.step(torch.autograd.grad(logits, list(weights.values()), known))
    for trial, (one, rate) in enumerate(zip(LAMBDAS, RATES, strict=True)):
        for member, network in enumerate(trained_modules(one, rate)):
            for parameter, name in zip(network.parameters(), weights, strict=True):
                torch.testing.assert_close(weights[name][trial, member], parameter, atol=1e-10, rtol=1e-10)
                assert not torch.equal(parameter, drawn[name][member].double())
