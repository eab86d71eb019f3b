"""What the lock of a store says of its driver, and whether that driver can still be alive."""

import json
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Driver:
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
    released: bool = False
    progress: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def mine(cls) -> "Driver":
        """A record of this process."""
        now = time.time()
        return cls(os.getpid(), socket.gethostname(), _place(), _born(os.getpid()), now, now)

    @classmethod
    def read(cls, content: bytes) -> "Driver | None":
        """The record in a lock; None where it holds none."""
        try:
            record = cls(**json.loads(content))
            return record if isinstance(record.renewed, float) and isinstance(record.since, float) else None
        except (ValueError, TypeError, RecursionError):
            return None

    def content(self) -> bytes:
        """As the lock holds it."""
        return json.dumps(asdict(self), indent=1).encode()

    @property
    def is_dead(self) -> bool:
        """Whether the owner is known to be gone: released, or a process of this machine that is no more."""
        return self.released or (self.place == _place() != "" and _born(self.pid) != self.born)

    def is_silent(self, seconds: float) -> bool:
        """Whether the last renewal is long ago, or in the future by this machine's clock."""
        return not 0 <= time.time() - self.renewed < seconds

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
