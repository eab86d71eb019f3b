"""The one loop: train a stack of trials epoch by epoch, save, and resume exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from trainers.checkpoint import Checkpoint
from trainers.data import Arrays
from trainers.devices import choose_device, deterministic
from trainers.results import TrialResult
from trainers.stack_training import StackTraining
from trainers.stacks import Stack

if TYPE_CHECKING:
    from specs.trial import TrialSpec

__all__ = ["TrialResult", "choose_device", "train"]


def train(
    stack: Sequence[TrialSpec],
    arrays: Arrays,
    *,
    device: torch.device,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 10.0,
    on_epoch: Callable[[int], None] | None = None,
    dtype: torch.dtype = torch.float32,
) -> tuple[TrialResult, ...]:
    """Train trials of one shape together and return their results, in the caller's order.

    Args:
        stack: trials that differ in λ, seed and learning rate alone.
        arrays: the data set that the trials name.
        device: where to train; see :func:`trainers.devices.choose_device`.
        checkpoint: directory to save the state in and to go on from; the caller deletes it once results are safe.
        checkpoint_seconds: least time between two saves; 0 saves after every epoch.
        on_epoch: called with the number of epochs completed, after any save; what it raises ends the training.
        dtype: of weights and images.

    Raises:
        ValueError: the stack is empty or its trials are of different shapes, or no image is left to train on.
    """
    with deterministic(device):
        training = StackTraining(Stack.of(stack), arrays, device, dtype)
        slots = Checkpoint(checkpoint, training.fingerprint(arrays)) if checkpoint else None
        if slots and (saved := slots.load()):
            training.restore(saved)
        last_save = time.monotonic()
        while not training.finished:
            training.run_epoch()
            if slots and time.monotonic() - last_save >= checkpoint_seconds:
                slots.save(*training.state())
                last_save = time.monotonic()
            if on_epoch:
                on_epoch(training.progress.epoch)
        return training.results()
