"""Named random streams: a draw depends on its seed and purpose, never on what was drawn before."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

import torch

Purpose = Literal["split", "initial weights", "order", "augmentation", "resample", "robustness", "hessian"]


def generator(seed: int, purpose: Purpose, *counters: int | str) -> torch.Generator:
    """A fresh stream for one purpose of one seed; ``counters`` number the streams of that purpose.

    The stream is seeded from the SHA-256 of the arguments, so epoch e can be replayed without epochs 1 to e−1. It is a
    CPU generator, so every device trains on the same draws. λ and method are never among the arguments, so trials of
    one seed differ only in what is compared.
    """
    name = json.dumps([seed, purpose, *counters]).encode()
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(name).digest()[:8], "big"))
