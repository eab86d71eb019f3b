"""What is left to do: a pure function of the sweep's trials and the store's commits."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from specs.layout import Commit
from specs.sweep import PlannedTrial

State = Literal["complete", "todo", "failed", "diverged"]


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
    """Each planned trial with its state, in the sweep's order, and commits that the sweep does not plan."""

    states: tuple[tuple[PlannedTrial, State], ...]
    stale: tuple[str, ...]

    def of(self, state: State) -> tuple[PlannedTrial, ...]:
        """The trials in one state."""
        return tuple(trial for trial, found in self.states if found == state)

    def counts(self) -> dict[str, int]:
        """Number of trials planned, in each state, and stale."""
        found = Counter(state for _, state in self.states)
        return {
            "planned": len(self.states),
            **{state: found[state] for state in get_args(State)},
            "stale": len(self.stale),
        }

    def tasks(self) -> tuple[Task, ...]:
        """The stacks to run, in order; for now every stack holds one trial."""
        return tuple(Task((trial,)) for trial in self.of("todo"))


def make_plan(trials: Sequence[PlannedTrial], commits: Mapping[str, Commit]) -> Plan:
    """Say of each trial what the store says of it."""
    states: list[tuple[PlannedTrial, State]] = [
        (trial, commits[trial.id].status if trial.id in commits else "todo") for trial in trials
    ]
    planned = {trial.id for trial in trials}
    return Plan(tuple(states), stale=tuple(sorted(set(commits) - planned)))
