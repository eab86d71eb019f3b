"""Running out of memory is known by its many names, and forgiven once."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from orchestrator.base import out_of_memory
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker import halves
from specs.sweep import SweepSpec, expand
from tests.processes import HANG

LIMITED = """
import resource
import torch
from orchestrator.base import out_of_memory
resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
try:
    torch.zeros(2**34)
except Exception as error:
    print(out_of_memory.cause_of(error))
"""

DIED = (
    "The actor died unexpectedly before finishing this task. Worker exit type: SYSTEM_ERROR. There are some potential "
    "root causes. (1) The process is killed by SIGKILL by OOM killer due to high memory usage."
)
"""What Ray guesses of every worker that died: no sign of anything."""


def test_real_allocators_of_this_machine_are_understood() -> None:
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(MemoryError) as of_numpy:
        np.zeros(2**58)
    assert out_of_memory.cause_of(of_torch.value) == "oom"
    assert out_of_memory.cause_of(of_numpy.value) == "oom"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="no limit of the address space")
def test_a_limit_of_the_address_space_is_understood() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=HANG, check=True)
    assert done.stdout == "oom\n"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "oom"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "oom"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), "oom"),
        (RuntimeError("2 worker(s) were killed due to the node running low on memory."), "oom"),
        (RuntimeError(DIED), "error"),
        (ValueError("the sizes do not match"), "error"),
    ],
)
def test_other_names_of_it(error: Exception, cause: str) -> None:
    assert out_of_memory.cause_of(error) == cause


def test_a_stack_has_one_second_chance_whoever_asks(sweep: Callable[..., SweepSpec], tmp_path: Path) -> None:
    first, other = (PlannedStack((trial,)) for trial in expand(sweep())[:2])
    assert halves.may_try_again(first, Store.at(tmp_path))
    assert not halves.may_try_again(first, Store.at(tmp_path))
    assert halves.may_try_again(other, Store.at(tmp_path))
    halves.forget(first, Store.at(tmp_path))
    assert halves.may_try_again(first, Store.at(tmp_path))
