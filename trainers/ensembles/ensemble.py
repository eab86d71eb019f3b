"""The interface of every kind of member network, batched over explicit axes (trial, member)."""

from __future__ import annotations

from typing import Any, Protocol, Self

import torch
from torch import Tensor

from trainers.ensembles.gradients import Images, OnLogits

Weights = dict[str, Tensor]
"""Parameters by name, each (trial, member, …)."""


class Gradients(Protocol):
    """A function from the known gradient on a stack's logits to the gradients of its weights."""

    def __call__(self, ensemble: Any, weights: Weights, images: Images, on_logits: OnLogits) -> list[Tensor]:
        """Gradient of each trained weight, in the order of ``weights``. Running statistics are updated in place."""


class Ensemble(Protocol):
    """An ensemble of one kind of member network. It holds shapes, but no weights."""

    @classmethod
    def of(cls, architecture: Any, image_shape: tuple[int, int, int], classes: int) -> Self:
        """The ensemble of an architecture of this kind, for images of shape (channel, height, width)."""

    @property
    def members(self) -> int:
        """Ensemble size M."""

    def numbers_per_example(self, device: torch.device) -> int:
        """Numbers that a forward pass of one trial holds in memory for an example. They bound a chunk of examples."""

    @property
    def numbers_in_graph(self) -> int:
        """Numbers that one member's graph keeps of an example; 0 if no stack's graph can be too large."""

    @property
    def buffers(self) -> frozenset[str]:
        """Names of the weights that no gradient trains: running statistics of batch normalisation."""

    @property
    def first_layer(self) -> str:
        """Name of the first layer's weights, (trial, member, output, …)."""

    @property
    def gradients(self) -> Gradients:
        """The fastest function for its gradients, for all networks of a stack in one graph."""

    def initial_weights(self, seed: int) -> Weights:
        """One trial's float32 weights and buffers on the CPU, each (member, …). They depend only on seed and
        architecture."""

    def logits(self, weights: Weights, images: Tensor, *, training: bool = False) -> Tensor:
        """Logits (trial, member, example, class) of images (group, example, channel, height, width).

        ``training`` normalises by the batch's statistics and updates the running ones in place.

        Trials stand, in order, in groups of equal size that share their images: one group if all trials share them,
        as many groups as trials if none do.
        """
