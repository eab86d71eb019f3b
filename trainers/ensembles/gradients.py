"""Gradients of a stack's weights from a known gradient on its logits, in one graph or member by member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

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
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example."""


def gradients(ensemble: Forward, weights: dict[str, Tensor], images: Images, on_logits: OnLogits) -> list[Tensor]:
    """Gradient of each trained weight, in the order of ``weights``. Running statistics are updated in place.

    One graph holds the activations of all members.
    """
    logits = ensemble.logits(weights, images, training=True)
    trained = [weight for name, weight in weights.items() if name not in ensemble.buffers]
    return list(torch.autograd.grad(logits, trained, on_logits(logits.detach())))


def gradients_member_by_member(
    ensemble: Forward, weights: dict[str, Tensor], images: Images, on_logits: OnLogits
) -> list[Tensor]:
    """The same gradients as :func:`gradients`, with a graph of one network at a time.

    Joint losses couple members through their logits alone. So the logits of all members are computed first, without a
    graph. Then each network runs once more, and its backward pass starts at its part of the known gradient.

    Memory falls from the activations of all networks to those of one, at the price of a second forward pass.
    16 DenseNet-BCs of depth 64 and growth 6, with batches of 64, train in 1.4 GB where one graph takes over 10 GB.
    ``docs/performance.md`` has the speeds of both.
    """
    with torch.no_grad():
        known = on_logits(ensemble.logits(weights, images, training=True))
    collected = {name: torch.empty_like(weight) for name, weight in weights.items() if name not in ensemble.buffers}
    trials, members = known.shape[:2]
    for network in range(trials * members):
        trial, member = divmod(network, members)
        here = slice(trial, trial + 1), slice(member, member + 1)
        # Copies: the second run must not move the running statistics again.
        one = {
            name: weight.detach()[here].clone().requires_grad_(name in collected) for name, weight in weights.items()
        }
        group = network * len(images) // (trials * members)
        logits = ensemble.logits(one, images[group : group + 1], training=True)
        parts = torch.autograd.grad(logits, [one[name] for name in collected], known[here])
        for gradient, part in zip(collected.values(), parts, strict=True):
            gradient[here] = part
    return list(collected.values())


def fit_in_one_graph(ensemble: Graph, networks: int, examples: int, dtype: torch.dtype, room: int) -> bool:
    """Whether one graph of all networks of a stack keeps at most ``room`` bytes for a batch of ``examples``.

    Always true for a single network, because a second forward pass would save it no memory.
    """
    return networks == 1 or networks * examples * ensemble.numbers_in_graph * dtype.itemsize <= room
