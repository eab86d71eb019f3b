"""Gradients of a stack's weights from a known gradient on its logits, in one graph or member by member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.devices import memory_for_a_graph
from trainers.losses import Logits

Images = Float[Tensor, "group example channel height width"]
OnLogits = Callable[[Logits], Logits]
"""The gradient of the loss with respect to the logits, from their values."""


class Forward(Protocol):
    """What gradients take of an ensemble, see :class:`trainers.ensembles.ensemble.Ensemble`."""

    @property
    def buffers(self) -> frozenset[str]:
        """Names of the weights that no gradient trains."""

    def logits(self, weights: dict[str, Tensor], images: Images, *, training: bool = False) -> Logits:
        """Logits of every member."""


def gradients(ensemble: Forward, weights: dict[str, Tensor], images: Images, on_logits: OnLogits) -> list[Tensor]:
    """Gradient of each trained weight, in order; running statistics are updated.

    One graph holds the activations of all members.
    """
    logits = ensemble.logits(weights, images, training=True)
    trained = [weight for name, weight in weights.items() if name not in ensemble.buffers]
    return list(torch.autograd.grad(logits, trained, on_logits(logits.detach())))


def gradients_member_by_member(
    ensemble: Forward, weights: dict[str, Tensor], images: Images, on_logits: OnLogits
) -> list[Tensor]:
    """The same, for networks that run in turn, with a graph of one network at a time.

    Joint losses couple members through their logits alone. So the logits of all come first, without a graph; then
    each network runs once more and its backward pass starts at its part of the known gradient. Memory falls from
    that of all networks' activations to that of one's, for one more forward pass: 16 DenseNet-BCs of depth 64 and
    growth 6, batch 64, train in 1.4 GB where one graph takes over 10 GB, at about three quarters of its speed.
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


class Graph(Forward, Protocol):
    """An ensemble that knows how much a graph of it keeps."""

    @property
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example."""


def gradients_in_memory(
    ensemble: Graph, weights: dict[str, Tensor], images: Images, on_logits: OnLogits
) -> list[Tensor]:
    """The same to the last bit, in one graph where there is memory for it or it is a single network's, else member by
    member: the activations of the paper's DenseNets take over 10 GB.

    A second forward pass saves no memory of a single network.
    """
    weight = next(iter(weights.values()))
    networks, examples = weight.shape[:2].numel(), images.shape[1]
    graph = networks * examples * ensemble.numbers_in_graph * weight.element_size()
    if networks == 1 or graph <= memory_for_a_graph(weight.device):
        return gradients(ensemble, weights, images, on_logits)
    return gradients_member_by_member(ensemble, weights, images, on_logits)
