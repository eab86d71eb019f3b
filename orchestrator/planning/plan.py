"""What is left to do: a pure function of the sweep's trials and the store's commits."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

from orchestrator.planning.stacks import StackSize, alone, cut_into_stacks
from specs.format.commits import Commit
from specs.sweep import PlannedTrial

State = Literal["complete", "todo", "failed", "diverged"]


@dataclass(frozen=True)
class PlannedStack:
    """A stack: trials of one shape that are trained in one program.

    It is a fixed group of the sweep's trials, whatever of it is done, and so is its id.
    :func:`orchestrator.worker.execution.execute` finds out which of them to train.
    """

    trials: tuple[PlannedTrial, ...]
    done: frozenset[str] = frozenset()
    """Ids of those that were decided before this run: no part of its progress."""

    @property
    def id(self) -> str:
        """Names the stack's checkpoint; of a stack of one it is the trial's id."""
        if len(self.trials) == 1:
            return self.trials[0].id
        return hashlib.sha256("".join(trial.id for trial in self.trials).encode()).hexdigest()[:16]

    @property
    def left(self) -> tuple[PlannedTrial, ...]:
        """The trials that were to do when the run began."""
        return tuple(trial for trial in self.trials if trial.id not in self.done)

    @property
    def epochs(self) -> int:
        """Epochs over all trials left: the unit in which progress is counted."""
        return sum(trial.spec.training.epochs for trial in self.left)

    def halves(self) -> tuple[Self, Self]:
        """Two stacks of its trials, each with an id of its own."""
        middle = (len(self.trials) + 1) // 2
        return type(self)(self.trials[:middle], self.done), type(self)(self.trials[middle:], self.done)

    def singles(self) -> tuple[Self, ...]:
        """A stack of one for each of its trials."""
        return tuple(type(self)((trial,), self.done) for trial in self.trials)


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

    def stacks(self, largest: StackSize = alone) -> tuple[PlannedStack, ...]:
        """The stacks to run, in order: groups of all planned trials, less those with nothing to do."""
        decided = frozenset(trial.id for trial, state in self.states if state != "todo")
        made = cut_into_stacks([trial for trial, _ in self.states], largest)
        stacks = (PlannedStack(group, decided.intersection(trial.id for trial in group)) for group in made)
        return tuple(stack for stack in stacks if stack.left)


def make_plan(
    trials: Sequence[PlannedTrial], commits: Mapping[str, Commit], unusable: Collection[str] = frozenset()
) -> Plan:
    """Say of each trial what the store says of it; trials whose results are ``unusable`` have failed."""

    def state(trial: PlannedTrial) -> State:
        if trial.id not in commits:
            return "todo"
        return "failed" if trial.id in unusable else commits[trial.id].status

    states = [(trial, state(trial)) for trial in trials]
    planned = {trial.id for trial in trials}
    return Plan(tuple(states), stale=tuple(sorted(set(commits) - planned)))
