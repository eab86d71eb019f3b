"""The gradient of an ensemble of MLPs in closed form: what autograd would compute, bit for bit, in memory used again.

With X the images of a group of trials, H = max(W₁X + b₁, 0) the hidden units, Z = W₂H + b₂ the logits and G = ∂L/∂Z,

    ∂L/∂W₂ = G·Hᵀ    ∂L/∂b₂ = Σ G    D = (W₂ᵀ·G) ⊙ [H > 0]    ∂L/∂W₁ = D·Xᵀ    ∂L/∂b₁ = Σ D

with sums over examples, which are innermost in memory. Layer 1 of all members of a group is one matrix product. There
is no graph, and what is as large as the weights is written where it was written before, so that the kernel hands out no
fresh pages.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.ensembles.gradients import OnLogits
from trainers.ensembles.mlp import MlpEnsemble


class MlpGradients:
    """Gradients of each weight in the order of :meth:`MlpEnsemble.initial_weights`; the next call overwrites them."""

    def __init__(self) -> None:
        self._gradients: list[Tensor] = []

    @torch.no_grad()
    def __call__(
        self,
        ensemble: MlpEnsemble,
        weights: dict[str, Tensor],
        images: Float[Tensor, "group example channel height width"],
        on_logits: OnLogits,
    ) -> list[Tensor]:
        """See :func:`trainers.ensembles.gradients.gradients`."""
        if not self._gradients:
            self._gradients = [torch.empty_like(weight) for weight in weights.values()]
        first, first_bias, second, second_bias = self._gradients
        inputs = images.flatten(2)
        units = ensemble.hidden_units(weights, inputs.mT)
        on = on_logits(ensemble.logits_of(weights, units))
        networks, examples = len(units), units.shape[-1]
        on = on.mT.reshape(networks, ensemble.classes, examples)

        torch.bmm(on, units.mT, out=second.view(networks, ensemble.classes, ensemble.hidden))
        torch.sum(on, -1, out=second_bias.view(networks, ensemble.classes))
        back = torch.bmm(weights["output.weight"].reshape(networks, ensemble.classes, ensemble.hidden).mT, on)
        back = torch.ops.aten.threshold_backward(back, units, 0).view(len(inputs), -1, examples)
        torch.sum(back, -1, out=first_bias.view(len(inputs), -1))
        _product(back, inputs, first.view(len(inputs), -1, ensemble.inputs))
        return self._gradients


def _product(left: Tensor, right: Tensor, out: Tensor) -> None:
    if len(left) == 1:  # the plain product, as in the forward pass
        torch.mm(left[0], right[0], out=out[0])
    else:
        torch.bmm(left, right, out=out)
