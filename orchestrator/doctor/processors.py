"""Cores, threads and memory: how many workers this machine can feed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.doctor.checks import GB, Check, ok, size, warning

WORKER_MEMORY = 2 * GB
"""Bytes that a worker of a CIFAR sweep, or of one with 256 members, takes; torch and the data are most of it."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Machine:
    """What this process has to work with."""

    present: int
    """Cores of the machine."""
    usable: int
    """Cores that this process may keep busy."""
    memory: int | None
    """Bytes that it could still take; None if unknown."""


def examine(machine: Machine, environment: Mapping[str, str]) -> Iterator[Check]:
    """Whether as many workers as Ray would start find a core and memory each."""
    if machine.usable < machine.present:
        message = f"{machine.usable} of {machine.present} cores may be used (affinity or a container's quota)"
        yield warning("cores", f"{message}, and Ray may count all of them", f"run --concurrency {machine.usable}")
    else:
        yield ok("cores", f"{machine.usable} may be used")
    if named := [f"{name}={environment[name]}" for name in THREADS if environment.get(name)]:
        yield ok("threads", f"{' '.join(named)} is set, and without effect: workers take --threads (1 unless given)")
    yield from _memory(machine)


def _memory(machine: Machine) -> Iterator[Check]:
    if machine.memory is None:
        return
    fitting = machine.memory // WORKER_MEMORY
    message = f"{size(machine.memory)} available"
    if fitting >= machine.usable:
        yield ok("memory", f"{message}, {size(WORKER_MEMORY)} are enough for a worker on each core")
    else:
        message += f", and a worker on each of {machine.usable} cores may take {size(WORKER_MEMORY)}"
        yield warning("memory", message, f"run --concurrency {max(1, fitting)}, or end other programs")
