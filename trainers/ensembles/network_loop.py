"""Convolutional networks in turn, each with ordinary convolutions in channels-last memory: the fastest way on a CPU.

``docs/performance.md`` compares the training speed of this loop with grouped convolutions and other ways; the section
is "Training ConvNets and DenseNets on a CPU".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from trainers.ensembles.layers import EPSILON, MOMENTUM, Forward
from trainers.losses import Logits

Features = Float[Tensor, "example channel height width"]


@dataclass(frozen=True)
class OneNetwork:
    """The layers of one network, see :class:`trainers.ensembles.layers.Layers`."""

    weights: dict[str, Tensor]
    """Parameters and buffers by name, as views of the stack's."""
    training: bool

    def convolved(self, name: str, features: Features, *, stride: int = 1, padding: int = 0) -> Features:
        """Convolution."""
        weight, bias = self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias")
        return functional.conv2d(features, weight, bias, stride, padding)

    def normalised(self, name: str, features: Features) -> Features:
        """Batch normalisation."""
        mean, variance, scale, shift = (
            self.weights[f"{name}.{kind}"] for kind in ("mean", "variance", "scale", "shift")
        )
        return functional.batch_norm(features, mean, variance, scale, shift, self.training, MOMENTUM, EPSILON)

    def joined(self, features: Features, grown: Features) -> Features:
        """The channels of both."""
        return torch.cat((features, grown), 1)

    def halved(self, features: Features) -> Features:
        """Average of every 2×2 pixels."""
        return functional.avg_pool2d(features, 2)

    def classified(self, features: Features) -> Float[Tensor, "example class"]:
        """Average over all pixels, then the linear layer."""
        return functional.linear(features.mean((2, 3)), self.weights["output.weight"], self.weights["output.bias"])


def networks(weights: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """Every network of weights (trial, member, …), ordered by trial, then by member.

    ``unbind`` returns views, so buffers can be updated in place. It makes one node of the graph for all networks, so
    the gradients of a stack are stacked once.
    """
    views = [[one for trial in stacked.unbind() for one in trial.unbind()] for stacked in weights.values()]
    return [dict(zip(weights, network, strict=True)) for network in zip(*views, strict=True)]


def in_turn(
    forward: Forward,
    weights: dict[str, Tensor],
    images: Float[Tensor, "group example channel height width"],
    training: bool,
) -> Logits:
    """Logits of every network of a stack on the images of its group, as :data:`Way` says."""
    shared = [group.contiguous(memory_format=torch.channels_last) for group in images.unbind()]
    every = networks(weights)
    logits = [
        forward(OneNetwork(network, training), shared[i * len(shared) // len(every)]) for i, network in enumerate(every)
    ]
    trials, members = next(iter(weights.values())).shape[:2]
    return torch.stack(logits).reshape(trials, members, *logits[0].shape)
