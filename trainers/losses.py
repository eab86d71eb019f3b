"""The joint loss of Webb et al. 2020 for categorical targets, per trial of a stack; pure functions.

Logits are (trial, member, example, class). With a one-hot target p, D(p‖q) is the negative log-likelihood of the
label in nats. q̄ is the normalised geometric mean of the members' distributions: the softmax of their mean logits.
Members keep examples innermost in memory, so reductions over classes go through the transposed view, where they are
several times faster.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Logits = Float[Tensor, "trial member example class"]
Labels = Int[Tensor, "trial example"]
Targets = Float[Tensor, "trial class example"]
"""Classes before examples, as members keep them."""
PerTrial = Float[Tensor, " trial"]
Counts = Float[Tensor, "trial member example"]


def ensemble_logits(logits: Logits) -> Float[Tensor, "trial example class"]:
    """Mean logits of the members: the logits of q̄."""
    return logits.mT.mean(1).mT


def ensemble_nll(logits: Logits, labels: Labels) -> Float[Tensor, "trial example"]:
    """D(p‖q̄) of each example."""
    return _nll(ensemble_logits(logits), labels)


def member_nlls(logits: Logits, labels: Labels) -> Float[Tensor, "trial member example"]:
    """D(p‖q_j) of each member and example."""
    return _nll(logits, labels.unsqueeze(1).expand(logits.shape[:3]))


def joint_loss(logits: Logits, labels: Labels, lam: PerTrial) -> PerTrial:
    """L_λ = λ·D(p‖q̄) + (1−λ)·mean_j D(p‖q_j), mean over examples (Eq. 4)."""
    together = ensemble_nll(logits, labels).mean(1)
    alone = member_nlls(logits, labels).mean((1, 2))
    return lam * together + (1 - lam) * alone


def decomposed_loss(logits: Logits, labels: Labels, lam: PerTrial) -> PerTrial:
    """L_λ = mean_j D(p‖q_j) − λ·mean_j D(q̄‖q_j), mean over examples (Eq. 5): the second term is the diversity."""
    ensemble = torch.log_softmax(ensemble_logits(logits), -1).unsqueeze(1)
    members = torch.log_softmax(logits, -1)
    diversity = (ensemble.exp() * (ensemble - members)).sum(-1)
    return member_nlls(logits, labels).mean((1, 2)) - lam * diversity.mean((1, 2))


def weighted_loss(logits: Logits, labels: Labels, weights: Counts) -> PerTrial:
    """(1/M) Σ_j (1/B) Σ_i w_ji·D(p_i‖q_ji): each member learns alone, with its own weights of the examples."""
    return (weights * member_nlls(logits, labels)).mean((1, 2))


def joint_gradient(logits: Logits, labels: Labels, lam: PerTrial, weights: Counts | None = None) -> Logits:
    """Gradient of the sum over trials of :func:`joint_loss` with respect to the logits, in closed form.

    It is (λ·q̄ + (1−λ)·q_j − p) / (M·B). The joint loss couples members through their logits alone, so training starts
    its backward pass here and never computes the loss. With ``weights`` and all λ equal to 0, it is the gradient of
    :func:`weighted_loss`.
    """
    return gradient_towards(logits, one_hot(labels, logits.shape[-1], logits.dtype), lam, weights)


def gradient_towards(logits: Logits, targets: Targets, lam: PerTrial, weights: Counts | None = None) -> Logits:
    """:func:`joint_gradient` for target distributions p instead of labels.

    It uses few operations: each costs about 10 µs between a step's matrix products, which fill the caches.
    """
    lam = lam[:, None, None]
    shared = torch.softmax(ensemble_logits(logits).mT, -2).mul_(lam).sub_(targets)
    members = torch.softmax(logits.mT, -2)
    gradient = torch.addcmul(shared.unsqueeze(1), members, 1 - lam.unsqueeze(1)).div_(logits.shape[1:3].numel())
    return (gradient if weights is None else gradient.mul_(weights.unsqueeze(-2))).mT


def one_hot(labels: Labels, classes: int, dtype: torch.dtype) -> Targets:
    """Labels as one-hot distributions."""
    return label_places(labels, classes).to(dtype)


def label_places(labels: Int[Tensor, "*batch example"], classes: int) -> Bool[Tensor, "*batch class example"]:
    """Mask that is true at each example's label."""
    return labels.unsqueeze(-2) == torch.arange(classes, device=labels.device).unsqueeze(-1)


def _nll(logits: Float[Tensor, "*batch example class"], labels: Int[Tensor, "*batch example"]) -> Tensor:
    return -torch.log_softmax(logits.mT, -2).gather(-2, labels.unsqueeze(-2)).squeeze(-2)
