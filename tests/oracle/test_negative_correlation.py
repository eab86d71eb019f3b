"""T4: for a Gaussian the joint loss is negative correlation learning, written down from Liu and Yao (1999)."""

import pytest
import torch

from trainers.families import FAMILIES, joint_loss

MEMBERS, EXAMPLES = 5, 8


@pytest.fixture
def outputs():
    return torch.randn(MEMBERS, EXAMPLES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def desired():
    return torch.randn(EXAMPLES, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def penalty(outputs, mean, i):
    """p_i = (F_i − F̄)·Σ_{j≠i} (F_j − F̄)."""
    return (outputs[i] - mean) * sum(outputs[j] - mean for j in range(MEMBERS) if j != i)


def member_error(outputs, mean, desired, i, lam):
    """E_i = 1/N Σ_n [½ (F_i − d)² + λ p_i]."""
    return (0.5 * (outputs[i] - desired) ** 2 + lam * penalty(outputs, mean, i)).mean()


def joint(outputs, desired, lam):
    natural, target = outputs[None, :, :, None], desired[None, :, None]
    return joint_loss(FAMILIES["gaussian"], natural, target, torch.tensor([lam], dtype=torch.float64))[0]


def joint_gradient(outputs, desired, lam):
    leaf = outputs.clone().requires_grad_()
    return torch.autograd.grad(joint(leaf, desired, lam), leaf)[0]


@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95, 1.0, 1.7, -0.4])
def test_t4_the_gradient_is_negative_correlation_learnings_at_the_same_lambda_over_m(outputs, desired, lam):
    for i in range(MEMBERS):
        # ∂E_i/∂F_i = (F_i − d) + λ Σ_{j≠i} (F_j − F̄), with F̄ held constant, over N examples.
        mean = outputs.mean(0)
        others = sum(outputs[j] - mean for j in range(MEMBERS) if j != i)
        expected = ((outputs[i] - desired) + lam * others) / EXAMPLES
        torch.testing.assert_close(MEMBERS * joint_gradient(outputs, desired, lam)[i], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0, 1.7])
def test_t4_their_derivative_holds_the_mean_constant(outputs, desired, lam):
    leaf = outputs.clone().requires_grad_()
    total = sum(member_error_holding(leaf, outputs, desired, i, lam) for i in range(MEMBERS))
    (expected,) = torch.autograd.grad(total, leaf)
    torch.testing.assert_close(MEMBERS * joint_gradient(outputs, desired, lam), expected, atol=1e-12, rtol=0)


def member_error_holding(leaf, outputs, desired, i, lam):
    """E_i as a function of F_i alone, F̄ and the other members held."""
    mean = outputs.mean(0)
    others = sum(outputs[j] - mean for j in range(MEMBERS) if j != i)
    return (0.5 * (leaf[i] - desired) ** 2 + lam * (leaf[i] - mean) * others).mean()


@pytest.mark.parametrize("lam", [0.0, 0.3, 0.5, 0.8])
def test_t4_the_value_and_its_whole_gradient_are_theirs_at_half_the_lambda(outputs, desired, lam):
    leaf = outputs.clone().requires_grad_()
    theirs = sum(member_error(leaf, leaf.mean(0), desired, i, lam / 2) for i in range(MEMBERS)) / MEMBERS
    torch.testing.assert_close(joint(outputs, desired, lam), theirs.detach(), atol=1e-12, rtol=0)
    (gradient,) = torch.autograd.grad(theirs, leaf)
    torch.testing.assert_close(joint_gradient(outputs, desired, lam), gradient, atol=1e-12, rtol=0)


def test_t4_lambda_one_is_the_squared_error_of_the_mean(outputs, desired):
    expected = 0.5 * ((outputs.mean(0) - desired) ** 2).mean()
    torch.testing.assert_close(joint(outputs, desired, 1.0), expected)
