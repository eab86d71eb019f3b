"""The joint loss for any exponential family (Webb et al. 2020, sections 2 and 3); pure functions, for theory and tests.

A family has natural parameters η and mean parameters m = E[t(y)] = A'(η), with log-partition A. Every divergence
within it is of Bregman's form, D(m‖η) = A*(m) + A(η) − m·η in nats, with A* the negative entropy of the sufficient
statistics (for the Gaussian and the Poisson, constants of the base measure cancel). The combiner q̄ that minimises the
mean divergence from itself to the members has the mean of their natural parameters; D is affine in the target's mean
parameters except for the term A*, and this makes Eq. 4 equal Eq. 5 for every λ.

**Gaussian: negative correlation learning** (Liu and Yao 1999). They give member i the error
E_i = ½(F_i − d)² + λ'·p_i with p_i = (F_i − F̄)·Σ_{j≠i}(F_j − F̄) = −(F_i − F̄)². Two different correspondences hold:

- Gradient, as they derive it (F̄ held constant in p_i): ∂E_i/∂F_i = (F_i − d) − λ'(F_i − F̄) is M times the gradient of
  the joint loss at λ = λ'. This is the paper's "exactly equivalent": the factor M goes into the learning rate, and
  λ = 1 is the ensemble's own loss.
- Value: mean_i E_i is the joint loss at λ = 2λ', since p_i lacks the ½ of D(q̄‖q_i) = ½(F̄ − F_i)². If F̄ is not held
  constant, ∂(Σ_i E_i)/∂F_j is M times the joint gradient at λ = 2λ', too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Natural = Float[Tensor, "trial member example component"]
"""Natural parameters of the members: logits (categorical), means (Gaussian), log-odds (Bernoulli) or log-rates
(Poisson)."""
Target = Float[Tensor, "trial example component"]
"""Mean parameters of the target distribution: one-hot rows or probabilities (categorical), means (Gaussian),
probabilities (Bernoulli) or rates (Poisson)."""
PerTrial = Float[Tensor, " trial"]


@dataclass(frozen=True)
class Family:
    """An exponential family, elementwise over leading axes; the last axis holds an example's components.

    The components are the classes of one categorical variable, or independent variables in the other families.
    """

    mean: Callable[[Tensor], Tensor]
    """Maps natural parameters to mean parameters of the same shape."""
    divergence: Callable[[Tensor, Tensor], Tensor]
    """Maps p's mean parameters and q's natural parameters to D(p‖q) in nats, summed over components."""
    information: Callable[[Tensor], Tensor]
    """Maps natural parameters η to the Fisher information A''(η), (…, component, component): the Hessian of D(p‖q) in
    q's natural parameters."""


def _categorical(mean: Tensor, natural: Tensor) -> Tensor:
    terms: Tensor = torch.special.xlogy(mean, mean) - mean * torch.log_softmax(natural, -1)
    return terms.sum(-1)


def _gaussian(mean: Tensor, natural: Tensor) -> Tensor:
    return (mean - natural).square().sum(-1) / 2


def _bernoulli(mean: Tensor, natural: Tensor) -> Tensor:
    entropy: Tensor = torch.special.xlogy(mean, mean) + torch.special.xlogy(1 - mean, 1 - mean)
    likelihood: Tensor = mean * torch.nn.functional.logsigmoid(natural) + (1 - mean) * torch.nn.functional.logsigmoid(
        -natural
    )
    return (entropy - likelihood).sum(-1)


def _poisson(mean: Tensor, natural: Tensor) -> Tensor:
    terms: Tensor = torch.special.xlogy(mean, mean) - mean * natural - mean + natural.exp()
    return terms.sum(-1)


def _covariance(natural: Tensor) -> Tensor:
    mean = torch.softmax(natural, -1)
    return torch.diag_embed(mean) - mean.unsqueeze(-1) * mean.unsqueeze(-2)


def _variances(natural: Tensor) -> Tensor:
    mean = torch.sigmoid(natural)
    return torch.diag_embed(mean * (1 - mean))


FAMILIES = {
    "categorical": Family(lambda natural: torch.softmax(natural, -1), _categorical, _covariance),
    "gaussian": Family(lambda natural: natural, _gaussian, lambda natural: torch.diag_embed(torch.ones_like(natural))),
    "bernoulli": Family(torch.sigmoid, _bernoulli, _variances),
    "poisson": Family(torch.exp, _poisson, lambda natural: torch.diag_embed(natural.exp())),
}
"""``gaussian`` has unit variance: its divergence is half the squared error."""


def combined(natural: Natural) -> Target:
    """Natural parameters of q̄: the mean of the members'."""
    return natural.mean(1)


def ensemble_losses(family: Family, natural: Natural, target: Target) -> Float[Tensor, "trial example"]:
    """D(p‖q̄) of each example."""
    return family.divergence(target, combined(natural))


def member_losses(family: Family, natural: Natural, target: Target) -> Float[Tensor, "trial member example"]:
    """D(p‖q_j) of each member and example."""
    return family.divergence(target.unsqueeze(1), natural)


def diversities(family: Family, natural: Natural) -> Float[Tensor, "trial member example"]:
    """D(q̄‖q_j) of each member and example."""
    return family.divergence(family.mean(combined(natural)).unsqueeze(1), natural)


def joint_loss(family: Family, natural: Natural, target: Target, lam: PerTrial) -> PerTrial:
    """L_λ = λ·D(p‖q̄) + (1−λ)·mean_j D(p‖q_j), mean over examples (Eq. 4)."""
    together = ensemble_losses(family, natural, target).mean(1)
    return lam * together + (1 - lam) * member_losses(family, natural, target).mean((1, 2))


def decomposed_loss(family: Family, natural: Natural, target: Target, lam: PerTrial) -> PerTrial:
    """L_λ = mean_j D(p‖q_j) − λ·mean_j D(q̄‖q_j), mean over examples (Eq. 5)."""
    alone = member_losses(family, natural, target).mean((1, 2))
    return alone - lam * diversities(family, natural).mean((1, 2))
