"""What this process may use: cores and memory, after affinity and control groups."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")


def cores(groups: Path = GROUPS, proc: Path = PROC) -> int:
    """Cores that this process may keep busy: its affinity, or its groups' quota where that is less; 1 at least."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _folders(groups, proc) if (quota := _quota(folder)) is not None]
    return max(1, math.floor(min([allowed, *quotas])))


def memory(groups: Path = GROUPS, proc: Path = PROC) -> int | None:
    """Bytes that this process could still take: the machine's, or its groups' where that is less; None if unknown."""
    rooms = [room for folder in _folders(groups, proc) if (room := _room(folder)) is not None]
    lines = _text(proc / "meminfo").splitlines()
    rooms.extend(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return max(0, min(rooms)) if rooms else None


def _folders(groups: Path, proc: Path) -> Iterator[Path]:
    """The control groups of this process and all above them, of version 2 or 1: each may set a limit."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            top = groups / controller
            own = top / path.lstrip("/")
            yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(top))


def _quota(folder: Path) -> float | None:
    """Cores that a group may use; None without a limit."""
    text = _text(folder / "cpu.max") or f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}"
    quota, _, period = " ".join(text.split()).partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _room(folder: Path) -> int | None:
    """Bytes left under a group's limit, counting file pages that the kernel would give up; None without a limit."""
    for limit, usage, pages in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most, used = _text(folder / limit).strip(), _text(folder / usage).strip()
        if most.isdigit() and used.isdigit():
            statistics = dict(line.split(" ", 1) for line in _text(folder / "memory.stat").splitlines())
            return int(most) - int(used) + int(statistics.get(pages, 0))
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
