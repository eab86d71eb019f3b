"""What a stack trains and measures on: normalised images resident on the device, and rows of them drawn by seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainers.data import Arrays
from trainers.seeding import generator

if TYPE_CHECKING:
    from specs.trial import TrialSpec


@dataclass(frozen=True)
class Standard:
    """How a data set's pixels become inputs: (pixel / scale − mean) / sd, by channel."""

    scale: float
    mean: tuple[float, ...]
    sd: tuple[float, ...]


_CIFAR = (255.0, (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))
STANDARDS = {
    "digits": Standard(16.0, (0.3054,), (0.3755,)),  # of its 1,437 training images
    "fashion_mnist": Standard(255.0, (0.2860,), (0.3530,)),
    "cifar10": Standard(*_CIFAR),
    "cifar100": Standard(*_CIFAR),
}


@dataclass(frozen=True)
class Part:
    """Rows (group, n) of a shared pool of images (example, channel, height, width) and labels (example,).

    Groups are those of the stack's trials; one group stands for all.
    """

    images: Tensor
    labels: Tensor
    rows: Tensor

    def take(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Images (group, example, channel, height, width) and labels (group, example) of some columns of rows."""
        rows = self.rows[:, start:stop]
        flat = rows.reshape(-1)
        images = self.images.index_select(0, flat).view(*rows.shape, *self.images.shape[1:])
        return images, self.labels.index_select(0, flat).view(rows.shape)

    def of_trial(self, trial: int, trials: int) -> Part:
        """The rows of one trial's group, where ``trials`` stand in groups of equal size."""
        group = trial * len(self.rows) // trials
        return Part(self.images, self.labels, self.rows[group : group + 1])

    def shuffled(self, seeds: tuple[int, ...], epoch: int) -> Part:
        """The part in the order of one epoch; ``seeds`` are the groups'."""
        size = self.rows.shape[1]
        orders = [torch.randperm(size, generator=generator(seed, "order", epoch)) for seed in seeds]
        return Part(self.images, self.labels, self.rows.gather(1, torch.stack(orders).to(self.rows.device)))


@dataclass(frozen=True)
class Data:
    """The part trained on, and the parts measured after each epoch by the name of their split."""

    train: Part
    measured: dict[str, Part]
    black: Tensor
    """The input that a pixel of 0 becomes, (channel, 1, 1)."""


def prepare(arrays: Arrays, spec: TrialSpec, seeds: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> Data:
    """Move a data set to the device and split it for each seed; ``seeds`` are the groups', ``spec`` any trial's.

    A seed draws an order of the training images: the first ``dataset.validation`` are held out, the rest is
    trained on, or the first ``dataset.train_examples`` of it; of these the first ``evaluation.train_examples`` are
    measured.

    Raises:
        ValueError: nothing is left to train on.
    """
    examples, held_out = len(arrays.train_labels), spec.dataset.validation
    if held_out >= examples:
        raise ValueError(f"dataset.validation is {held_out}, but there are only {examples} training images")
    orders = torch.stack([torch.randperm(examples, generator=generator(seed, "split")) for seed in seeds]).to(device)
    standard = STANDARDS[spec.dataset.name]
    images, labels = normalise(arrays.train_images, standard, device, dtype), arrays.train_labels.to(device)
    everything = torch.arange(len(arrays.test_labels), device=device).unsqueeze(0)
    test = normalise(arrays.test_images, standard, device, dtype)
    train = orders[:, held_out:][:, : spec.dataset.train_examples]
    measured = {
        "train": Part(images, labels, train[:, : spec.evaluation.train_examples]),
        "validation": Part(images, labels, orders[:, :held_out]),
        "test": Part(test, arrays.test_labels.to(device), everything),
    }
    black = normalise(torch.zeros_like(arrays.train_images[:1, :, :1, :1]), standard, device, dtype)[0]
    measured = {name: part for name, part in measured.items() if part.rows.numel()}
    return Data(Part(images, labels, train), measured, black)


def normalise(images: Tensor, standard: Standard, device: torch.device, dtype: torch.dtype) -> Tensor:
    """(pixel / scale − mean) / sd of uint8 images (example, channel, height, width)."""
    mean, sd = (
        torch.tensor(values, dtype=dtype, device=device).view(-1, 1, 1) for values in (standard.mean, standard.sd)
    )
    return images.to(device).to(dtype).div_(standard.scale).sub_(mean).div_(sd)
