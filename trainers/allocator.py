"""Settings of the memory allocator: large pages, and freed memory that stays with the process."""

from __future__ import annotations

import ctypes
import os
import sys

# torch reads this when it first allocates. Allocations of 2 MB or more then use pages of 2 MB, if the kernel grants
# them on request. Training takes some per cent less time (docs/performance.md).
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameter numbers of glibc's mallopt(3)."""
BYTES_KEPT = 2**28
"""Bytes of freed memory that a process may keep: many times the size of a chunk of measured examples."""
LARGEST_FROM_HEAP = 2**25
"""Bytes of the largest allocation that still comes from kept memory: glibc accepts no larger value."""


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next allocation. Without glibc, do nothing.

    By default glibc may return megabytes to the kernel at every free, depending on what was allocated before. Each
    returned page costs a fault when it is next written. These faults doubled the time of measuring robustness.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGEST_FROM_HEAP)
        mallopt(_TRIM_THRESHOLD, BYTES_KEPT)
