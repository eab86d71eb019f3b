"""Convolutional ensembles run network by network, each with ordinary convolutions in channels-last memory.

Training steps on one CPU core, samples a second (best of a few, by processor time):

| | loop, channels last | loop, channels first | grouped, channels last | grouped, channels first |
|---|---|---|---|---|
| 16 ConvNets of 76,260 parameters, batch 100 | 168 | 152 | 116 | 79 |
| 4 DenseNet-BCs of depth 64 and growth 6, batch 64 | 23 | 17 | – | 11 |
| 4 DenseNet-BCs of depth 40 and growth 12, batch 64 | 22 | 19 | – | 10 |
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.losses import Logits

Network = dict[str, Tensor]
"""One network's parameters and buffers by name, views of the stack's."""
Forward = Callable[[Network, Float[Tensor, "example channel height width"]], Float[Tensor, "example class"]]


def networks(weights: dict[str, Tensor]) -> list[Network]:
    """Every network of weights (trial, member, …), trial after trial.

    ``unbind`` gives views, so that buffers can be updated in place, and one node of the graph for all networks:
    the gradients of a stack are stacked once.
    """
    views = [[one for trial in stacked.unbind() for one in trial.unbind()] for stacked in weights.values()]
    return [dict(zip(weights, network, strict=True)) for network in zip(*views, strict=True)]


def each_network(
    forward: Forward, weights: dict[str, Tensor], images: Float[Tensor, "group example channel height width"]
) -> Logits:
    """Logits of every network of a stack on its group's images.

    Equal numbers of networks, in order, share a group's images.
    """
    shared = [group.contiguous(memory_format=torch.channels_last) for group in images.unbind()]
    every = networks(weights)
    logits = [forward(network, shared[i * len(shared) // len(every)]) for i, network in enumerate(every)]
    trials, members = next(iter(weights.values())).shape[:2]
    return torch.stack(logits).reshape(trials, members, *logits[0].shape)
