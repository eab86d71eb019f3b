"""How members are trained: one file a method, with what it does besides the training that all have."""

from __future__ import annotations

from importlib import import_module

from specs.methods import METHODS
from trainers.methods.method import Method

__all__ = ["Method", "hooks_of"]


def hooks_of(name: str) -> type[Method]:
    """The hooks of a method."""
    module, _, kind = METHODS[name].hooks.partition(":")
    found: type[Method] = getattr(import_module(module), kind)
    return found
