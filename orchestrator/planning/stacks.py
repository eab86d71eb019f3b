"""Which trials are trained together: a fixed cut of the sweep's trials into groups of one shape."""

import math
from collections.abc import Callable, Sequence
from itertools import chain

from specs.sweep import PlannedTrial
from specs.trial import TrialSpec
from trainers.stacks import shape_key

StackSize = Callable[[TrialSpec], int]
"""Most trials of the shape of this one that a stack may hold."""
Trials = tuple[PlannedTrial, ...]


def alone(spec: TrialSpec) -> int:
    """Every trial by itself: on a CPU the fastest."""
    return 1


def cut_into_stacks(trials: Sequence[PlannedTrial], largest: StackSize = alone) -> list[Trials]:
    """Cut all trials of a sweep into groups of one shape, ordered by their first trials.

    It is a function of the sweep and the sizes alone, whatever is done already: the same command makes the same groups
    after any death, and finds their checkpoints. λs of one seed come into one group first, since they share their
    batches; then whole seeds side by side, so that all seeds of a group have equally many trials.
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
    """Groups of one shape's trials, given seed by seed: of several whole seeds, or of equal parts of one."""
    most, widest = largest(seeds[0][0].spec), max(map(len, seeds))
    if widest <= most:
        step = most // widest
        return [tuple(chain(*seeds[start : start + step])) for start in range(0, len(seeds), step)]
    return [part for seed in seeds for part in _evenly(seed, most)]


def _evenly(trials: Sequence[PlannedTrial], most: int) -> list[Trials]:
    parts = math.ceil(len(trials) / most)
    size = math.ceil(len(trials) / parts)
    return [tuple(trials[start : start + size]) for start in range(0, len(trials), size)]
