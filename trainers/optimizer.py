"""``torch.optim``'s SGD on stacked weights: its own learning rate for each trial, the library's arithmetic for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.optim.sgd import sgd

if TYPE_CHECKING:
    from specs.trial import Training


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
        self._trials = self._found_trials()

    def scale(self, factor: float) -> None:
        """Multiply every trial's first learning rate by ``factor``."""
        self._factor = factor

    def freeze(self, trial: int) -> None:
        """Leave a trial's weights as they are from now on."""
        self._frozen.add(trial)
        self._trials = self._found_trials()

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step along stacked gradients, in the order of the weights."""
        for rate, trials in self._trials.items():
            sgd(
                [weight[trial] for weight in self._weights for trial in trials],
                [gradient[trial] for gradient in gradients for trial in trials],
                self._buffers(trials),
                fused=True,
                lr=rate * self._factor,
                momentum=self._momentum,
                weight_decay=self._weight_decay,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )

    def _buffers(self, trials: Sequence[int]) -> list[Tensor | None]:
        if not self.momentum:
            return [None for _ in self._weights for _ in trials]
        return [buffer[trial] for buffer in self.momentum for trial in trials]

    def _found_trials(self) -> dict[float, list[int]]:
        """Trials in training, by their learning rate.

        Each is a tensor of its own to the kernel, although neighbours could be one: the kernel rounds what is left
        over at the end of a tensor otherwise than the rest, and a trial's weights are to end where they do alone.
        """
        found: dict[float, list[int]] = {}
        for trial, rate in enumerate(self._rates):
            if trial not in self._frozen:
                found.setdefault(rate, []).append(trial)
        return found
