"""Images on the device as bytes, normalised when a batch takes them, and rows of images in an order drawn by seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from specs.datasets import Standard
from trainers.seeding import generator

Augment = Callable[[Tensor], Tensor]
"""A function from pixels (group, example, channel, height, width) to pixels of that shape."""


class Normalise:
    """Maps uint8 pixels (…, channel, height, width) to (pixel / scale − mean) / sd, by one data set's standard."""

    def __init__(self, standard: Standard, device: torch.device, dtype: torch.dtype) -> None:
        self._scale, self._dtype = standard.scale, dtype
        self._mean, self._sd = (
            torch.tensor(values, dtype=dtype, device=device).view(-1, 1, 1) for values in (standard.mean, standard.sd)
        )

    def __call__(self, pixels: Tensor) -> Tensor:
        return pixels.to(self._dtype).div_(self._scale).sub_(self._mean).div_(self._sd)


class Pool:
    """Pixels and labels of a data set on the device; images are normalised when they are taken.

    Pixels stay bytes, which take a quarter of the memory of float32. On a CPU they are the decoded file itself, which
    all workers of a machine map into the same memory.
    """

    def __init__(self, pixels: Tensor, labels: Tensor, normalise: Callable[[Tensor], Tensor]) -> None:
        """``pixels`` are uint8 (example, channel, height, width), ``labels`` int64 (example,)."""
        self.pixels, self.labels, self._normalise = pixels, labels, normalise

    def take(self, rows: Tensor, augment: Augment | None = None) -> tuple[Tensor, Tensor]:
        """Images (group, example, channel, height, width) and labels (group, example) of ``rows`` (group, example).

        ``augment`` changes the pixels before they are normalised.
        """
        flat = rows.reshape(-1)
        pixels = self.pixels.index_select(0, flat).view(*rows.shape, *self.pixels.shape[1:])
        images = self._normalise(augment(pixels) if augment else pixels)
        return images, self.labels.index_select(0, flat).view(rows.shape)


@dataclass(frozen=True)
class Part:
    """Rows (group, example) of a shared pool. Groups are those of the stack's trials; one group may serve them all."""

    pool: Pool
    rows: Tensor

    def take(self, start: int, stop: int, augment: Augment | None = None) -> tuple[Tensor, Tensor]:
        """Images (group, example, channel, height, width) and labels (group, example) of the examples from ``start`` to
        before ``stop``."""
        return self.pool.take(self.rows[:, start:stop], augment)

    def of_trial(self, trial: int, trials: int) -> Part:
        """The rows of one trial's group, where ``trials`` is the number of trials, in groups of equal size."""
        group = trial * len(self.rows) // trials
        return Part(self.pool, self.rows[group : group + 1])

    def shuffled(self, seeds: tuple[int, ...], epoch: int) -> Part:
        """The part in the order of one epoch; ``seeds`` has one seed per group."""
        size = self.rows.shape[1]
        orders = [torch.randperm(size, generator=generator(seed, "order", epoch)) for seed in seeds]
        return Part(self.pool, self.rows.gather(1, torch.stack(orders).to(self.rows.device)))


def for_trials(of_groups: Tensor, trials: int) -> Tensor:
    """Repeat a tensor (group, …) to (trial, …). The values of a single group are not copied."""
    if len(of_groups) == 1:
        return of_groups.expand(trials, *of_groups.shape[1:])
    return of_groups.repeat_interleave(trials // len(of_groups), 0)
