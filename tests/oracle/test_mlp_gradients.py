"""The closed-form gradient of MLPs against autograd: of the loss itself, and bit for bit."""

from functools import partial

import pytest
import torch

from trainers.ensembles.gradients import gradients
from trainers.ensembles.mlp import MlpEnsemble
from trainers.ensembles.mlp_gradients import gradients_in_closed_form
from trainers.losses import joint_gradient, joint_loss, weighted_loss

LAMBDAS = torch.tensor([0.0, 0.3, 0.95, 1.0], dtype=torch.float64)
LABELS = torch.randint(4, (4, 30), generator=torch.Generator().manual_seed(3))
IMAGES = torch.randn(4, 30, 1, 3, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
SHAPES = [(5, 3), (1, 8), (16, 1)]


def stacked(members, hidden, dtype=torch.float64):
    ensemble = MlpEnsemble(members=members, inputs=6, hidden=hidden, classes=4)
    drawn = [ensemble.initial_weights(seed) for seed in range(4)]
    return ensemble, {name: torch.stack([one[name] for one in drawn]).to(dtype).requires_grad_() for name in drawn[0]}


def labels_of(groups):
    return LABELS[:groups].repeat_interleave(4 // groups, 0)


@pytest.mark.parametrize(("members", "hidden"), SHAPES)
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_it_is_the_gradient_of_the_joint_loss_for_every_lambda(members, hidden, groups):
    ensemble, weights = stacked(members, hidden)
    labels = labels_of(groups)
    loss = joint_loss(ensemble.logits(weights, IMAGES[:groups]), labels, LAMBDAS).sum()
    expected = torch.autograd.grad(loss, list(weights.values()))
    route = gradients_in_closed_form
    for _ in range(2):  # the second call writes into the memory of the first
        found = route(ensemble, weights, IMAGES[:groups], lambda logits: joint_gradient(logits, labels, LAMBDAS))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, atol=1e-14, rtol=1e-11)


def test_it_is_the_gradient_of_the_weighted_loss_of_bagging():
    ensemble, weights = stacked(5, 3)
    counts = torch.randint(3, (4, 5, 30), generator=torch.Generator().manual_seed(5)).double()
    expected = torch.autograd.grad(
        weighted_loss(ensemble.logits(weights, IMAGES), LABELS, counts).sum(), list(weights.values())
    )
    zeros = torch.zeros(4, dtype=torch.float64)
    found = gradients_in_closed_form(
        ensemble, weights, IMAGES, lambda logits: joint_gradient(logits, LABELS, zeros, counts)
    )
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-14, rtol=1e-11)


PAPERS = [(256, 4), (16, 64), (1, 1024)]


@pytest.mark.parametrize(("members", "hidden"), PAPERS)
@pytest.mark.parametrize("groups", [1, 2])
def test_it_is_autograds_to_the_last_bit_in_float64(members, hidden, groups):
    ensemble, weights = stacked(members, hidden)
    labels = labels_of(groups)
    ours, autograds = (
        way(ensemble, weights, IMAGES[:groups], lambda logits: joint_gradient(logits, labels, LAMBDAS))
        for way in (gradients_in_closed_form, gradients)
    )
    for one, other in zip(ours, autograds, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("members", "hidden"), PAPERS)
@pytest.mark.parametrize("groups", [1, 2])
def test_in_float32_it_is_within_rounding_of_float64(members, hidden, groups):
    bound = members * hidden * torch.finfo(torch.float32).eps  # n · eps: no sum has more terms
    found = []
    for dtype in (torch.float32, torch.float64):
        ensemble, weights = stacked(members, hidden, dtype)
        images, lam, labels = IMAGES[:groups].float().to(dtype), LAMBDAS.to(dtype), labels_of(groups)
        on_logits = partial(joint_gradient, labels=labels, lam=lam)
        found.append(gradients_in_closed_form(ensemble, weights, images, on_logits))
    for one, exact in zip(*found, strict=True):
        torch.testing.assert_close(one.double(), exact, atol=bound * exact.abs().max().item(), rtol=0)


def test_a_unit_that_is_off_learns_nothing():
    ensemble, weights = stacked(2, 3)
    with torch.no_grad():
        weights["hidden.bias"][:, 0, 1] = -1e3
    found = gradients_in_closed_form(ensemble, weights, IMAGES, lambda logits: joint_gradient(logits, LABELS, LAMBDAS))
    assert (found[0][:, 0, 1] == 0).all()
    assert (found[0][:, 0, 0] != 0).any()
