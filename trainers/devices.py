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


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Deterministic algorithms inside, the caller's setting outside: worker processes are used again."""
    mode = torch.get_deterministic_debug_mode()
    fill = settings.fill_uninitialized_memory  # type: ignore[attr-defined]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    torch.set_deterministic_debug_mode("error")  # the other setter imports the compiler: two seconds
    settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing here reads memory that nobody wrote
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        settings.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
