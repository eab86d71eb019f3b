"""What the lock of a store says of its driver, and whether that driver can still be alive."""

import json
import math
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MOST_SECONDS = 3600.0
"""Longest lease; so long, at most, a dead owner elsewhere is waited for."""

LONGEST = 256
"""Characters of the longest text in a record."""


@dataclass(frozen=True)
class Owner:
    """The process that drives a sweep, as its store's lock names it."""

    pid: int
    host: str
    place: str
    """Machine, boot and pid namespace: where the pid means something."""
    born: str
    """When the process started, in the kernel's ticks: a pid can be given again."""
    since: float
    renewed: float
    """Unix time of the owner, for people; nothing is decided by comparing it with another clock alone."""
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    seconds: float = 30.0
    """Its lease: it renews several times within it, whatever period another driver was given."""
    released: bool = False
    progress: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def mine(cls, seconds: float) -> "Owner":
        """A record of this process, with a lease for so long."""
        now = time.time()
        return cls(os.getpid(), socket.gethostname(), _place(), _born(os.getpid()), now, now, seconds=seconds)

    @classmethod
    def read(cls, content: bytes) -> "Owner | None":
        """The record in a lock; None where it holds none."""
        try:
            record = cls(**json.loads(content))
            return record if record._is_sound() else None
        except (ValueError, TypeError, RecursionError, OverflowError):
            return None

    def _is_sound(self) -> bool:
        """Whether each field is what it should be: a lock may have been damaged, or written by anybody."""
        texts = (self.host, self.place, self.born, self.token)
        numbers = (self.since, self.renewed, self.seconds)
        return (
            type(self.pid) is int
            and 0 < self.pid < 2**32
            and all(isinstance(text, str) and len(text) < LONGEST and text.isprintable() for text in texts)
            and all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
            and 0 < self.seconds <= MOST_SECONDS
            and isinstance(self.released, bool)
            and isinstance(self.progress, dict)
        )

    def content(self) -> bytes:
        """As the lock holds it."""
        return json.dumps(asdict(self), indent=1).encode()

    @property
    def is_dead(self) -> bool:
        """Whether the owner is known to be gone: released, or a process of this machine that is no more."""
        return self.released or (self.place == _place() != "" and _is_gone(self.pid, self.born))

    @property
    def is_silent(self) -> bool:
        """Whether the last renewal is longer ago than its lease, or in the future by this machine's clock."""
        return not 0 <= time.time() - self.renewed < self.seconds

    def described(self) -> str:
        """Pid, host and age, for a message."""
        now = time.time()
        age, silence = max(0.0, now - self.since), max(0.0, now - self.renewed)
        return f"process {self.pid} on {self.host}, for {age / 60:.0f} min, last heard of {silence:.0f} s ago"


def _place() -> str:
    """Names the machine since its start, and its pid namespace; empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """Start time of a process in ticks since boot; empty where there is no such process."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *rest = facts[facts.rindex(")") + 2 :].split()
    return "" if state in "ZX" else rest[18]


def _is_gone(pid: int, born: str) -> bool:
    """Whether the process that was born then is no more; False where another user's processes cannot be seen."""
    if found := _born(pid):
        return found != born
    try:
        os.kill(pid, 0)
    except PermissionError:
        return False
    except OSError:
        pass
    return True  # not there, or a zombie
