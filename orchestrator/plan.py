"""What is left to do: a pure function of the sweep's trials and the store's commits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from specs.layout import Commit
from specs.sweep import PlannedTrial


@dataclass(frozen=True)
class Task:
    """A stack: trials of one shape that are trained in one program."""

    trials: tuple[PlannedTrial, ...]

    @property
    def id(self) -> str:
        """Names the stack's checkpoint; of a stack of one it is the trial's id."""
        if len(self.trials) == 1:
            return self.trials[0].id
        return hashlib.sha256("".join(trial.id for trial in self.trials).encode()).hexdigest()[:16]

    @property
    def epochs(self) -> int:
        """Epochs over all its trials: the unit in which progress is counted."""
        return sum(trial.spec.training.epochs for trial in self.trials)


@dataclass(frozen=True)
class Plan:
    """The planned trials by their state, and commits that this sweep does not plan."""

    todo: tuple[PlannedTrial, ...]
    complete: tuple[PlannedTrial, ...]
    diverged: tuple[PlannedTrial, ...]
    failed: tuple[PlannedTrial, ...]
    stale: tuple[str, ...]

    @property
    def planned(self) -> int:
        """Number of trials that the sweep asks for."""
        return len(self.todo) + len(self.complete) + len(self.diverged) + len(self.failed)

    def counts(self) -> dict[str, int]:
        """Number of trials in each state."""
        return {
            "planned": self.planned,
            "complete": len(self.complete),
            "todo": len(self.todo),
            "diverged": len(self.diverged),
            "failed": len(self.failed),
            "stale": len(self.stale),
        }

    def tasks(self) -> tuple[Task, ...]:
        """The stacks to run, in order; for now every stack holds one trial."""
        return tuple(Task((trial,)) for trial in self.todo)


def make_plan(trials: Sequence[PlannedTrial], commits: Mapping[str, Commit]) -> Plan:
    """Sort trials by what the store says of them."""
    states: dict[str, list[PlannedTrial]] = {"todo": [], "complete": [], "diverged": [], "failed": []}
    for trial in trials:
        commit = commits.get(trial.id)
        states[commit.status if commit else "todo"].append(trial)
    planned = {trial.id for trial in trials}
    return Plan(
        **{state: tuple(found) for state, found in states.items()},
        stale=tuple(sorted(set(commits) - planned)),
    )
