"""Named random streams: every draw is a function of what it is for, never of what was drawn before it."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

import torch

Purpose = Literal["split", "initial weights", "order", "augmentation", "resample", "robustness", "hessian"]


def generator(seed: int, purpose: Purpose, *counters: int | str) -> torch.Generator:
    """A fresh stream for one purpose of one seed; ``counters`` number the streams of that purpose.

    The stream is seeded from the SHA-256 of the arguments, so that epoch e is replayed without epochs 1 to e−1,
    and it lives on the CPU, so that every device trains on the same draws. λ and method are never among the
    arguments: trials of one seed differ in nothing but what is compared.
    """
    name = json.dumps([seed, purpose, *counters]).encode()
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(name).digest()[:8], "big"))
