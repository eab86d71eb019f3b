"""The data that a stack trains and measures on: a pool of pixels on the device, and rows of it drawn by seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from specs.datasets import facts_of
from trainers.data import Arrays
from trainers.pool import Normalise, Part, Pool
from trainers.seeding import generator

if TYPE_CHECKING:
    from specs.trial import TrialSpec


@dataclass(frozen=True)
class Data:
    """The part trained on, and the parts measured after each epoch, by the names of their splits."""

    train: Part
    measured: dict[str, Part]


def prepare(arrays: Arrays, spec: TrialSpec, seeds: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> Data:
    """Move a data set to the device and split it for each seed.

    Each seed draws an order of the training images. The first ``dataset.validation`` images are held out. The rest is
    trained on, or only its first ``dataset.train_examples``. The first ``evaluation.train_examples`` of the images
    trained on are measured. A split without images is left out of ``Data.measured``.

    Args:
        arrays: the data set.
        spec: the spec of any trial of the stack.
        seeds: one seed per group of trials.
        device: where the pixels and labels go.
        dtype: type of the normalised images.

    Raises:
        ValueError: nothing is left to train on.
    """
    examples, held_out = len(arrays.train_labels), spec.dataset.validation
    if held_out >= examples:
        raise ValueError(f"dataset.validation is {held_out}, but there are only {examples} training images")
    orders = torch.stack([torch.randperm(examples, generator=generator(seed, "split")) for seed in seeds]).to(device)
    normalise = Normalise(facts_of(spec.dataset).standard, device, dtype)
    training = Pool(arrays.train_images.to(device), arrays.train_labels.to(device), normalise)
    test = Pool(arrays.test_images.to(device), arrays.test_labels.to(device), normalise)
    train = orders[:, held_out:][:, : spec.dataset.train_examples]
    measured = {
        "train": Part(training, train[:, : spec.evaluation.train_examples]),
        "validation": Part(training, orders[:, :held_out]),
        "test": Part(test, torch.arange(len(arrays.test_labels), device=device).unsqueeze(0)),
    }
    return Data(Part(training, train), {name: part for name, part in measured.items() if part.rows.numel()})
