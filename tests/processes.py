"""Processes that a test started, found by what they inherit: whatever else runs on this machine is not theirs."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

HANG = 120.0
"""Seconds that no machine needs, however slow and busy, for what ends by itself: only a hang meets this limit."""

VARIABLE = "ENSWEEP_TEST_FAMILY"
"""Children inherit it, and theirs do, whatever session or group they move to."""


class Family:
    """All living processes that descend from those that were started with :attr:`environment`."""

    def __init__(self) -> None:
        self._mark = f"{VARIABLE}={uuid.uuid4().hex}"

    @property
    def environment(self) -> dict[str, str]:
        """For the first of them."""
        name, _, value = self._mark.partition("=")
        return {**os.environ, name: value}

    def pids(self, words: str = "") -> set[int]:
        """Those alive, no zombies; with these words in their command line."""
        return {pid for pid in map(int, _numbers()) if self._has(pid) and words in command_line(pid)}

    def _has(self, pid: int) -> bool:
        try:
            return self._mark.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:  # ended meanwhile, a zombie, or another user's
            return False


def command_line(pid: int) -> str:
    """Of a living process; empty for others."""
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
    """Wait until the condition holds; returns for how long."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"waited over {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started


def _numbers() -> list[str]:
    return [path.name for path in Path("/proc").glob("[0-9]*")]
