"""``torch.optim.SGD`` on stacked weights: its own learning rate for each trial, the library's arithmetic for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from specs.trial import Training


class StackedSGD:
    """Stochastic gradient descent with momentum on weights (trial, …), each trial a view of its own.

    Trials of one learning rate share a parameter group, and so one fused kernel.
    """

    def __init__(self, weights: Sequence[Tensor], training: Training, learning_rates: Sequence[float]) -> None:
        """``weights`` are updated in place; ``learning_rates`` are the trials', before any milestone."""
        self._views = [[part.requires_grad_() for part in weight.detach().unbind()] for weight in weights]
        self._rates = sorted(set(learning_rates))
        groups = [
            {"params": [views[trial] for views in self._views for trial in _where(learning_rates, rate)], "lr": rate}
            for rate in self._rates
        ]
        self._sgd = torch.optim.SGD(groups, momentum=training.momentum, weight_decay=training.weight_decay, fused=True)
        self._frozen: set[int] = set()
        # Buffers of zeros make the first step what the library's first step is: the gradient alone.
        self.momentum = [torch.zeros_like(weight) for weight in weights] if training.momentum else []
        """Momentum buffers, stacked as the weights are; none without momentum."""
        for views, stacked in zip(self._views, self.momentum, strict=False):
            for view, part in zip(views, stacked, strict=True):
                self._sgd.state[view]["momentum_buffer"] = part

    def scale(self, factor: float) -> None:
        """Multiply every trial's first learning rate by ``factor``."""
        for group, rate in zip(self._sgd.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor

    def freeze(self, trial: int) -> None:
        """Leave a trial's weights as they are from now on."""
        self._frozen.add(trial)
        for views in self._views:
            views[trial].grad = None

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step along stacked gradients, in the order of the weights."""
        for views, stacked in zip(self._views, gradients, strict=True):
            for trial, (view, gradient) in enumerate(zip(views, stacked.unbind(), strict=True)):
                if trial not in self._frozen:
                    view.grad = gradient
        self._sgd.step()


def _where(values: Sequence[float], value: float) -> list[int]:
    return [position for position, other in enumerate(values) if other == value]
