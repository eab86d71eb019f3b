"""Sizes of stacks: the user's number, or as many trials of one shape as fit on a GPU by measurement."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.base import out_of_memory
from orchestrator.base.children import end_with_parent
from orchestrator.base.settings import Settings
from orchestrator.planning.plan import Plan
from orchestrator.planning.stacks import StackSize, alone
from specs.trial import TrialSpec
from trainers.stacks import shape_key

MEMORY_SHARE = 0.8
"""Share of the free memory that a stack may take. The rest is for CUDA itself, and for memory that the allocator cannot
use."""
DRIVERS = (Path("/proc/driver/nvidia"), Path("/dev/dxg"))
"""Paths of NVIDIA's driver and of WSL's. If neither exists there is no GPU, and torch need not be imported to ask."""
MOST_TRIALS = 32
"""Most trials that ``auto`` puts into a stack. A stack's results come all at once, at its end."""


@dataclass(frozen=True)
class Measured:
    """Memory of a GPU, in bytes."""

    one: int
    """Peak of a trial alone."""
    two: int
    """Peak of a stack of two trials."""
    free: int
    """Free memory before training; of several GPUs, that of the fullest."""


Measure = Callable[[TrialSpec], Measured | None]
"""Measures a trial's shape; returns None if not even two trials fit."""


def chosen_stack_size(
    plan: Plan,
    settings: Settings,
    measure: Measure | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> StackSize:
    """Choose the most trials of a stack, for each shape that has trials to do.

    A number in ``settings.stack`` applies to all shapes. ``auto`` is 1 without a local GPU. With one, a stack takes as
    many trials as fit, while enough stacks remain for every GPU.

    Args:
        plan: the plan; ``auto`` chooses sizes for the shapes of its trials to do.
        settings: stack size, device, address and GPUs per stack.
        measure: trains a stack of one and a stack of two of a shape for a few steps on made-up images. Their difference
            in memory is what each further trial takes.
        say: receives a line with the size chosen for each shape.
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

    Free memory varies between runs. The rounding makes a second run cut the same groups in spite of that.
    """
    if found is None:
        return 1
    room, each = MEMORY_SHARE * min(share, 1.0) * found.free, max(1, found.two - found.one)
    trials = min(MOST_TRIALS, 1 + max(0, int((room - found.one) // each)))
    return 1 << (trials.bit_length() - 1)


def measured(spec: TrialSpec) -> Measured | None:
    """Measure a shape in a separate process, which frees its GPU memory when it ends; None if memory ran out."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    try:
        with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
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
    """Number of stacks that the GPUs of this machine can train at once."""
    import torch

    return max(1, int(torch.cuda.device_count() / gpus_per_stack))


def _on_a_gpu_here(settings: Settings) -> bool:
    if settings.device == "cpu" or settings.address != "local" or not any(path.exists() for path in DRIVERS):
        return False
    import torch

    return torch.cuda.is_available()
