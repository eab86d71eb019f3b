"""Member networks batched over explicit axes (trial, member): one program trains a whole stack."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from trainers.ensembles.bfloat16 import InBfloat16
from trainers.ensembles.ensemble import Ensemble, Gradients, Weights

if TYPE_CHECKING:
    from specs.architectures import Architecture

__all__ = ["Ensemble", "Gradients", "Weights", "build", "gradients_for"]


def build(architecture: Architecture, image_shape: tuple[int, ...], classes: int) -> Ensemble:
    """The ensemble of an architecture: its kind says where its networks are.

    Raises:
        ValueError: it does not, so that it is no kind that there is.
    """
    if not (networks := getattr(architecture, "networks", "")):
        raise ValueError(f"unknown kind of member network: {architecture.kind}")
    module, _, name = networks.partition(":")
    channels, height, width = image_shape
    ensemble: Ensemble = getattr(import_module(module), name).of(architecture, (channels, height, width), classes)
    return ensemble


def gradients_for(ensemble: Ensemble, precision: str = "float32") -> Gradients:
    """The way to the gradients of an ensemble in a precision."""
    if precision == "bf16":
        plain = ensemble.gradients_by_autograd
        return lambda ensemble, *arguments: plain(InBfloat16(ensemble), *arguments)
    return ensemble.gradients
