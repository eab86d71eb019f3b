"""``torch.optim``'s SGD on stacked weights: its own learning rate for each trial, the library's arithmetic for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.optim.sgd import sgd

if TYPE_CHECKING:
    from specs.trial import Training


@dataclass(frozen=True)
class _RateGroup:
    """What of a stack has one learning rate, and is not frozen.

    Each trial is a tensor of its own to the kernel, although neighbours could be one: the kernel rounds what is left
    over at the end of a tensor otherwise than the rest, and a trial's weights are to end where they do alone.
    """

    rate: float
    trials: list[int]
    weights: list[Tensor]
    """Of each of the stack's weights, those of each trial; buffers likewise."""
    buffers: list[Tensor | None]


class StackedSGD:
    """Stochastic gradient descent with momentum on weights (trial, …), by the library's fused kernel.

    The kernel is called as a function: the first ``torch.optim.Optimizer`` of a process imports the compiler, which
    takes two seconds, and nothing of a parameter group is needed here but its learning rate.
    """

    def __init__(self, weights: Sequence[Tensor], training: Training, learning_rates: Sequence[float]) -> None:
        """``weights`` are updated in place; ``learning_rates`` are the trials', before any milestone."""
        self._weights = [weight.detach() for weight in weights]
        self._rates, self._factor = list(learning_rates), 1.0
        self._momentum, self._weight_decay = training.momentum, training.weight_decay
        # Buffers of zeros make the first step what the library's first step is: the gradient alone.
        self.momentum = [torch.zeros_like(weight) for weight in self._weights] if training.momentum else []
        """Momentum buffers, stacked as the weights are; none without momentum."""
        self._frozen: set[int] = set()
        self._groups = self._grouped_by_rate()

    def scale(self, factor: float) -> None:
        """Multiply every trial's first learning rate by ``factor``."""
        self._factor = factor

    def freeze(self, trial: int) -> None:
        """Leave a trial's weights as they are from now on."""
        self._frozen.add(trial)
        self._groups = self._grouped_by_rate()

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step along stacked gradients, in the order of the weights."""
        # The kernel reads a gradient's memory in the order of its weight's, and autograd may return it transposed.
        aligned = [gradient.contiguous() for gradient in gradients]
        for group in self._groups:
            sgd(
                group.weights,
                [gradient[trial] for gradient in aligned for trial in group.trials],
                group.buffers,
                fused=True,
                lr=group.rate * self._factor,
                momentum=self._momentum,
                weight_decay=self._weight_decay,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )

    def _grouped_by_rate(self) -> list[_RateGroup]:
        found: dict[float, list[int]] = {}
        for trial, rate in enumerate(self._rates):
            if trial not in self._frozen:
                found.setdefault(rate, []).append(trial)
        return [self._group(rate, trials) for rate, trials in found.items()]

    def _group(self, rate: float, trials: list[int]) -> _RateGroup:
        weights = [weight[trial] for weight in self._weights for trial in trials]
        buffers: list[Tensor | None] = [buffer[trial] for buffer in self.momentum for trial in trials]
        return _RateGroup(rate, trials, weights, buffers or [None] * len(weights))
