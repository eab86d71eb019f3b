"""Bagging: each member learns independently on its own bootstrap resample of the training images.

A resample is stored as counts, not as copies of images. All members take the same batches, and the loss of member j on
example i is weighted by the number of times w_ji that its resample contains the example:

    loss of a batch = (1/M) Σ_j (1/B) Σ_i w_ji·D(p_i‖q_ji).

Over an epoch this adds up, for each member, to the sum over the n images that it drew with replacement, so the
expected gradient is that of training on the resample itself. Single batches differ: an example drawn twice counts
double in one batch, where copies could fall into two batches, and a batch holds about B of the member's draws instead
of exactly B. The weights act on the gradient alone. Batch normalisation therefore sees every image of a batch,
including those that the member did not draw.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from trainers.batches import Batch
from trainers.ensembles import Ensemble
from trainers.losses import Counts
from trainers.methods.method import Method
from trainers.pool import for_trials
from trainers.seeding import generator
from trainers.splits import Data
from trainers.stacks import Stack


def resample(seed: int, member: int, examples: int) -> Int[Tensor, " example"]:
    """Number of times that a member draws each training image: ``examples`` draws with replacement.

    The images are in the seed's order of the training images.
    """
    drawn = torch.randint(examples, (examples,), generator=generator(seed, "resample", member))
    return torch.bincount(drawn, minlength=examples)


Draw = Callable[[int, int, int], Int[Tensor, " example"]]
"""A function from seed, member and number of training images to the number of times that the member draws each."""


class Resamples:
    """The resamples of all members, one set for each group of trials that share their batches."""

    def __init__(
        self,
        rows: Int[Tensor, "group example"],
        pool: int,
        seeds: tuple[int, ...],
        members: int,
        dtype: torch.dtype,
        draw: Draw = resample,
    ) -> None:
        """Draw the resamples of all groups and members.

        Args:
            rows: each group's training images, as rows of the pool.
            pool: number of images in the pool.
            seeds: one seed per group.
            members: number of members.
            dtype: type of the model's weights, and so of the counts that :meth:`weights` returns.
            draw: draws one member's counts.
        """
        self._dtype, self._pool = dtype, pool
        counts = torch.zeros(len(rows), pool, members, dtype=torch.uint8, device=rows.device)
        for mine, own, seed in zip(counts, rows, seeds, strict=True):
            drawn = [draw(seed, member, len(own)).to(torch.uint8) for member in range(members)]
            mine.index_copy_(0, own, torch.stack(drawn, 1).to(rows.device))
        self._counts = counts.view(-1, members)  # members innermost, so that a batch reads whole rows

    def weights(self, rows: Int[Tensor, "group example"]) -> Float[Tensor, "group member example"]:
        """The counts of some images, by their rows in the pool."""
        first = torch.arange(len(rows), device=rows.device).unsqueeze(1) * self._pool
        counts = self._counts.index_select(0, (rows + first).reshape(-1))
        return counts.view(*rows.shape, -1).mT.to(self._dtype, memory_format=torch.contiguous_format)


class Bagging(Method):
    """Members learn independently, each on its own resample."""

    def __init__(self, stack: Stack, data: Data, ensemble: Ensemble, dtype: torch.dtype) -> None:
        """See :class:`trainers.methods.method.Method`."""
        train, seeds = data.train, stack.group_seeds
        self._trials = len(stack.trials)
        self._resamples = Resamples(train.rows, len(train.pool.labels), seeds, ensemble.members, dtype, self.draw)

    def draw(self, seed: int, member: int, examples: int) -> Int[Tensor, " example"]:
        """Number of times that a member draws each training image."""
        return resample(seed, member, examples)

    def example_weights(self, batch: Batch) -> Counts:
        """Number of times that each member drew each example."""
        return for_trials(self._resamples.weights(batch.rows), self._trials)
