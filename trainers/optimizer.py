"""SGD on stacked weights with ``torch.optim``'s arithmetic, and with a separate learning rate for each trial."""

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
    """The trials of a stack that have one learning rate and are not frozen.

    The kernel gets a separate tensor for each trial, although neighbours could share one. It rounds the last few
    numbers of a tensor differently from the others, and a trial must get the same weights in a stack as alone.
    """

    rate: float
    trials: list[int]
    weights: list[Tensor]
    """Views of the stack's weights, one per weight and trial; ``buffers`` has the same order."""
    buffers: list[Tensor | None]


class StackedSGD:
    """Stochastic gradient descent with momentum on weights (trial, …), by torch's fused kernel.

    The kernel is called as a function, because the first ``torch.optim.Optimizer`` of a process imports torch's
    compiler, which takes two seconds.
    """

    def __init__(self, weights: Sequence[Tensor], training: Training, learning_rates: Sequence[float]) -> None:
        """``weights`` are updated in place; ``learning_rates`` has one rate per trial, before any milestone."""
        self._weights = [weight.detach() for weight in weights]
        self._rates, self._factor = list(learning_rates), 1.0
        self._momentum, self._weight_decay = training.momentum, training.weight_decay
        # With buffers of zeros, the first step is along the gradient alone, like that of torch.optim.SGD.
        self.momentum = [torch.zeros_like(weight) for weight in self._weights] if training.momentum else []
        """Momentum buffers in the shapes of the weights; empty without momentum."""
        self._frozen: set[int] = set()
        self._groups = self._grouped_by_rate()

    def scale(self, factor: float) -> None:
        """From now on, use every trial's initial learning rate times ``factor``."""
        self._factor = factor

    def freeze(self, trial: int) -> None:
        """Do not change a trial's weights any more."""
        self._frozen.add(trial)
        self._groups = self._grouped_by_rate()

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step along stacked gradients, in the order of the weights."""
        # The kernel reads a gradient in the memory order of its weight, but autograd may return it transposed.
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
