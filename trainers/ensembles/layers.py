"""Layers of convolutional networks. A kind of network is written once, and runs as one network or as many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from trainers.losses import Logits

MOMENTUM, EPSILON = 0.1, 1e-5
"""Of batch normalisation: how far running statistics move towards a batch's, and what is added to a variance."""


class Layers(Protocol):
    """Layers of one network, or of every network of a stack at once, which find their weights by name.

    Features are the activations between two layers. Their layout belongs to the layers alone.
    """

    def convolved(self, name: str, features: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
        """Convolution with ``<name>.weight``, and with ``<name>.bias`` where there is one."""

    def normalised(self, name: str, features: Tensor) -> Tensor:
        """Batch normalisation like ``torch.nn.BatchNorm2d``, with ``<name>.scale`` and ``<name>.shift``.

        In training, it uses the batch's statistics and moves the running ones, ``<name>.mean`` and ``<name>.variance``,
        in place. Otherwise it uses the running ones.
        """

    def joined(self, features: Tensor, grown: Tensor) -> Tensor:
        """The channels of both."""

    def halved(self, features: Tensor) -> Tensor:
        """Average of every 2×2 pixels."""

    def classified(self, features: Tensor) -> Tensor:
        """Average over all pixels, then the linear layer ``output``."""


Forward = Callable[[Layers, Tensor], Tensor]
"""A kind of network: from its layers and images to logits."""
Way = Callable[[Forward, dict[str, Tensor], Tensor, bool], Logits]
"""A way to run a stack: from a kind of network, weights (trial, member, …), images (group, example, channel, height,
width) and whether this is training to the logits of every member. Each group's images serve the same number of
networks, in order."""
