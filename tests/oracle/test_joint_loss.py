"""The joint loss against Eq. 4 read out, and its gradient in closed form, in float64 (Webb et al. 2020, section 3)."""

import pytest
import torch

from trainers.losses import joint_gradient, joint_loss

LAMBDAS = torch.tensor([0.0, 0.3, 0.5, 0.95, 1.0], dtype=torch.float64)
TRIALS, MEMBERS, EXAMPLES, CLASSES = len(LAMBDAS), 4, 6, 7


@pytest.fixture
def logits():
    stream = torch.Generator().manual_seed(0)
    shape = (TRIALS, MEMBERS, EXAMPLES, CLASSES)
    return (3 * torch.randn(shape, generator=stream, dtype=torch.float64)).requires_grad_()


@pytest.fixture
def labels():
    return torch.randint(0, CLASSES, (TRIALS, EXAMPLES), generator=torch.Generator().manual_seed(1))


def geometric_mean(logits):
    """Product of the members' distributions to the power 1/M, normalised."""
    product = torch.softmax(logits, -1).prod(1) ** (1 / logits.shape[1])
    return product / product.sum(-1, keepdim=True)


def test_equation_4_from_its_words(logits, labels):
    for trial, lam in enumerate(LAMBDAS):
        total = 0.0
        for example in range(EXAMPLES):
            label = labels[trial, example]
            together = -geometric_mean(logits)[trial, example, label].log()
            alone = [-torch.softmax(logits[trial, j, example], -1)[label].log() for j in range(MEMBERS)]
            total += (lam * together + (1 - lam) * sum(alone) / MEMBERS).item() / EXAMPLES
        assert joint_loss(logits, labels, LAMBDAS)[trial].item() == pytest.approx(total, abs=1e-10)


def test_the_closed_form_gradient_is_autograds(logits, labels):
    (expected,) = torch.autograd.grad(joint_loss(logits, labels, LAMBDAS).sum(), logits)
    torch.testing.assert_close(joint_gradient(logits.detach(), labels, LAMBDAS), expected, atol=1e-14, rtol=1e-12)


def test_members_examples_innermost_in_memory_change_nothing(logits, labels):
    transposed = logits.detach().mT.contiguous().mT
    for function in (joint_loss, joint_gradient):
        torch.testing.assert_close(
            function(transposed, labels, LAMBDAS), function(logits.detach(), labels, LAMBDAS), atol=1e-14, rtol=1e-12
        )


def test_losses_of_float32_stay_float32_and_finite_at_large_logits(logits, labels):
    large = 1e4 * logits.detach().float()
    loss = joint_loss(large, labels, LAMBDAS.float())
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss).all()
    assert torch.isfinite(joint_gradient(large, labels, LAMBDAS.float())).all()
