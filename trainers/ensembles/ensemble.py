"""What every kind of member network provides, batched over explicit axes (trial, member)."""

from __future__ import annotations

from typing import Any, Protocol, Self

from torch import Tensor

from trainers.ensembles.gradients import Images, OnLogits

Weights = dict[str, Tensor]
"""Parameters by name, each (trial, member, …)."""


class Gradients(Protocol):
    """How the gradients of a stack's weights come from a known gradient on its logits."""

    def __call__(self, ensemble: Any, weights: Weights, images: Images, on_logits: OnLogits) -> list[Tensor]:
        """Gradient of each trained weight, in order; running statistics are updated."""


class Ensemble(Protocol):
    """One kind of member network; holds shapes and no weights."""

    @classmethod
    def of(cls, architecture: Any, image_shape: tuple[int, int, int], classes: int) -> Self:
        """The ensemble of an architecture of its kind, for images (channel, height, width)."""

    @property
    def members(self) -> int:
        """Ensemble size M."""

    @property
    def numbers_per_example(self) -> int:
        """Numbers that a forward pass of one trial holds for an example: what bounds a chunk of examples."""

    @property
    def buffers(self) -> frozenset[str]:
        """Names of the weights that no gradient trains: running statistics of batch normalisation."""

    @property
    def first_layer(self) -> str:
        """Name of the first layer's weights, (trial, member, output, …)."""

    @property
    def gradients(self) -> Gradients:
        """The fastest way to its gradients that fits into memory."""

    @property
    def gradients_by_autograd(self) -> Gradients:
        """A way that leaves it to autograd which operations there are: for precisions that torch's autocast rounds."""

    def initial_weights(self, seed: int) -> Weights:
        """One trial's float32 weights on the CPU, each (member, …), with the buffers: a function of seed and
        architecture alone."""

    def logits(self, weights: Weights, images: Tensor, *, training: bool = False) -> Tensor:
        """Logits (trial, member, example, class) of images (group, example, channel, height, width).

        ``training`` normalises by the batch's statistics and updates the running ones in place.

        Trials stand in groups of equal size that share their images, in order: one group where all trials share
        them, as many groups as trials where none do.
        """
