"""Progress of a stack: the measures of each epoch, the epoch that each trial selects, and the trials that diverged."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from trainers.metrics import Measures

Selection = Literal["validation", "final"]


@dataclass
class Progress:
    """Book-keeping of one stack. Epochs count from 1; 0 means that there is no such epoch."""

    trials: int
    selection: Selection
    epoch: int = 0
    """Epochs completed."""
    seconds: list[float] = field(default_factory=list)
    """Seconds of each epoch, for training and measuring."""
    best_epochs: list[int] = field(default_factory=list)
    """Epoch that each trial selects so far."""
    messages: list[str] = field(default_factory=list)
    """Epoch and reason of each trial's divergence; empty for a trial that has not diverged."""
    good_epochs: list[int] = field(default_factory=list)
    """Number of epochs that each trial completed with finite numbers."""
    series: dict[str, list[Tensor]] = field(default_factory=dict)
    """Per epoch, float64: ``<split>.error`` and ``.nll`` (trial,), ``.member_errors`` and ``.member_nlls`` and
    ``distance`` (trial, member)."""

    def __post_init__(self) -> None:
        self.best_epochs = self.best_epochs or [0] * self.trials
        self.messages = self.messages or [""] * self.trials
        self.good_epochs = self.good_epochs or [0] * self.trials

    @property
    def active(self) -> list[int]:
        """Trials that have not diverged."""
        return [trial for trial, message in enumerate(self.messages) if not message]

    def record(self, measures: dict[str, Measures], distance: Tensor) -> list[int]:
        """Close an epoch and return the trials that now select their current weights.

        A trial with a loss or a weight that is not finite has diverged, and the epoch does not count for it.
        """
        self.epoch += 1
        for split, measured in measures.items():
            for name, values in vars(measured).items():
                self.series.setdefault(f"{split}.{name}", []).append(values)
        self.series.setdefault("distance", []).append(distance)
        for trial in self.active:
            if reason := _not_finite(measures, distance, trial):
                self.messages[trial] = f"diverged in epoch {self.epoch}: {reason}; lower its learning rate"
            else:
                self.good_epochs[trial] = self.epoch
        selected = [trial for trial in self.active if self._selects(trial)]
        for trial in selected:
            self.best_epochs[trial] = self.epoch
        return selected

    def _selects(self, trial: int) -> bool:
        """Whether the trial selects the epoch just closed; of epochs with equal errors the first stays selected."""
        best = self.best_epochs[trial]
        if self.selection == "final" or best == 0:
            return True
        errors = self.series["validation.error"]
        return bool(errors[-1][trial] < errors[best - 1][trial])

    def state(self) -> tuple[dict[str, Tensor], str]:
        """The whole progress: the series as tensors (epoch, …), and the rest as JSON."""
        book = {name: value for name, value in vars(self).items() if name != "series"}
        return {name: torch.stack(values) for name, values in self.series.items()}, json.dumps(book)

    @staticmethod
    def holds(tensors: dict[str, Tensor], book: str, trials: int) -> bool:
        """Whether :meth:`restored` would give a whole progress of ``trials`` trials."""
        try:
            made = Progress.restored(tensors, book)
            lists = (made.best_epochs, made.messages, made.good_epochs)
            return made.trials == trials and all(len(values) == trials for values in lists) and made._is_whole()
        except (ValueError, TypeError, AttributeError, RecursionError):
            return False

    def _is_whole(self) -> bool:
        """Whether every series has a value for every epoch."""
        return len(self.seconds) == self.epoch and all(len(values) == self.epoch for values in self.series.values())

    @staticmethod
    def restored(tensors: dict[str, Tensor], book: str) -> Progress:
        """The inverse of :meth:`state`."""
        return Progress(**json.loads(book), series={name: list(stacked) for name, stacked in tensors.items()})


def _not_finite(measures: dict[str, Measures], distance: Tensor, trial: int) -> str:
    for split, measured in measures.items():
        if not all(torch.isfinite(losses[trial]).all() for losses in (measured.nll, measured.member_nlls)):
            return f"{split} nll is not finite"
    return "" if torch.isfinite(distance[trial]).all() else "weights are not finite"
