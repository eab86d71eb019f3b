"""The device that trains: its choice, name and memory, deterministic algorithms, and the precision of products."""

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
GRAPH_SHARE = 0.7
"""Share of a GPU's free memory that a graph may keep. A training step takes more than that: on an H200, its peak was
10.1 GiB where the graph of 16 DenseNets of depth 64 keeps 8.1 GiB, so one graph of the largest share takes 7/8 of what
is free."""


def choose_device(name: str) -> torch.device:
    """The device called ``name``; "auto" is CUDA if torch finds it, otherwise the CPU.

    Raises:
        ValueError: the name is neither auto nor a CPU or CUDA device, or it asks for CUDA and torch finds none.
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
    """Peak memory in bytes: on CUDA the most allocated since :func:`deterministic` began, on a CPU the largest resident
    size of the process so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def memory_for_a_graph(device: torch.device) -> int:
    """Bytes of activations that one autograd graph may keep.

    On a CPU this is a quarter of the machine's memory per core, times the threads of this process, because other
    processes train on the other cores. On a GPU it is a share of the memory that is free now.
    """
    if device.type != "cpu":
        return int(GRAPH_SHARE * free_memory(device))
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return memory // (4 * cores) * min(torch.get_num_threads(), cores)


def free_memory(device: torch.device) -> int:
    """Bytes of a GPU that this process can get: those that nobody holds, and those that torch keeps from earlier
    work of this process without using them."""
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + unused


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Use deterministic algorithms and float32 products without rounded factors inside the block.

    The caller's settings come back afterwards, since a process may go on to do other work.
    """
    mode = torch.get_deterministic_debug_mode()
    fill = settings.fill_uninitialized_memory  # type: ignore[attr-defined]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms() imports the compiler: two seconds
    settings.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing here reads memory that nobody wrote
    try:
        with _products("ieee"):  # torch's own default lets cuDNN round to TF32
            yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        settings.fill_uninitialized_memory = fill  # type: ignore[attr-defined]


def check_precision(precision: str, device: torch.device) -> None:
    """Check that a device supports the arithmetic that a spec's ``training.precision`` names.

    Raises:
        ValueError: the device does not support it, or there is no such precision.
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
    """Compute CUDA's float32 products inside the block as ``training.precision`` asks: in TF32, or exactly.

    ``bf16`` changes nothing here; :func:`trainers.ensembles.gradients_for` rounds the forward pass.
    """
    with _products("tf32" if precision == "tf32" else "ieee"):
        yield


@contextmanager
def _products(rounding: str) -> Iterator[None]:
    """Set how CUDA rounds the factors of float32 products inside the block: ``ieee`` (not at all) or ``tf32``."""
    places = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)  # type: ignore[attr-defined]
    before = [place.fp32_precision for place in places]
    try:
        for place in places:
            place.fp32_precision = rounding
        yield
    finally:
        for place, was in zip(places, before, strict=True):
            place.fp32_precision = was
