"""A stack: trials of one shape, which differ in λ, seed and learning rate, and train in one program."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specs.additions import additions
from specs.methods import METHODS

if TYPE_CHECKING:
    from specs.trial import TrialSpec

MAY_DIFFER = ("lam", "seed", "training.learning_rate")
"""What trials of one stack may differ in."""


@dataclass(frozen=True)
class Stack:
    """Trials in training order (by seed) with the caller's positions."""

    trials: tuple[TrialSpec, ...]
    positions: tuple[int, ...]

    @staticmethod
    def of(trials: Sequence[TrialSpec]) -> Stack:
        """Order trials by seed, so that those that share their batches stand side by side.

        Raises:
            ValueError: no trial, or trials of different shapes.
        """
        if not trials:
            raise ValueError("a stack needs at least one trial")
        shapes = [_shape(trial) for trial in trials]
        different = sorted(
            {key for shape in shapes for key in shape | shapes[0] if shape.get(key) != shapes[0].get(key)}
        )
        if different:
            raise ValueError(
                f"trials of one stack differ in {', '.join(different)}; only {', '.join(MAY_DIFFER)} may differ"
            )
        if trials[0].method not in METHODS:
            raise ValueError(f"unknown method {trials[0].method!r}; use one of {', '.join(METHODS)}")
        positions = sorted(range(len(trials)), key=lambda position: trials[position].seed)
        return Stack(tuple(trials[position] for position in positions), tuple(positions))

    @property
    def group_seeds(self) -> tuple[int, ...]:
        """Seeds of the groups of trials that share their batches.

        Groups are of equal size: where seeds have unequal numbers of trials, each trial is its own group.
        """
        counts = Counter(trial.seed for trial in self.trials)
        return tuple(counts) if len(set(counts.values())) == 1 else self.seeds

    @property
    def seeds(self) -> tuple[int, ...]:
        """Each trial's seed."""
        return tuple(trial.seed for trial in self.trials)

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """Each trial's learning rate before any milestone."""
        return tuple(trial.training.learning_rate for trial in self.trials)

    def learning_rate_factor(self, epoch: int) -> float:
        """What milestones have made of the learning rates in an epoch, counted from 1."""
        training = self.trials[0].training
        return float(training.milestone_factor ** sum(milestone < epoch for milestone in training.milestones))

    def fingerprint(self, *more: str) -> str:
        """SHA-256 in hex over all that the trials' specs say, in training order, and over ``more``.

        Fields that were added later are left out where they say what was always so: a checkpoint is gone on from by
        the next version too.
        """
        trials = [content_of(trial, for_checkpoints=True) for trial in self.trials]
        content = json.dumps([trials, *more], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def content_of(spec: object, *, for_checkpoints: bool = False) -> Any:
    """A spec's fields as plain JSON values, whatever holds them: models and other objects become dictionaries.

    ``for_checkpoints`` leaves out what does not tell a checkpoint's trials from those of earlier versions.
    """
    if isinstance(spec, (tuple, list)):
        return [content_of(value, for_checkpoints=for_checkpoints) for value in spec]
    if not hasattr(spec, "__dict__"):
        return spec
    fields = dict(vars(spec))
    for name, _, mark in additions(type(spec)) if for_checkpoints else ():  # type: ignore[arg-type]
        if fields[name] == mark.before and not mark.named_in_checkpoints:
            del fields[name]
    return {name: content_of(value, for_checkpoints=for_checkpoints) for name, value in fields.items()}


def shape_key(trial: TrialSpec) -> str:
    """Equal for trials that may share a stack, and for no others."""
    return json.dumps(_shape(trial), sort_keys=True)


def _shape(trial: TrialSpec) -> dict[str, object]:
    flat: dict[str, object] = {}
    _flatten(content_of(trial), "", flat)
    return {name: value for name, value in flat.items() if name not in MAY_DIFFER}


def _flatten(content: object, prefix: str, into: dict[str, object]) -> None:
    if not isinstance(content, dict):
        into[prefix] = content
        return
    for name, value in content.items():
        _flatten(value, f"{prefix}.{name}" if prefix else name, into)
