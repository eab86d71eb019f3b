"""Training steps in bfloat16: the forward pass is rounded, weights and everything else are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainers.losses import Logits

if TYPE_CHECKING:
    from trainers.ensembles.ensemble import Ensemble


@dataclass(frozen=True)
class InBfloat16:
    """An ensemble as training steps in bfloat16 see it: torch's autocast decides which operations are rounded.

    Logits come back in the type of the weights, so that the loss is computed there; gradients of the weights are of
    their type too.
    """

    ensemble: Ensemble

    @property
    def buffers(self) -> frozenset[str]:
        """See :class:`trainers.ensembles.ensemble.Ensemble`."""
        return self.ensemble.buffers

    def logits(self, weights: dict[str, Tensor], images: Tensor, *, training: bool = False) -> Logits:
        """See :class:`trainers.ensembles.ensemble.Ensemble`."""
        # Without autocast's memory of rounded weights: what it rounds in a pass without a graph would have none later.
        with torch.autocast(images.device.type, torch.bfloat16, cache_enabled=False):
            rounded = self.ensemble.logits(weights, images, training=training)
        return rounded.to(next(iter(weights.values())).dtype)
