"""Initial weights of all members of an ensemble, from the distributions of torch's own layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def uniform(stream: torch.Generator, fan_in: int, *shape: int) -> Tensor:
    """U(±1/√fan_in), float32 on the CPU, as ``torch.nn.Linear`` and ``torch.nn.Conv2d`` draw weights and biases."""
    return (torch.rand(*shape, generator=stream) * 2 - 1) / math.sqrt(fan_in)
