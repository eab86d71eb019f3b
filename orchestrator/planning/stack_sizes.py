"""How many trials of one shape a stack holds: what the user says, or what fits a GPU by measurement."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.base import out_of_memory
from orchestrator.base.settings import Settings
from orchestrator.planning.plan import Plan
from orchestrator.planning.stacks import StackSize, alone
from specs.trial import TrialSpec
from trainers.stacks import shape_key

MEMORY_SHARE = 0.8
"""Of the free memory that a stack may take; the rest is for CUDA itself, and for what the allocator cannot use."""
DRIVERS = (Path("/proc/driver/nvidia"), Path("/dev/dxg"))
"""A driver of NVIDIA's or WSL's has one of them: without, torch need not be imported to ask it."""
MOST_TRIALS = 32
"""Trials that ``auto`` puts into a stack at most: its results come all at once, at its end."""


@dataclass(frozen=True)
class Measured:
    """Bytes on a GPU."""

    one: int
    """Most that a trial alone takes."""
    two: int
    """Most that a stack of two takes."""
    free: int


Measure = Callable[[TrialSpec], Measured | None]
"""What a trial's shape takes; None where not even two fit."""


def chosen_stack_size(
    plan: Plan,
    settings: Settings,
    measure: Measure | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> StackSize:
    """Most trials of a stack, for each shape that has trials to do.

    On a GPU of this machine a stack of one and a stack of two of each shape are trained for a few steps on made-up
    images (``measure``); what the second takes more is what every further trial takes. No stack is so large that GPUs
    would stand idle beside it. ``say`` is told what came out.
    """
    if settings.stack != "auto":
        most = settings.stack
        return lambda spec: most
    if not _on_a_gpu_here(settings):
        return alone
    places = _stacks_at_once(settings.gpus_per_stack)
    planned = Counter(shape_key(trial.spec) for trial, _ in plan.states)
    sizes: dict[str, int] = {}
    for shape, trial in {shape_key(trial.spec): trial for trial in plan.of("todo")}.items():
        fit = fitting((measure or measured)(trial.spec), settings.gpus_per_stack)
        sizes[shape] = min(fit, math.ceil(planned[shape] / places))
        say(
            f"--stack auto: {sizes[shape]} of {trial.architecture}, {trial.spec.method}, by the GPUs' number and memory"
        )
    return lambda spec: sizes.get(shape_key(spec), 1)


def fitting(found: Measured | None, share: float = 1.0) -> int:
    """Trials that fit into a share of a GPU, rounded down to a power of two, at most ``MOST_TRIALS``.

    Free memory is never the same twice; the rounding lets a second run find the same groups all the same.
    """
    if found is None:
        return 1
    room, each = MEMORY_SHARE * min(share, 1.0) * found.free, max(1, found.two - found.one)
    trials = min(MOST_TRIALS, 1 + max(0, int((room - found.one) // each)))
    return 1 << (trials.bit_length() - 1)


def measured(spec: TrialSpec) -> Measured | None:
    """Train one trial and two of a shape in a process of its own, whose memory on the GPU is free again afterwards."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            return pool.submit(_measured, spec).result()
    except BrokenProcessPool:  # killed, because the machine's own memory ran low
        return None


def _measured(spec: TrialSpec) -> Measured | None:
    import torch

    from trainers.costs import peak

    gpus = range(torch.cuda.device_count())
    free = min(torch.cuda.mem_get_info(gpu)[0] for gpu in gpus)
    try:
        one, two = (peak(spec, trials, torch.device("cuda")) for trials in (1, 2))
    except Exception as error:
        if out_of_memory.is_out_of_memory(error):
            return None
        raise
    return Measured(one, two, free)


def _stacks_at_once(gpus_per_stack: float) -> int:
    """How many stacks the GPUs of this machine have room for."""
    import torch

    return max(1, int(torch.cuda.device_count() / gpus_per_stack))


def _on_a_gpu_here(settings: Settings) -> bool:
    if settings.device == "cpu" or settings.address != "local" or not any(path.exists() for path in DRIVERS):
        return False
    import torch

    return torch.cuda.is_available()
