"""Plain convolutional networks: rectified 3×3 convolutions with bias, a global average pool, a linear layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
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
    from specs.architectures import ConvNet


@dataclass(frozen=True)
class ConvNetEnsemble:
    """Shapes of an ensemble of ConvNets: M members, one convolution without padding for each of ``filters``."""

    members: int
    image_shape: tuple[int, int, int]
    """Channels, height and width."""
    filters: tuple[int, ...]
    strides: tuple[int, ...]
    classes: int

    def __post_init__(self) -> None:
        if min(side for _, *sides in self._feature_shapes for side in sides) < 1:
            raise ValueError(f"{len(self.filters)} convolutions leave nothing of images {self.image_shape}")

    @classmethod
    def of(cls, architecture: ConvNet, image_shape: tuple[int, int, int], classes: int) -> Self:
        """See :class:`trainers.ensembles.ensemble.Ensemble`."""
        return cls(architecture.members, image_shape, architecture.filters, architecture.strides, classes)

    @property
    def gradients(self) -> Gradients:
        """Autograd, in one graph of all members."""
        return gradients

    @property
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example: each convolution's rectified output."""
        return sum(math.prod(shape) for shape in self._feature_shapes[1:])

    @property
    def _feature_shapes(self) -> list[tuple[int, int, int]]:
        """The shape (channel, height, width) of the images and of each convolution's output."""
        shapes = [self.image_shape]
        for filters, stride in zip(self.filters, self.strides, strict=True):
            _, height, width = shapes[-1]
            shapes.append((filters, (height - 3) // stride + 1, (width - 3) // stride + 1))
        return shapes

    def numbers_per_example(self, device: torch.device) -> int:
        """Numbers of the largest layer's input and output, for as many members as run at a time, and all logits."""
        sizes = [math.prod(shape) for shape in self._feature_shapes]
        largest = max(before + after for before, after in pairwise(sizes))
        return networks_at_a_time(device, self.members) * largest + self.members * self.classes

    @property
    def buffers(self) -> frozenset[str]:
        """Empty, since nothing is normalised."""
        return frozenset()

    @property
    def first_layer(self) -> str:
        """The first convolution's weights, (trial, member, filter, channel, 3, 3)."""
        return "convolution1.weight"

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """U(±1/√fan_in) for weights and biases, as torch's own layers draw them; each (member, …), float32."""
        channels = (self.image_shape[0], *self.filters)
        stream = generator(seed, "initial weights", "convnet", self.members, *channels, self.classes)

        weights = {}
        for layer, (before, after) in enumerate(pairwise(channels), start=1):
            weights[f"convolution{layer}.weight"] = uniform(stream, 9 * before, self.members, after, before, 3, 3)
            weights[f"convolution{layer}.bias"] = uniform(stream, 9 * before, self.members, after)
        weights["output.weight"] = uniform(stream, channels[-1], self.members, self.classes, channels[-1])
        weights["output.bias"] = uniform(stream, channels[-1], self.members, self.classes)
        return weights

    def logits(
        self,
        weights: dict[str, Tensor],
        images: Float[Tensor, "group example channel height width"],
        *,
        training: bool = False,
    ) -> Logits:
        """Logits of every member, see :class:`trainers.ensembles.ensemble.Ensemble`."""
        return way_on(weights["output.weight"].device)(self.forward, weights, images, training)

    def forward(self, layers: Layers, images: Tensor) -> Tensor:
        """Logits of the networks whose layers these are."""
        features = images
        for layer, stride in enumerate(self.strides, start=1):
            features = layers.convolved(f"convolution{layer}", features, stride=stride).relu_()
        return layers.classified(features)
