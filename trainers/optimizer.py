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
        self._runs = self._found_runs()

    def scale(self, factor: float) -> None:
        """Multiply every trial's first learning rate by ``factor``."""
        self._factor = factor

    def freeze(self, trial: int) -> None:
        """Leave a trial's weights as they are from now on."""
        self._frozen.add(trial)
        self._runs = self._found_runs()

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step along stacked gradients, in the order of the weights."""
        for rate, runs in self._runs.items():
            sgd(
                [weight[run] for weight in self._weights for run in runs],
                [gradient[run] for gradient in gradients for run in runs],
                self._buffers(runs),
                fused=True,
                lr=rate * self._factor,
                momentum=self._momentum,
                weight_decay=self._weight_decay,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )

    def _buffers(self, runs: Sequence[slice]) -> list[Tensor | None]:
        if not self.momentum:
            return [None for _ in self._weights for _ in runs]
        return [buffer[run] for buffer in self.momentum for run in runs]

    def _found_runs(self) -> dict[float, list[slice]]:
        """Trials in training that stand side by side, by their learning rate: each run is one tensor to the kernel."""
        runs: dict[float, list[slice]] = {}
        for trial, rate in enumerate(self._rates):
            if trial in self._frozen:
                continue
            own = runs.setdefault(rate, [])
            if own and own[-1].stop == trial:
                own[-1] = slice(own[-1].start, trial + 1)
            else:
                own.append(slice(trial, trial + 1))
        return runs
