"""Finds the processes that a test started, and no others, by an environment variable that they inherit."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

HANG = 120.0
"""Seconds that no machine needs, however slow and busy, for what ends by itself: only a hang meets this limit."""

VARIABLE = "ENSWEEP_TEST_FAMILY"
"""Environment variable that all descendants inherit, whatever session or process group they move to."""


class Family:
    """All living processes that descend from those that were started with :attr:`environment`."""

    def __init__(self) -> None:
        self._mark = f"{VARIABLE}={uuid.uuid4().hex}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment for the first processes of the family."""
        name, _, value = self._mark.partition("=")
        return {**os.environ, name: value}

    def pids(self, words: str = "") -> set[int]:
        """Pids of the family's live processes, without zombies, whose command line contains ``words``."""
        return {pid for pid in map(int, _numbers()) if self._has(pid) and words in command_line(pid)}

    def _has(self, pid: int) -> bool:
        try:
            return self._mark.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:  # ended meanwhile, a zombie, or another user's
            return False


def command_line(pid: int) -> str:
    """Command line of a live process; empty for any other."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def state(pid: int) -> str:
    """The kernel's letter for a process, such as T for a stopped one; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_for(condition: Callable[[], object], seconds: float = HANG) -> float:
    """Wait until the condition holds; returns the seconds that this took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"waited over {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started


def _numbers() -> list[str]:
    return [path.name for path in Path("/proc").glob("[0-9]*")]
