"""The joint loss against the paper's own statements, in float64 (Webb et al. 2020, section 3)."""

import pytest
import torch

from trainers.losses import decomposed_loss, ensemble_nll, joint_gradient, joint_loss, member_nlls

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


def test_softmax_of_mean_logits_is_the_normalised_geometric_mean(logits):
    torch.testing.assert_close(torch.softmax(logits.mean(1), -1), geometric_mean(logits), atol=1e-12, rtol=1e-12)


def test_equation_4_from_its_words(logits, labels):
    for trial, lam in enumerate(LAMBDAS):
        total = 0.0
        for example in range(EXAMPLES):
            label = labels[trial, example]
            together = -geometric_mean(logits)[trial, example, label].log()
            alone = [-torch.softmax(logits[trial, j, example], -1)[label].log() for j in range(MEMBERS)]
            total += (lam * together + (1 - lam) * sum(alone) / MEMBERS).item() / EXAMPLES
        assert joint_loss(logits, labels, LAMBDAS)[trial].item() == pytest.approx(total, abs=1e-10)


def test_equation_4_equals_equation_5(logits, labels):
    difference = joint_loss(logits, labels, LAMBDAS) - decomposed_loss(logits, labels, LAMBDAS)
    assert difference.abs().max() < 1e-10


def test_lambda_one_is_the_loss_of_the_ensemble(logits, labels):
    expected = -geometric_mean(logits).gather(-1, labels[..., None]).log()[..., 0].mean(-1)
    torch.testing.assert_close(joint_loss(logits, labels, torch.ones_like(LAMBDAS)), expected)


def test_lambda_zero_has_the_independent_gradient_over_m(logits, labels):
    joint_loss(logits, labels, torch.zeros_like(LAMBDAS)).sum().backward()
    for trial in range(TRIALS):
        for member in range(MEMBERS):
            alone = logits.detach()[trial, member].requires_grad_()
            torch.nn.functional.cross_entropy(alone, labels[trial]).backward()
            torch.testing.assert_close(logits.grad[trial, member], alone.grad / MEMBERS)


def test_the_ensemble_is_never_worse_than_its_mean_member(logits, labels):
    assert (ensemble_nll(logits, labels) <= member_nlls(logits, labels).mean(1) + 1e-12).all()


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
