"""Code that the benchmarks share: medians of times, and the machine's rate of floating-point operations."""

import statistics
import time
from collections.abc import Callable

import torch

CPU = torch.device("cpu")


def median_seconds(work: Callable[[], object], seconds: float) -> float:
    """Median seconds of one call, over three or more calls that together take ``seconds``; three more warm up."""
    for _ in range(3):
        work()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        times.append(one_time(work))
    return statistics.median(times)


def medians_in_turn(
    works: dict[str, Callable[[], object]], seconds: float, threads: int, device: torch.device = CPU
) -> dict[str, float]:
    """Median seconds of one call of each function. The calls alternate, so other load on the machine affects all alike.

    On one thread of a CPU this measures processor time, which excludes the time of other processes. On a GPU it waits
    for the work of each call.

    After one warm-up call, each function is called at least three times, and until its calls together take ``seconds``.
    Only the faster half of its calls counts, because other work slowed the rest.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    clock = time.process_time if threads == 1 else time.perf_counter
    if device.type == "cuda":
        clock = _after_the_gpu
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


def _after_the_gpu() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def matrix_product(device: torch.device = CPU) -> tuple[Callable[[], object], int]:
    """A float32 product, 2048³ on a CPU and 8192³ on a GPU, and its floating-point operations."""
    size = 2048 if device.type == "cpu" else 8192
    left, right = torch.rand(size, size, device=device), torch.rand(size, size, device=device)
    return lambda: left @ right, 2 * size**3


def matrix_product_flops(seconds: float) -> float:
    """Floating-point operations per second of that product, on this process's threads."""
    work, operations = matrix_product()
    return operations / median_seconds(work, seconds)
