"""The cost of a trial on this machine, from a short calibration: the real loop on random images of the real size.

The time of an epoch is modelled as a cost per image trained on plus a cost per image measured. The work after the last
epoch (robustness, calibration, the Hessian) is a fixed cost plus a cost per test image. Each cost is timed with few
images and scaled to the trial's number of images.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from specs.datasets import facts_of
from trainers.data import Arrays
from trainers.devices import deterministic, peak_memory
from trainers.stack_training import StackTraining
from trainers.stacks import Stack

if TYPE_CHECKING:
    from specs.trial import TrialSpec

SECONDS_OF_MEASURING = 0.5
"""Seconds for which each part is timed; a single step of a large network may take longer."""
MOST_BATCHES, FEWEST_MEASURED, MOST_MEASURED = 50, 100, 1600


@dataclass(frozen=True)
class Cost:
    """Time of a trial's parts in seconds, and memory of the process that trains it in bytes."""

    trained: float
    """Seconds per image trained on, in each epoch."""
    measured: float
    """Seconds per image measured, after each epoch."""
    tested: float
    """Seconds per test image, once after the last epoch."""
    once: float
    """Seconds after the last epoch that do not depend on the number of test images."""
    memory: int
    """Bytes."""

    def epoch_seconds(self, spec: TrialSpec) -> float:
        """Seconds of one epoch of a trial: training and measuring."""
        facts, data = facts_of(spec.dataset), spec.dataset
        trained = min(data.train_examples or facts.train, facts.train - data.validation)
        measured = min(spec.evaluation.train_examples, trained) + data.validation + facts.test
        return self.trained * trained + self.measured * measured

    def trial_seconds(self, spec: TrialSpec) -> float:
        """Seconds of a whole trial."""
        after = self.once + self.tested * facts_of(spec.dataset).test
        return spec.training.epochs * self.epoch_seconds(spec) + after


def calibrate(spec: TrialSpec, device: torch.device) -> Cost:
    """Time the parts of one trial.

    Call this in a new process: on a CPU, the peak memory includes everything that ran before in the process.
    """
    with deterministic(device):
        batch = spec.training.batch_size
        per_batch = _epoch(spec, batch, 1, device)
        batches = max(1, min(MOST_BATCHES, round(SECONDS_OF_MEASURING / 2 / per_batch)))
        trained = _epoch(spec, batches * batch, 1, device) / (batches * batch)
        few = min(MOST_MEASURED, max(FEWEST_MEASURED, round(SECONDS_OF_MEASURING / trained / 4)))
        less, more = (_measured(spec, count, device) for count in (few, 2 * few))
        tested = max(0.0, (more[1] - less[1]) / few)
        return Cost(
            trained=trained,
            measured=max(0.0, (more[0] - less[0]) / (2 * few)),  # as many validation images as test images
            tested=tested,
            once=max(0.0, less[1] - few * tested),
            memory=peak_memory(device) + _pool_bytes(spec),
        )


def peak(spec: TrialSpec, trials: int, device: torch.device) -> int:
    """Peak memory in bytes of a stack of ``trials`` trials, from training two batches and measuring everything.

    The images are random, as many and as large as the real ones. Each trial gets its own seed and therefore its own
    batches, which is the case that takes the most memory.
    """
    facts = facts_of(spec.dataset)
    few = max(2 * spec.training.batch_size, spec.evaluation.hessian.examples if spec.evaluation.hessian else 0)
    trained = min(few, spec.dataset.train_examples or facts.train, facts.train - spec.dataset.validation)
    small = spec.model_copy(
        update={
            "dataset": spec.dataset.model_copy(update={"train_examples": trained}),
            "training": spec.training.model_copy(update={"epochs": 1, "learning_rate": 1e-6}),
        }
    )
    stack = [small.model_copy(update={"seed": spec.seed + number}) for number in range(trials)]
    arrays = _made_up(spec, facts.train, facts.test)
    with deterministic(device):
        training = StackTraining(Stack.of(stack), arrays, device, torch.float32)
        training.run_epoch()
        training.results()
        return peak_memory(device)


def _made_up(spec: TrialSpec, train: int, test: int) -> Arrays:
    """Random images and labels in the shape of the trial's data set: ``train`` for training, ``test`` for testing."""
    facts, stream = facts_of(spec.dataset), torch.Generator().manual_seed(0)

    def drawn(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = torch.randint(256, (count, *facts.shape), dtype=torch.uint8, generator=stream)
        return pixels, torch.randint(facts.classes, (count,), generator=stream)

    return Arrays(*drawn(train), *drawn(test))


def _epoch(spec: TrialSpec, examples: int, measured: int, device: torch.device) -> float:
    """Seconds of the fastest of several epochs; of one epoch if that already takes long."""
    training = _training(spec, examples, measured, device)
    started, times = time.monotonic(), list[float]()
    while len(times) < 2 or time.monotonic() - started < SECONDS_OF_MEASURING:
        begun = time.monotonic()
        training.run_epoch()
        times.append(time.monotonic() - begun)
        if times[-1] > SECONDS_OF_MEASURING:
            break
    return min(times)


def _measured(spec: TrialSpec, images: int, device: torch.device) -> tuple[float, float]:
    """Seconds of an epoch of one batch that measures ``images`` validation and test images each, and of the work after
    the last epoch."""
    training = _training(spec, spec.training.batch_size, images, device)
    times = []
    for _ in range(2):
        begun = time.monotonic()
        training.run_epoch()
        times.append(time.monotonic() - begun)
    begun = time.monotonic()
    training.results()
    return min(times), time.monotonic() - begun


def _training(spec: TrialSpec, examples: int, measured: int, device: torch.device) -> StackTraining:
    """The trial on random images: ``examples`` for training, ``measured`` for validation and as many for the test."""
    small = spec.model_copy(
        update={
            "dataset": spec.dataset.model_copy(update={"validation": measured, "train_examples": None}),
            "training": spec.training.model_copy(update={"epochs": 10**6, "learning_rate": 1e-6}),
            "evaluation": spec.evaluation.model_copy(update={"train_examples": 0}),
        }
    )
    arrays = _made_up(spec, examples + measured, measured)
    return StackTraining(Stack.of([small]), arrays, device, torch.float32)


def _pool_bytes(spec: TrialSpec) -> int:
    facts = facts_of(spec.dataset)
    channels, height, width = facts.shape
    return (facts.train + facts.test) * channels * height * width
