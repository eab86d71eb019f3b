"""Where the process's memory comes from: large pages, and freed memory that stays."""

from __future__ import annotations

import ctypes
import os
import sys

# torch reads this when it first allocates: what takes 2 MB or more lies in pages of 2 MB where the kernel gives them
# on request, and training takes some per cent less time (docs/performance.md).
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of glibc's mallopt(3)."""
BYTES_KEPT = 2**28
"""Bytes of freed memory that a process may keep: many times what a chunk of measured examples takes."""
LARGEST_FROM_HEAP = 2**25
"""Bytes of an allocation that still comes from kept memory: the largest that glibc takes."""


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next allocation; elsewhere do nothing.

    Left to itself it hands megabytes back to the kernel at every free, or at none: that depends on what was allocated
    before. Each page then costs a fault when it is next written, which doubled the time of measuring robustness.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGEST_FROM_HEAP)
        mallopt(_TRIM_THRESHOLD, BYTES_KEPT)
