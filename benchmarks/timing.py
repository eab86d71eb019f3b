"""What the benchmarks share: medians of times, and the machine's rate of floating-point operations."""

import statistics
import time
from collections.abc import Callable

import torch


def median_seconds(work: Callable[[], object], seconds: float) -> float:
    """Median time of one call, over calls that take so long together; the first few are not counted."""
    for _ in range(3):
        work()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        times.append(one_time(work))
    return statistics.median(times)


def medians_in_turn(works: dict[str, Callable[[], object]], seconds: float, threads: int) -> dict[str, float]:
    """Median time of one call of each, measured in turn: what else the machine does, it does to all of them.

    On one thread the time is the processor's, which does not count what other processes take.

    After one call that is not counted, each is called three times or more, and until its calls take so long together.
    The slower half of the calls is thrown away: something else ran beside them.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    clock = time.process_time if threads == 1 else time.perf_counter
    for work in works.values():
        work()
    while wanting := [name for name, own in times.items() if sum(own) < seconds or len(own) < 3]:
        for name in wanting:
            times[name].append(one_time(works[name], clock))
    return {name: statistics.median(sorted(own)[: len(own) // 2]) for name, own in times.items()}


def one_time(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one call."""
    started = clock()
    work()
    return clock() - started


def matrix_product() -> tuple[Callable[[], object], int]:
    """A 2048³ float32 product and its floating-point operations."""
    size = 2048
    left, right = torch.rand(size, size), torch.rand(size, size)
    return lambda: left @ right, 2 * size**3


def matrix_product_flops(seconds: float) -> float:
    """Floating-point operations a second of that product on this process's threads."""
    work, operations = matrix_product()
    return operations / median_seconds(work, seconds)
