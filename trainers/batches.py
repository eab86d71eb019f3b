"""The batches of an epoch: images with their targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from trainers.losses import Targets, one_hot
from trainers.pool import Part, for_trials

PIXELS_AT_ONCE = 2**20
"""Pixel values of a group that are taken from the pool at once; never less than one batch."""


@dataclass(frozen=True)
class Batch:
    """The images and targets of one training step. Groups are those of the stack's trials."""

    images: Float[Tensor, "group example channel height width"]
    targets: Targets
    rows: Int[Tensor, "group example"]
    """Rows of the images in the pool."""


def batches(
    part: Part, size: int, trials: int, classes: int, dtype: torch.dtype, augment: Callable[..., Tensor] | None = None
) -> Iterator[Batch]:
    """The batches of a part, in its order. The last batch holds the examples that are left.

    Several batches are taken from the pool at once. Between a step's matrix products, which fill the caches, every
    small operation costs about 10 µs.
    """
    examples = part.rows.shape[1]
    taken = size * max(1, PIXELS_AT_ONCE // (size * part.pool.pixels[0].numel()))
    for start in range(0, examples, taken):
        images, labels = part.take(start, start + taken, partial(augment, start=start) if augment else None)
        targets = one_hot(for_trials(labels, trials), classes, dtype)
        rows = part.rows[:, start : start + taken]
        pieces = torch.split(images, size, 1), torch.split(targets, size, 2), torch.split(rows, size, 1)
        yield from map(Batch, *pieces)
