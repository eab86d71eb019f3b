"""How far a stack has come: what was measured in each epoch, the epoch each trial selects, and who diverged."""

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
    """Book-keeping of one stack; epochs count from 1 and 0 stands for none."""

    trials: int
    selection: Selection
    epoch: int = 0
    """Epochs completed."""
    seconds: list[float] = field(default_factory=list)
    """Of each epoch, training and measuring."""
    best_epochs: list[int] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    """Why a trial diverged, empty for one that did not."""
    good_epochs: list[int] = field(default_factory=list)
    """Epochs that each trial completed with finite numbers."""
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
        """Close an epoch; return the trials whose weights are now the selected ones.

        A trial with a loss or a weight that is not finite has diverged: the epoch does not count for it.
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
        """Whether the epoch just closed is the trial's best so far; the first of equals stays."""
        best = self.best_epochs[trial]
        if self.selection == "final" or best == 0:
            return True
        errors = self.series["validation.error"]
        return bool(errors[-1][trial] < errors[best - 1][trial])

    def state(self) -> tuple[dict[str, Tensor], str]:
        """Everything, as tensors with an axis of epochs in front and JSON."""
        book = {name: value for name, value in vars(self).items() if name != "series"}
        return {name: torch.stack(values) for name, values in self.series.items()}, json.dumps(book)

    @staticmethod
    def holds(tensors: dict[str, Tensor], book: str, trials: int) -> bool:
        """Whether :meth:`restored` would give the progress of so many trials."""
        try:
            made = Progress.restored(tensors, book)
            lists = (made.best_epochs, made.messages, made.good_epochs)
            return made.trials == trials and all(len(values) == trials for values in lists) and made._is_whole()
        except (ValueError, TypeError, AttributeError, RecursionError):
            return False

    def _is_whole(self) -> bool:
        """Whether there is a number for every epoch."""
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
