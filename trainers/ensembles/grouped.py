"""All convolutional networks of a stack at once, as grouped convolutions in channels-last memory: the way on a GPU.

A GPU waits for Python while networks run in turn. Here a layer of all networks is one operation, whatever their number.
Trials of a group see the same images, so their first layers are one convolution with as many groups as there are groups
of trials. ``docs/performance.md`` has the speeds; the section is "GPU".

Features are (example, height, width, network, channel) and contiguous. That is the channels-last memory of torch's
(example, network·channel, height, width), and to join channels of every network is to join the last axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from trainers.ensembles.layers import EPSILON, MOMENTUM, Forward
from trainers.ensembles.network_products import products
from trainers.losses import Logits

Features = Float[Tensor, "example height width network channel"]
"""For images, a group of trials takes the place of a network."""


@dataclass(frozen=True)
class AllNetworks:
    """The layers of every network of a stack, see :class:`trainers.ensembles.layers.Layers`."""

    weights: dict[str, Tensor]
    """Parameters and buffers (trial, member, …) of the stack."""
    training: bool

    @property
    def _networks(self) -> int:
        return self.weights["output.bias"].shape[:2].numel()

    def convolved(self, name: str, features: Features, *, stride: int = 1, padding: int = 0) -> Features:
        """Grouped convolution. A 1×1 convolution between two layers is a batched product."""
        weight, bias = self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias")
        pointwise = weight.shape[-2:].numel() == stride == 1 and bias is None
        if pointwise and features.shape[3] == self._networks:
            pixels = features.flatten(0, 2)
            return products(pixels, weight.flatten(0, 1).flatten(2)).view(*features.shape[:4], -1)
        filters, biases = weight.flatten(0, 2), None if bias is None else bias.flatten()
        return self._unfolded(
            functional.conv2d(_folded(features), filters, biases, stride, padding, groups=features.shape[3])
        )

    def normalised(self, name: str, features: Features) -> Features:
        """Batch normalisation of all networks' channels, each by its own statistics over its network's images."""
        # view(), since a copy of the running statistics would be moved in vain
        mean, variance, scale, shift = (
            self.weights[f"{name}.{kind}"].view(-1) for kind in ("mean", "variance", "scale", "shift")
        )
        return self._unfolded(
            functional.batch_norm(_folded(features), mean, variance, scale, shift, self.training, MOMENTUM, EPSILON)
        )

    def joined(self, features: Features, grown: Features) -> Features:
        """The channels of both, network by network."""
        return torch.cat((features, grown), -1)

    def halved(self, features: Features) -> Features:
        """Average of every 2×2 pixels."""
        return self._unfolded(functional.avg_pool2d(_folded(features), 2))

    def classified(self, features: Features) -> Float[Tensor, "network example class"]:
        """Average over all pixels, then every network's linear layer."""
        weight, bias = self.weights["output.weight"].flatten(0, 1), self.weights["output.bias"].flatten(0, 1)
        return torch.baddbmm(bias.unsqueeze(1), features.mean((1, 2)).transpose(0, 1), weight.mT)

    def _unfolded(self, features: Float[Tensor, "example channels height width"]) -> Features:
        pixels = features.permute(0, 2, 3, 1)
        return pixels.view(*pixels.shape[:3], self._networks, -1)


def _folded(features: Features) -> Float[Tensor, "example channels height width"]:
    """A view as torch's own layers read features: the channels of all networks along one axis."""
    return features.flatten(3).permute(0, 3, 1, 2)


def at_once(
    forward: Forward,
    weights: dict[str, Tensor],
    images: Float[Tensor, "group example channel height width"],
    training: bool,
) -> Logits:
    """Logits of every network of a stack on the images of its group, as :data:`Way` says."""
    logits = forward(AllNetworks(weights, training), images.permute(1, 3, 4, 0, 2).contiguous())
    return logits.view(*weights["output.bias"].shape[:2], *logits.shape[1:])
