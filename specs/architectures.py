"""The member networks: the settings that determine their capacity, and their numbers of parameters.

To add a kind, write its model here, list it in ``MODELS``, and write its networks in the class that the model names.
"""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Union

from pydantic import Field, model_validator

from specs.base import Count, Frozen, PlacedError

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


class Network(Frozen):
    """A kind of member network, and the number of members. Its first fields are ``kind`` and ``members``."""

    networks: ClassVar[str]
    """The class of its networks, as ``module:class``; see :class:`trainers.ensembles.ensemble.Ensemble`."""

    if TYPE_CHECKING:
        kind: str
        members: int

    def member_parameters(self, shape: Shape, classes: int) -> int:
        """Number of trained parameters of one member, for images of that shape."""
        raise NotImplementedError

    def described(self) -> str:
        """The size of one member, in a few words."""
        raise NotImplementedError


class Mlp(Network):
    """An ensemble of multi-layer perceptrons, each with one hidden layer of rectified linear units."""

    networks = "trainers.ensembles.mlp:MlpEnsemble"

    kind: Literal["mlp"]
    members: Count
    """Number of networks whose logits are averaged (M)."""
    hidden: Count
    """Hidden units of one member."""

    def member_parameters(self, shape: Shape, classes: int) -> int:
        """Weights and biases of one member for images of that shape."""
        channels, height, width = shape
        return self.hidden * (channels * height * width + 1) + classes * (self.hidden + 1)

    def described(self) -> str:
        """The size in words, such as ``4 hidden units``."""
        return f"{self.hidden:,} hidden unit{'' if self.hidden == 1 else 's'}"


class ConvNet(Network):
    """An ensemble of plain convolutional networks: rectified 3×3 convolutions with bias and without padding, a global
    average pool and a linear layer."""

    networks = "trainers.ensembles.convnet:ConvNetEnsemble"

    kind: Literal["convnet"]
    members: Count
    filters: Annotated[tuple[Count, ...], Field(min_length=1)] = (32, 64, 64, 128, 128)
    """Output channels of each convolution."""
    strides: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 2, 1, 2, 1)

    @model_validator(mode="after")
    def every_convolution_has_a_stride(self) -> "ConvNet":
        if len(self.filters) != len(self.strides):
            counts = f"{len(self.filters)} filters, but {len(self.strides)} strides"
            raise PlacedError(("strides",), f"{counts}; give one of both for each convolution")
        return self

    def member_parameters(self, shape: Shape, classes: int) -> int:
        """Weights and biases of one member for images of that shape."""
        channels = (shape[0], *self.filters)
        convolutions = sum((9 * before + 1) * after for before, after in zip(channels, self.filters, strict=False))
        return convolutions + classes * (self.filters[-1] + 1)

    def described(self) -> str:
        """The size in words, such as ``filters 32 64, strides 1 2``."""
        return f"filters {' '.join(map(str, self.filters))}, strides {' '.join(map(str, self.strides))}"


class DenseNet(Network):
    """An ensemble of DenseNet-BC networks (Huang et al. 2017): a first convolution to 2k channels, then three dense
    blocks of bottleneck layers, with transitions between them that halve the channels."""

    networks = "trainers.ensembles.densenet:DenseNetEnsemble"

    kind: Literal["densenet"]
    members: Count
    depth: Annotated[Count, Field(le=10_000)]
    """Number of layers d; each of the three blocks has (d − 4) / 6 bottleneck layers."""
    growth: Count
    """Channels that each bottleneck layer adds (k)."""

    @model_validator(mode="after")
    def depth_makes_three_equal_blocks(self) -> "DenseNet":
        if self.depth < 10 or (self.depth - 4) % 6:
            raise PlacedError(("depth",), f"must be 6 n + 4, such as 10, 16, 64, 82 or 100, got {self.depth}")
        return self

    def member_parameters(self, shape: Shape, classes: int) -> int:
        """Weights, biases, and scales and shifts of batch normalisation, of one member for images of that shape."""
        growth, layers = self.growth, (self.depth - 4) // 6
        channels = 2 * growth
        total = 9 * shape[0] * channels
        for block in range(3):
            for _ in range(layers):
                total += 2 * channels + 4 * growth * channels + 2 * 4 * growth + 9 * 4 * growth * growth
                channels += growth
            if block < 2:
                total += 2 * channels + channels * (channels // 2)
                channels //= 2
        return total + 2 * channels + classes * (channels + 1)

    def described(self) -> str:
        """The size in words, such as ``depth 100, k = 12``."""
        return f"depth {self.depth}, k = {self.growth}"


MODELS: tuple[type[Network], ...] = (Mlp, ConvNet, DenseNet)
"""Every kind of member network."""

if TYPE_CHECKING:
    Architecture = Network
else:
    Architecture = Annotated[Union[MODELS], Field(discriminator="kind")]  # noqa: UP007 - of a tuple
    """A member network and the number of members: one of ``MODELS``, chosen by ``kind``."""
