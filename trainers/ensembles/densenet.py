"""DenseNet-BC (Huang et al. 2017): dense blocks of bottleneck layers, and transitions that halve channels and sides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch
from jaxtyping import Float
from torch import Tensor

from trainers.ensembles.convolutional import networks_at_a_time, way_on
from trainers.ensembles.ensemble import Gradients
from trainers.ensembles.gradients import gradients
from trainers.ensembles.initial import uniform
from trainers.ensembles.layers import Layers
from trainers.losses import Logits
from trainers.seeding import generator

if TYPE_CHECKING:
    from specs.architectures import DenseNet

BLOCKS = (1, 2, 3)


@dataclass(frozen=True)
class DenseNetEnsemble:
    """Shapes of an ensemble of DenseNet-BCs: M members, three blocks of (depth − 4) / 6 bottleneck layers.

    A unit normalises, rectifies and convolves its input. Its weights are ``.scale``, ``.shift`` and ``.weight``; its
    running statistics are ``.mean`` and ``.variance``. A bottleneck layer consists of two units: ``squeeze`` convolves
    1×1 to 4k channels, ``grow`` convolves 3×3 to k channels, where k is ``growth``. No convolution has a bias.
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
        """Autograd, in one graph of all members."""
        return gradients

    @property
    def _layers(self) -> range:
        """Numbers of the bottleneck layers of a block."""
        return range(1, (self.depth - 4) // 6 + 1)

    def _units(self) -> Iterator[tuple[str, int, int, int]]:
        """Name, input channels, output channels and kernel side of every unit, in order.

        The last is the normalisation and linear layer at the output, whose kernel side is 0.
        """
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

    def numbers_per_example(self, device: torch.device) -> int:
        """Numbers of the first block's joined and normalised channels and of a bottleneck, for as many members as run
        at a time, and all logits."""
        _, height, width = self.image_shape
        channels = (2 + len(self._layers)) * self.growth
        largest = height * width * (2 * channels + 8 * self.growth)
        return networks_at_a_time(device, self.members) * largest + self.members * self.classes

    @property
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example: each unit's input, before and after normalisation, and
        the input of each transition's pool."""
        area, total = math.prod(self.image_shape[1:]), 0
        for name, before, after, _ in self._units():
            total += 2 * before * area
            if name.startswith("transition"):
                total += after * area
                area //= 4
        return total

    @property
    def buffers(self) -> frozenset[str]:
        """Names of the running means and variances of every unit."""
        return frozenset(f"{name}.{kind}" for name, *_ in self._units() for kind in ("mean", "variance"))

    @property
    def first_layer(self) -> str:
        """The first convolution's weights, (trial, member, filter, channel, 3, 3)."""
        return "first.weight"

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Initial weights, each (member, …), float32, by the names of the weights.

        Convolutions are normal with standard deviation √(2 / (side²·output channels)), scales 1 and shifts 0. Running
        means are 0 and running variances 1. The linear layer's weights are U(±1/√fan_in), its biases 0.
        """
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
        """Logits of every member, see :class:`trainers.ensembles.ensemble.Ensemble`.

        With ``training``, features are normalised by the batch's statistics, and the running statistics move towards
        them, in place.
        """
        return way_on(weights["output.weight"].device)(self.forward, weights, images, training)

    def forward(self, layers: Layers, images: Tensor) -> Tensor:
        """Logits of the networks whose layers these are."""
        features = layers.convolved("first", images, padding=1)
        for block in BLOCKS:
            for layer in self._layers:
                squeezed = _unit(layers, f"block{block}.layer{layer}.squeeze", features)
                features = layers.joined(
                    features, _unit(layers, f"block{block}.layer{layer}.grow", squeezed, padding=1)
                )
            if block < BLOCKS[-1]:
                features = layers.halved(_unit(layers, f"transition{block}", features))
        return layers.classified(layers.normalised("output", features).relu_())


def _unit(layers: Layers, name: str, features: Tensor, padding: int = 0) -> Tensor:
    return layers.convolved(name, layers.normalised(name, features).relu_(), padding=padding)
