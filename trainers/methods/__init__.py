"""Training methods: one file per method, with what it adds to the training that all methods share."""

from __future__ import annotations

from importlib import import_module

from specs.methods import METHODS
from trainers.methods.method import Method

__all__ = ["Method", "hooks_of"]


def hooks_of(name: str) -> type[Method]:
    """The class with the hooks of a method, from ``specs.methods.METHODS``."""
    module, _, kind = METHODS[name].hooks.partition(":")
    found: type[Method] = getattr(import_module(module), kind)
    return found
