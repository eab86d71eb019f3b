"""The one loop: train a stack of trials epoch by epoch, save, and resume exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from specs import faults
from trainers.checkpoint import Checkpoint, Files
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
    checkpoint: Files | None = None,
    checkpoint_seconds: float = 10.0,
    environment: str = "",
    on_epoch: Callable[[int], None] | None = None,
    dtype: torch.dtype = torch.float32,
    sparing: bool = False,
) -> tuple[TrialResult, ...]:
    """Train trials of one shape together and return their results, in the caller's order.

    Args:
        stack: trials that differ in λ, seed and learning rate alone.
        arrays: the data set that the trials name.
        device: where to train; see :func:`trainers.devices.choose_device`.
        checkpoint: where to save the state and to resume from; the caller deletes it once results are safe.
        checkpoint_seconds: least time between two saves; 0 saves after every epoch.
        environment: a name for the versions and the device of this process. A result names the other environments that
            trained its stack.
        on_epoch: called with the number of epochs completed, after any save. An exception that it raises ends the
            training.
        dtype: of weights and images.
        sparing: spare memory at the price of time, for trials that ran out of it. A graph of convolutional networks
            holds one.

    Raises:
        ValueError: the stack is empty, its trials have different shapes or an unknown method, no image is left to train
            on, or the device does not support the trials' precision.
    """
    with deterministic(device):
        training = StackTraining(Stack.of(stack), arrays, device, dtype, sparing=sparing)
        slots = Checkpoint(checkpoint, training.fingerprint(arrays), environment) if checkpoint else None
        if slots and (saved := slots.load(training.fits)):
            training.restore(saved)
        last_save = time.monotonic()
        while not training.finished:
            training.run_epoch()
            faults.point("epoch")
            if slots and time.monotonic() - last_save >= checkpoint_seconds:
                slots.save(*training.state())
                last_save = time.monotonic()
            if on_epoch:
                on_epoch(training.progress.epoch)
        earlier = tuple(name for name in slots.environments if name != environment) if slots else ()
        return tuple(replace(result, earlier_environments=earlier) for result in training.results())
