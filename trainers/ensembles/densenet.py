"""DenseNet-BC (Huang et al. 2017): dense blocks of bottleneck layers, transitions that halve channels and sides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from trainers.ensembles.ensemble import Gradients
from trainers.ensembles.gradients import gradients_in_memory, gradients_member_by_member
from trainers.ensembles.initial import uniform
from trainers.ensembles.network_loop import Network, each_network
from trainers.losses import Logits
from trainers.seeding import generator

if TYPE_CHECKING:
    from specs.architectures import DenseNet

BLOCKS = (1, 2, 3)
Features = Float[Tensor, "example channel height width"]


@dataclass(frozen=True)
class DenseNetEnsemble:
    """Shapes of an ensemble of DenseNet-BCs: M members, three blocks of (depth − 4) / 6 bottleneck layers.

    A unit normalises, rectifies and convolves its input; its weights are ``.scale``, ``.shift`` and ``.weight``,
    its running statistics ``.mean`` and ``.variance``. A bottleneck layer is the units ``squeeze``, 1×1 to 4k
    channels, and ``grow``, 3×3 to k; no convolution has a bias.
    """

    members: int
    image_shape: tuple[int, int, int]
    """Channels, height and width."""
    depth: int
    growth: int
    classes: int

    @classmethod
    def of(cls, architecture: DenseNet, image_shape: tuple[int, int, int], classes: int) -> Self:
        """See :class:`trainers.ensembles.ensemble.Ensemble`."""
        return cls(architecture.members, image_shape, architecture.depth, architecture.growth, classes)

    @property
    def gradients(self) -> Gradients:
        """One graph of all members where there is memory for it, else member by member."""
        return gradients_in_memory

    @property
    def gradients_by_autograd(self) -> Gradients:
        """Member by member."""
        return gradients_member_by_member

    @property
    def _layers(self) -> range:
        """Numbers of the bottleneck layers of a block."""
        return range(1, (self.depth - 4) // 6 + 1)

    def _units(self) -> Iterator[tuple[str, int, int, int]]:
        """Name, input channels, output channels and side of the kernel of every unit, in order."""
        channels = 2 * self.growth
        for block in BLOCKS:
            for layer in self._layers:
                yield f"block{block}.layer{layer}.squeeze", channels, 4 * self.growth, 1
                yield f"block{block}.layer{layer}.grow", 4 * self.growth, self.growth, 3
                channels += self.growth
            if block < BLOCKS[-1]:
                yield f"transition{block}", channels, channels // 2, 1
                channels //= 2
        yield "output", channels, self.classes, 0

    @property
    def numbers_per_example(self) -> int:
        """The first block's channels, joined and normalised, and a bottleneck, of one member since members run in
        turn; and all logits."""
        _, height, width = self.image_shape
        channels = (2 + len(self._layers)) * self.growth
        return height * width * (2 * channels + 8 * self.growth) + self.members * self.classes

    @property
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example: each unit's input, as it came and normalised, and what
        the transitions pool."""
        area, total = math.prod(self.image_shape[1:]), 0
        for name, before, after, _ in self._units():
            total += 2 * before * area
            if name.startswith("transition"):
                total += after * area
                area //= 4
        return total

    @property
    def buffers(self) -> frozenset[str]:
        """Running means and variances of every unit."""
        return frozenset(f"{name}.{kind}" for name, *_ in self._units() for kind in ("mean", "variance"))

    @property
    def first_layer(self) -> str:
        """The first convolution's weights, (trial, member, filter, channel, 3, 3)."""
        return "first.weight"

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Convolutions N(0, √(2 / (k²·output channels))), scales 1 and shifts 0, the linear layer's weights
        U(±1/√fan_in) and biases 0; each (member, …), float32."""
        shape = (self.image_shape[0], self.depth, self.growth, self.classes)
        stream = generator(seed, "initial weights", "densenet", self.members, *shape)

        def normal(before: int, after: int, side: int) -> Tensor:
            drawn = torch.randn(self.members, after, before, side, side, generator=stream)
            return drawn * math.sqrt(2 / (side**2 * after))

        weights = {"first.weight": normal(self.image_shape[0], 2 * self.growth, 3)}
        for name, before, after, side in self._units():
            weights[f"{name}.scale"] = torch.ones(self.members, before)
            weights[f"{name}.shift"] = torch.zeros(self.members, before)
            weights[f"{name}.mean"] = torch.zeros(self.members, before)
            weights[f"{name}.variance"] = torch.ones(self.members, before)
            if side:
                weights[f"{name}.weight"] = normal(before, after, side)
            else:
                weights[f"{name}.weight"] = uniform(stream, before, self.members, after, before)
        return weights | {"output.bias": torch.zeros(self.members, self.classes)}

    def logits(
        self,
        weights: dict[str, Tensor],
        images: Float[Tensor, "group example channel height width"],
        *,
        training: bool = False,
    ) -> Logits:
        """Logits of every member; trials stand in groups of equal size that share their images.

        ``training`` normalises by the batch's statistics and moves the running ones towards them, in place.
        """
        return each_network(partial(self._forward, training), weights, images)

    def _forward(self, training: bool, network: Network, images: Features) -> Float[Tensor, "example class"]:
        features = functional.conv2d(images, network["first.weight"], padding=1)
        for block in BLOCKS:
            for layer in self._layers:
                squeezed = _unit(network, f"block{block}.layer{layer}.squeeze", features, training)
                grown = _unit(network, f"block{block}.layer{layer}.grow", squeezed, training)
                features = torch.cat((features, grown), 1)
            if block < BLOCKS[-1]:
                features = functional.avg_pool2d(_unit(network, f"transition{block}", features, training), 2)
        pooled = _normalised(network, "output", features, training).mean((2, 3))
        return functional.linear(pooled, network["output.weight"], network["output.bias"])


def _unit(
    network: Network, name: str, features: Features, training: bool
) -> Float[Tensor, "example filter height width"]:
    weight = network[f"{name}.weight"]
    return functional.conv2d(_normalised(network, name, features, training), weight, padding=weight.shape[-1] // 2)


def _normalised(network: Network, name: str, features: Features, training: bool) -> Features:
    """Batch normalisation as ``torch.nn.BatchNorm2d`` does it, ε 1e-5 and momentum 0.1, rectified."""
    mean, variance, scale, shift = (network[f"{name}.{kind}"] for kind in ("mean", "variance", "scale", "shift"))
    return functional.batch_norm(features, mean, variance, scale, shift, training, momentum=0.1, eps=1e-5).relu_()
