"""Convolutional ensembles run network by network, each with ordinary convolutions in channels-last memory.

``docs/performance.md`` compares the training speed of this loop with grouped convolutions and other ways; the section
is "Training ConvNets and DenseNets on a CPU".
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.losses import Logits

Network = dict[str, Tensor]
"""Parameters and buffers of one network by name, as views of the stack's."""
Forward = Callable[[Network, Float[Tensor, "example channel height width"]], Float[Tensor, "example class"]]


def networks(weights: dict[str, Tensor]) -> list[Network]:
    """Every network of weights (trial, member, …), ordered by trial, then by member.

    ``unbind`` returns views, so buffers can be updated in place. It makes one node of the graph for all networks, so
    the gradients of a stack are stacked once.
    """
    views = [[one for trial in stacked.unbind() for one in trial.unbind()] for stacked in weights.values()]
    return [dict(zip(weights, network, strict=True)) for network in zip(*views, strict=True)]


def each_network(
    forward: Forward, weights: dict[str, Tensor], images: Float[Tensor, "group example channel height width"]
) -> Logits:
    """Logits of every network of a stack on the images of its group.

    Each group's images serve the same number of networks, in order.
    """
    shared = [group.contiguous(memory_format=torch.channels_last) for group in images.unbind()]
    every = networks(weights)
    logits = [forward(network, shared[i * len(shared) // len(every)]) for i, network in enumerate(every)]
    trials, members = next(iter(weights.values())).shape[:2]
    return torch.stack(logits).reshape(trials, members, *logits[0].shape)
