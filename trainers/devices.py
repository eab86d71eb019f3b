"""The device that trains: its choice, its name, its memory, and arithmetic that repeats itself."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic as settings

# cuBLAS reads this when it first runs; without a fixed workspace its sums differ between runs.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

PRECISIONS = ("float32", "tf32", "bf16")


def choose_device(name: str) -> torch.device:
    """The device called ``name``; "auto" is CUDA where there is some, else the CPU.

    Raises:
        ValueError: the name is none of a device, or CUDA is asked for and there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"unknown device {name!r}; use auto, cpu or cuda") from error
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device {name!r} is not supported; use auto, cpu or cuda")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {name!r} was asked for, but torch {torch.__version__} finds no CUDA; use auto or cpu")
    return device


def device_name(device: torch.device) -> str:
    """The model of a GPU, or "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def peak_memory(device: torch.device) -> int:
    """Bytes: CUDA, the most allocated since :func:`deterministic` began; CPU, the process's largest resident size."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def memory_for_a_graph(device: torch.device) -> int:
    """Bytes of activations that one graph may keep.

    On a CPU a quarter of the machine's memory for a core, for each thread of this process: on the other cores others
    train. On a GPU 0.5 GB: there was none to measure on.
    """
    if device.type != "cpu":
        return 2**29
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return memory // (4 * cores) * min(torch.get_num_threads(), cores)


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Deterministic algorithms and exact float32 inside, the caller's settings outside: processes are used again."""
    mode = torch.get_deterministic_debug_mode()
    fill = settings.fill_uninitialized_memory  # type: ignore[attr-defined]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    torch.set_deterministic_debug_mode("error")  # the other setter imports the compiler: two seconds
    settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing here reads memory that nobody wrote
    try:
        with _products("ieee"):  # torch's own default lets cuDNN round to TF32
            yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        settings.fill_uninitialized_memory = fill  # type: ignore[attr-defined]


def check_precision(precision: str, device: torch.device) -> None:
    """See that a device has the arithmetic that a spec's ``training.precision`` names.

    Raises:
        ValueError: it has not, or there is no such precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"training.precision: unknown {precision!r}; use one of {', '.join(PRECISIONS)}")
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(
            f"training.precision: tf32 needs a CUDA device, and this trains on {device.type}; "
            "set training.precision to float32 or bf16, or train on a GPU"
        )


@contextmanager
def at_precision(precision: str) -> Iterator[None]:
    """The products of training steps inside, as ``training.precision`` asks for; bfloat16 is the ensemble's affair."""
    with _products("tf32" if precision == "tf32" else "ieee"):
        yield


@contextmanager
def _products(rounding: str) -> Iterator[None]:
    """How CUDA rounds the factors of float32 products inside: ``ieee``, not at all, or ``tf32``."""
    places = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)  # type: ignore[attr-defined]
    before = [place.fp32_precision for place in places]
    try:
        for place in places:
            place.fp32_precision = rounding
        yield
    finally:
        for place, was in zip(places, before, strict=True):
            place.fp32_precision = was
