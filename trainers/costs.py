"""What a trial costs on this machine, by a short calibration: the real loop on made-up images of the real size.

An epoch costs so much for each image trained on and so much for each image measured; what follows the last epoch
(robustness, calibration, the Hessian) costs a fixed part and so much for each test image. The parts are timed at small
counts and scaled to the trial's.
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
"""How long each part is timed, at least; one step of a large network may take longer."""
MOST_BATCHES, FEWEST_MEASURED, MOST_MEASURED = 50, 100, 1600


@dataclass(frozen=True)
class Cost:
    """Seconds of a trial's parts, and the memory of the process that trains it in bytes."""

    trained: float
    """An image of an epoch's training."""
    measured: float
    """An image measured after an epoch."""
    tested: float
    """A test image, once, after the last epoch."""
    once: float
    """Whatever their number."""
    memory: int

    def epoch_seconds(self, spec: TrialSpec) -> float:
        """One epoch of a trial: training and measuring."""
        facts, data = facts_of(spec.dataset), spec.dataset
        trained = min(data.train_examples or facts.train, facts.train - data.validation)
        measured = min(spec.evaluation.train_examples, trained) + data.validation + facts.test
        return self.trained * trained + self.measured * measured

    def trial_seconds(self, spec: TrialSpec) -> float:
        """A whole trial."""
        after = self.once + self.tested * facts_of(spec.dataset).test
        return spec.training.epochs * self.epoch_seconds(spec) + after


def calibrate(spec: TrialSpec, device: torch.device) -> Cost:
    """Time the parts of one trial; in a process of its own, or the memory is that of what ran before too."""
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
    """Most bytes that a stack of so many trials takes: two batches and all that is measured, on made-up images.

    Images are as many and as large as the real ones. Each trial has a seed of its own and so its own batches, which
    takes most.
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
    """So many images of the shape of a trial's data set."""
    facts, stream = facts_of(spec.dataset), torch.Generator().manual_seed(0)

    def drawn(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = torch.randint(256, (count, *facts.shape), dtype=torch.uint8, generator=stream)
        return pixels, torch.randint(facts.classes, (count,), generator=stream)

    return Arrays(*drawn(train), *drawn(test))


def _epoch(spec: TrialSpec, examples: int, measured: int, device: torch.device) -> float:
    """The least seconds of an epoch; the first is not counted where there is time for more."""
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
    """Seconds of a short epoch with so many images measured in each of two splits, and of what follows the last."""
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
    """The trial on made-up images: so many trained on, so many for validation, so many for the test."""
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
