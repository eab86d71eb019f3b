"""The gradients of an ensemble of MLPs in closed form: those that autograd would compute, without a graph.

With X the images of a group of trials, H = max(W₁X + b₁, 0) the hidden units, Z = W₂H + b₂ the logits and G = ∂L/∂Z,

    ∂L/∂W₂ = G·Hᵀ    ∂L/∂b₂ = Σ G    D = (W₂ᵀ·G) ⊙ [H > 0]    ∂L/∂W₁ = D·Xᵀ    ∂L/∂b₁ = Σ D

where Σ sums over examples, which are innermost in memory. Layer 1 of all members of a group is one matrix product.
"""

from __future__ import annotations

from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.ensembles.gradients import OnLogits
from trainers.ensembles.products import product
from trainers.losses import Logits


class TwoLayers(Protocol):
    """An ensemble of networks with one hidden layer, see :class:`trainers.ensembles.mlp.MlpEnsemble`."""

    def hidden_units(
        self, weights: dict[str, Tensor], inputs: Float[Tensor, "group example input"]
    ) -> Float[Tensor, "network hidden example"]:
        """The hidden units of every network."""

    def logits_of(self, weights: dict[str, Tensor], units: Float[Tensor, "network hidden example"]) -> Logits:
        """The logits of every network from its hidden units."""


@torch.inference_mode()
def gradients_in_closed_form(
    ensemble: TwoLayers,
    weights: dict[str, Tensor],
    images: Float[Tensor, "group example channel height width"],
    on_logits: OnLogits,
) -> list[Tensor]:
    """Gradient of each weight, in the order of :meth:`MlpEnsemble.initial_weights`.

    The gradients are inference tensors, which cannot be part of a graph. The arguments are those of
    :func:`trainers.ensembles.gradients.gradients`.
    """
    inputs = images.flatten(2)
    units = ensemble.hidden_units(weights, inputs)
    on = on_logits(ensemble.logits_of(weights, units)).mT.flatten(0, 1)
    second = torch.bmm(on, units.mT)
    back = torch.bmm(weights["output.weight"].flatten(0, 1).mT, on)
    torch.ops.aten.threshold_backward(back, units, 0, grad_input=back)
    back = back.view(len(inputs), -1, units.shape[-1])
    found = product(back, inputs.mT), back.sum(-1), second, on.sum(-1)
    return [gradient.view_as(weight) for gradient, weight in zip(found, weights.values(), strict=True)]
