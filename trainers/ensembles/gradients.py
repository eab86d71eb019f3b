"""Gradients of a stack's weights from a known gradient on its logits, in one graph or in parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.ensembles.convolutional import networks_at_a_time
from trainers.losses import Logits

Images = Float[Tensor, "group example channel height width"]
OnLogits = Callable[[Logits], Logits]
"""A function from logits to the gradient of the loss with respect to them."""


class Forward(Protocol):
    """The part of :class:`trainers.ensembles.ensemble.Ensemble` that gradients need."""

    @property
    def buffers(self) -> frozenset[str]:
        """Names of the weights that no gradient trains."""

    def logits(self, weights: dict[str, Tensor], images: Images, *, training: bool = False) -> Logits:
        """Logits of every member."""


class Graph(Protocol):
    """The part of :class:`trainers.ensembles.ensemble.Ensemble` that says how large a graph is."""

    @property
    def members(self) -> int:
        """Ensemble size M."""

    @property
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example."""


def gradients(ensemble: Forward, weights: dict[str, Tensor], images: Images, on_logits: OnLogits) -> list[Tensor]:
    """Gradient of each trained weight, in the order of ``weights``. Running statistics are updated in place.

    One graph holds the activations of all members.
    """
    logits = ensemble.logits(weights, images, training=True)
    trained = [weight for name, weight in weights.items() if name not in ensemble.buffers]
    return list(torch.autograd.grad(logits, trained, on_logits(logits.detach())))


def gradients_in_parts(
    most: int, ensemble: Forward, weights: dict[str, Tensor], images: Images, on_logits: OnLogits
) -> list[Tensor]:
    """The same gradients as :func:`gradients`, with a graph of at most so many members of one trial at a time.

    Joint losses couple members through their logits alone. So the logits of all members are computed first, without a
    graph. Then each part runs once more, and its backward pass starts at its part of the known gradient.

    Memory falls from the activations of all networks to those of a part, at the price of a second forward pass.
    16 DenseNet-BCs of depth 64 and growth 6, with batches of 64, train in 1.4 GB one by one where one graph takes over
    10 GB. ``docs/performance.md`` has the speeds of both.
    """
    with torch.no_grad():
        known = on_logits(ensemble.logits(weights, images, training=True))
    collected = {name: torch.empty_like(weight) for name, weight in weights.items() if name not in ensemble.buffers}
    trials, members = known.shape[:2]
    for trial in range(trials):
        group = trial * len(images) // trials
        for first in range(0, members, most):
            here = slice(trial, trial + 1), slice(first, first + most)
            # Copies: the second run must not move the running statistics again.
            part = {
                name: weight.detach()[here].clone().requires_grad_(name in collected)
                for name, weight in weights.items()
            }
            logits = ensemble.logits(part, images[group : group + 1], training=True)
            found = torch.autograd.grad(logits, [part[name] for name in collected], known[here])
            for gradient, own in zip(collected.values(), found, strict=True):
                gradient[here] = own
    return list(collected.values())


def networks_in_a_graph(
    ensemble: Graph, trials: int, examples: int, dtype: torch.dtype, device: torch.device, room: int
) -> int:
    """Number of networks that one graph holds if it may keep ``room`` bytes of a batch of ``examples``.

    These are all networks of a stack if they fit. Otherwise they are members of one trial, in parts of about one size.
    Where networks run in turn, a part is one of them, because a larger part would take memory and save no time.
    """
    members, each = ensemble.members, examples * ensemble.numbers_in_graph * dtype.itemsize
    if trials * members * each <= room:
        return trials * members
    fit = max(1, min(networks_at_a_time(device, members), room // each))
    return math.ceil(members / math.ceil(members / fit))
