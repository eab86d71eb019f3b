"""Freed memory stays: pages are faulted in once and not at every allocation."""

import subprocess
import sys

import pytest

from tests.processes import HANG

ALLOCATING = """
import resource, sys
import torch
from trainers.allocator import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
for turn in range(20):
    if turn == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for size in (2**20, 2**22):  # 4 and 16 MB
        torch.empty(size).fill_(1.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
PAGES = 20 * 2**20 // 4096


def faults(kept: str) -> int:
    small = "1000000"  # as glibc's own start, but without what it learns on its way
    environment = {
        "THP_MEM_ALLOC_ENABLE": "0",
        "MALLOC_MMAP_THRESHOLD_": small,
        "MALLOC_TRIM_THRESHOLD_": small,
    }
    command = [sys.executable, "-c", ALLOCATING, kept]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=HANG)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_pages_are_faulted_in_once():
    assert faults("given back") > 8 * PAGES  # in ten turns
    assert faults("kept") < PAGES
