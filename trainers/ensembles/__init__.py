"""Member networks batched over explicit axes (trial, member): one program trains a whole stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

from trainers.ensembles.convnet import ConvNetEnsemble
from trainers.ensembles.densenet import DenseNetEnsemble
from trainers.ensembles.gradients import (
    Images,
    OnLogits,
    gradients,
    gradients_in_memory,
    gradients_member_by_member,
)
from trainers.ensembles.mlp import MlpEnsemble
from trainers.ensembles.mlp_gradients import gradients_in_closed_form
from trainers.ensembles.rounding import InBfloat16

if TYPE_CHECKING:
    from specs.architectures import Architecture

Weights = dict[str, Tensor]
"""Parameters by name, each (trial, member, …)."""


class Ensemble(Protocol):
    """One kind of member network; holds shapes and no weights."""

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

    def initial_weights(self, seed: int) -> Weights:
        """One trial's float32 weights on the CPU, each (member, …), with the buffers: a function of seed and
        architecture alone."""

    def logits(self, weights: Weights, images: Tensor, *, training: bool = False) -> Tensor:
        """Logits (trial, member, example, class) of images (group, example, channel, height, width).

        ``training`` normalises by the batch's statistics and updates the running ones in place.

        Trials stand in groups of equal size that share their images, in order: one group where all trials share
        them, as many groups as trials where none do.
        """


def build(architecture: Architecture, image_shape: tuple[int, ...], classes: int) -> Ensemble:
    """The ensemble of an architecture, by its kind.

    Raises:
        ValueError: no such kind of member network.
    """
    channels, height, width = image_shape
    shape = (channels, height, width)
    match architecture.kind:
        case "mlp":
            return MlpEnsemble(architecture.members, channels * height * width, architecture.hidden, classes)
        case "convnet":
            return ConvNetEnsemble(architecture.members, shape, architecture.filters, architecture.strides, classes)
        case "densenet":
            return DenseNetEnsemble(architecture.members, shape, architecture.depth, architecture.growth, classes)
    raise ValueError(f"unknown kind of member network: {architecture.kind}")


class Gradients(Protocol):
    """How the gradients of a stack's weights come from a known gradient on its logits."""

    def __call__(self, ensemble: Any, weights: Weights, images: Images, on_logits: OnLogits) -> list[Tensor]:
        """Gradient of each trained weight, in order; running statistics are updated."""


def gradients_for(kind: str, precision: str = "float32") -> Gradients:
    """The fastest way for a kind of member network that fits into memory: closed form for MLPs.

    DenseNets take their backward pass member by member where the activations of all would take too much of the memory
    (:func:`trainers.devices.memory_for_a_graph`): those of the paper's take over 10 GB. In bfloat16 they always do, and
    MLPs take autograd's way: which operations are rounded is torch's to say.
    """
    if precision == "bf16":
        plain = gradients_member_by_member if kind == "densenet" else gradients
        return lambda ensemble, *arguments: plain(InBfloat16(ensemble), *arguments)
    match kind:
        case "mlp":
            return gradients_in_closed_form
        case "densenet":
            return gradients_in_memory
    return gradients
