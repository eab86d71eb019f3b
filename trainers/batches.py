"""The batches of an epoch, and what their steps learn from."""

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
"""Numbers of the images that are taken at once."""


@dataclass(frozen=True)
class Batch:
    """What one step learns from. Groups are those of the stack's trials."""

    images: Float[Tensor, "group example channel height width"]
    targets: Targets
    rows: Int[Tensor, "group example"]
    """Of the images, in the pool."""


def batches(
    part: Part, size: int, trials: int, classes: int, dtype: torch.dtype, augment: Callable[..., Tensor] | None = None
) -> Iterator[Batch]:
    """The batches of a part in its order, the last of what is left.

    Several are taken at once: between the products of a step, which fill the caches, every small operation costs some
    10 µs.
    """
    examples = part.rows.shape[1]
    taken = size * max(1, PIXELS_AT_ONCE // (size * part.pool.pixels[0].numel()))
    for start in range(0, examples, taken):
        images, labels = part.take(start, start + taken, partial(augment, start=start) if augment else None)
        targets = one_hot(for_trials(labels, trials), classes, dtype)
        rows = part.rows[:, start : start + taken]
        pieces = torch.split(images, size, 1), torch.split(targets, size, 2), torch.split(rows, size, 1)
        yield from map(Batch, *pieces)
