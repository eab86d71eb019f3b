"""The joint loss of every family against the library's distributions and independent formulas, in float64."""

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, Normal, Poisson, kl_divergence

from trainers import families, losses
from trainers.families import FAMILIES

LAMBDAS = torch.tensor([0.0, 0.3, 0.95, 1.0, -0.7, 1.8], dtype=torch.float64)
TRIALS, MEMBERS, EXAMPLES, COMPONENTS = len(LAMBDAS), 4, 6, 5
LIBRARY = {
    "categorical": lambda natural: Categorical(logits=natural),
    "gaussian": lambda natural: Normal(natural, torch.ones_like(natural)),
    "bernoulli": lambda natural: Bernoulli(logits=natural),
    "poisson": lambda natural: Poisson(natural.exp()),
}


@pytest.fixture(params=FAMILIES)
def name(request):
    return request.param


@pytest.fixture
def natural():
    stream = torch.Generator().manual_seed(0)
    shape = (TRIALS, MEMBERS, EXAMPLES, COMPONENTS)
    return (1.5 * torch.randn(shape, generator=stream, dtype=torch.float64)).requires_grad_()


def targets(name: str):
    """Data: a class, a real number, a bit, a count; as mean parameters."""
    stream = torch.Generator().manual_seed(1)
    shape = (TRIALS, EXAMPLES, COMPONENTS)
    drawn = torch.randn(shape, generator=stream, dtype=torch.float64)
    return {
        "categorical": torch.nn.functional.one_hot(drawn.argmax(-1), COMPONENTS).double(),
        "gaussian": drawn,
        "bernoulli": (drawn > 0).double(),
        "poisson": (2 * drawn).abs().floor(),
    }[name]


def library_divergence(name: str, p, q):
    divergence = kl_divergence(LIBRARY[name](p), LIBRARY[name](q))
    return divergence if name == "categorical" else divergence.sum(-1)


def test_divergence_is_the_librarys(name, natural):
    p, q = natural.detach()[:, 0], natural.detach()[:, 1]
    family = FAMILIES[name]
    divergence = family.divergence(family.mean(p), q)
    torch.testing.assert_close(divergence, library_divergence(name, p, q), atol=1e-12, rtol=1e-12)


def test_divergence_from_data_is_their_likelihood_but_for_a_constant(name, natural):
    target, q = targets(name), natural.detach()
    value = target.argmax(-1) if name == "categorical" else target
    log_likelihood = [LIBRARY[name](q[:, member]).log_prob(value) for member in range(2)]
    one, other = log_likelihood if name == "categorical" else [terms.sum(-1) for terms in log_likelihood]
    divergences = [FAMILIES[name].divergence(target, q[:, member]) for member in range(2)]
    torch.testing.assert_close(divergences[0] - divergences[1], other - one, atol=1e-12, rtol=1e-12)


def test_information_is_the_divergences_hessian(name, natural):
    family, point, mean = FAMILIES[name], natural.detach()[0, 0, 0], targets(name)[0, 0]
    hessian = torch.autograd.functional.hessian(lambda q: family.divergence(mean, q), point)
    torch.testing.assert_close(family.information(point), hessian, atol=1e-12, rtol=1e-12)


def test_the_mean_of_natural_parameters_is_nearest_to_the_members(name, natural):
    family = FAMILIES[name]
    q = families.combined(natural.detach()).requires_grad_()
    # The minimum of mean_j D(q‖q_j) over q: its gradient in q's natural parameters is 0 there.
    family.divergence(family.mean(q).unsqueeze(1), natural.detach()).mean(1).sum().backward()
    assert q.grad.abs().max() < 1e-12


def test_equation_4_equals_equation_5(name, natural):
    target, family = targets(name), FAMILIES[name]
    one = families.joint_loss(family, natural, target, LAMBDAS)
    other = families.decomposed_loss(family, natural, target, LAMBDAS)
    assert (one - other).abs().max() < 1e-10
    gradients = [torch.autograd.grad(loss.sum(), natural)[0] for loss in (one, other)]
    torch.testing.assert_close(*gradients, atol=1e-10, rtol=0)


def test_equation_5_with_the_librarys_divergence(name, natural):
    target, family, q = targets(name), FAMILIES[name], natural.detach()
    diversity = torch.stack([library_divergence(name, q.mean(1), q[:, member]) for member in range(MEMBERS)], 1)
    alone = torch.stack([family.divergence(target, q[:, member]) for member in range(MEMBERS)], 1)
    expected = (alone - LAMBDAS[:, None, None] * diversity).mean((1, 2))
    torch.testing.assert_close(families.joint_loss(family, q, target, LAMBDAS), expected, atol=1e-10, rtol=0)


def test_lambda_one_is_the_ensembles_loss_and_zero_has_the_independent_gradient_over_m(name, natural):
    target, family = targets(name), FAMILIES[name]
    ones = torch.ones(TRIALS, dtype=torch.float64)
    together = families.ensemble_losses(family, natural, target).mean(1)
    torch.testing.assert_close(families.joint_loss(family, natural, target, ones), together)
    (gradient,) = torch.autograd.grad(families.joint_loss(family, natural, target, 0 * ones).sum(), natural)
    for member in range(MEMBERS):
        alone = natural.detach()[:, member].requires_grad_()
        family.divergence(target, alone).mean(1).sum().backward()
        torch.testing.assert_close(gradient[:, member], alone.grad / MEMBERS)


def test_the_ensemble_is_never_worse_than_its_mean_member(name, natural):
    target, family = targets(name), FAMILIES[name]
    mean_member = families.member_losses(family, natural, target).mean(1)
    assert (families.ensemble_losses(family, natural, target) <= mean_member + 1e-12).all()


def test_the_categorical_family_is_what_is_trained(natural):
    target = targets("categorical")
    for here, there in ((families.joint_loss, losses.joint_loss), (families.decomposed_loss, losses.decomposed_loss)):
        expected = there(natural, target.argmax(-1), LAMBDAS)
        torch.testing.assert_close(here(FAMILIES["categorical"], natural, target, LAMBDAS), expected)
