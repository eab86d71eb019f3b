"""Member networks batched over explicit axes (trial, member): one program trains a whole stack."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from trainers.ensembles.bfloat16 import InBfloat16
from trainers.ensembles.ensemble import Ensemble, Gradients, Weights
from trainers.ensembles.gradients import gradients, gradients_in_parts

if TYPE_CHECKING:
    from specs.architectures import Architecture

__all__ = ["Ensemble", "Gradients", "Weights", "build", "gradients_for"]


def build(architecture: Architecture, image_shape: tuple[int, ...], classes: int) -> Ensemble:
    """The ensemble of an architecture, from the class that the architecture's kind names in ``networks``.

    Raises:
        ValueError: the kind names no class, so it is unknown.
    """
    if not (networks := getattr(architecture, "networks", "")):
        raise ValueError(f"unknown kind of member network: {architecture.kind}")
    module, _, name = networks.partition(":")
    channels, height, width = image_shape
    ensemble: Ensemble = getattr(import_module(module), name).of(architecture, (channels, height, width), classes)
    return ensemble


def gradients_for(ensemble: Ensemble, precision: str = "float32", part: int | None = None) -> Gradients:
    """The function that computes an ensemble's gradients in a precision of ``trainers.devices.PRECISIONS``.

    With ``part``, a graph holds at most so many members of one trial, which takes less memory
    (:func:`trainers.ensembles.gradients.networks_in_a_graph`).
    """
    parts = partial(gradients_in_parts, part) if part else None
    if precision == "bf16":
        plain = parts or gradients
        return lambda ensemble, *arguments: plain(InBfloat16(ensemble), *arguments)
    return parts or ensemble.gradients
