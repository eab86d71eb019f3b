"""Runs the real command line with a fault: ``python -m tests.e2e.faulty PLACE NUMBER FAULT ENSWEEP-ARGUMENTS...``.

The fault happens when the place is passed for the NUMBERth time; with 0, every time. Faults are ``kill`` (SIGKILL),
``term`` (SIGTERM), ``stop`` (SIGSTOP), ``full`` (no space left), ``full for good`` (none for any write from then on),
``memory`` (out of memory), ``error``, ``hold`` (waits there until the file ``GO`` exists) and ``slow``.
"""

import errno
import os
import signal
import sys
import time
from pathlib import Path

from specs import faults

TOLD = "ENSWEEP_TEST_TOLD"
"""Environment variable whose value is part of an ``error``'s message."""

GO = "ENSWEEP_TEST_GO"
"""Environment variable that names the file for which ``hold`` waits."""

SLOW_SECONDS = 0.05
"""Pause of ``slow``. An epoch of 24 such batches takes over a second, on however fast a machine. An endless training
with such epochs leaves the processors to others."""

SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "stop": signal.SIGSTOP}


def handler(place: str, number: int, fault: str) -> faults.Handler:
    """A handler of fault points that makes the fault happen."""
    passed = 0

    def happen(name: str) -> None:
        nonlocal passed
        if fault == "full for good" and passed >= number and name == "write.piece":
            _fill()
        if name == place:
            passed += 1
            if number in (0, passed):
                _make(fault, place)

    return happen


def _make(fault: str, place: str) -> None:
    if fault in SIGNALS:
        os.kill(os.getpid(), SIGNALS[fault])
    elif fault == "error":
        raise ValueError(f"a fault at {place}: {os.environ.get(TOLD, 'nothing to tell')}")
    elif fault in FAULTS:
        FAULTS[fault]()


def _fill() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _exhaust_memory() -> None:
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def _hold() -> None:
    while not Path(os.environ[GO]).exists():
        time.sleep(0.02)


def _slow() -> None:
    time.sleep(SLOW_SECONDS)


FAULTS = {"full": _fill, "memory": _exhaust_memory, "hold": _hold, "slow": _slow}


def main() -> None:
    place, number, fault, *arguments = sys.argv[1:]

    from orchestrator import cli

    sys.argv = ["ensweep", *arguments]
    with faults.handled(handler(place, int(number), fault)):
        cli.main()


if __name__ == "__main__":
    main()
