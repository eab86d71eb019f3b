"""Cuts the trials of a sweep into stacks: groups of trials of one shape that are trained together."""

import math
from collections.abc import Callable, Sequence
from itertools import chain

from specs.sweep import PlannedTrial
from specs.trial import TrialSpec
from trainers.stacks import shape_key

StackSize = Callable[[TrialSpec], int]
"""Returns the most trials of a spec's shape that a stack may hold."""
Trials = tuple[PlannedTrial, ...]


def alone(spec: TrialSpec) -> int:
    """Give every trial a stack of its own, which is fastest on a CPU."""
    return 1


def cut_into_stacks(trials: Sequence[PlannedTrial], largest: StackSize = alone) -> list[Trials]:
    """Cut all trials of a sweep into groups of one shape, ordered by their first trials.

    Stacks are cut from all planned trials, not from the remaining ones. A restarted run with the same sizes computes
    the same stack ids and finds its checkpoints.

    A group first takes the λs of one seed, because they share their batches. It then takes further whole seeds, so that
    all seeds of a group have equally many trials.
    """
    if largest is alone:
        return [(trial,) for trial in trials]
    shapes: dict[str, dict[int, list[PlannedTrial]]] = {}
    for trial in trials:
        shapes.setdefault(shape_key(trial.spec), {}).setdefault(trial.spec.seed, []).append(trial)
    made = [group for seeds in shapes.values() for group in _cut(list(seeds.values()), largest)]
    position = {trial.id: number for number, trial in enumerate(trials)}
    return sorted(made, key=lambda group: position[group[0].id])


def _cut(seeds: Sequence[Sequence[PlannedTrial]], largest: StackSize) -> list[Trials]:
    """Groups of one shape's trials, which are given seed by seed. A group is several whole seeds, or part of one."""
    most, widest = largest(seeds[0][0].spec), max(map(len, seeds))
    if widest <= most:
        step = most // widest
        return [tuple(chain(*seeds[start : start + step])) for start in range(0, len(seeds), step)]
    return [part for seed in seeds for part in _evenly(seed, most)]


def _evenly(trials: Sequence[PlannedTrial], most: int) -> list[Trials]:
    parts = math.ceil(len(trials) / most)
    size = math.ceil(len(trials) / parts)
    return [tuple(trials[start : start + size]) for start in range(0, len(trials), size)]
