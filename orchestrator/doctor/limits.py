"""Cores and memory that this process may use, under CPU affinity and control groups."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")


def cores(groups: Path = GROUPS, proc: Path = PROC) -> int:
    """Number of cores that this process may keep busy: the least of its affinity and its groups' quotas, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _folders(groups, proc) if (quota := _quota(folder)) is not None]
    return max(1, math.floor(min([allowed, *quotas])))


def memory(groups: Path = GROUPS, proc: Path = PROC) -> int | None:
    """Bytes that this process can still allocate: the least that machine and groups have left; None if unknown."""
    rooms = [room for folder in _folders(groups, proc) if (room := _room(folder)) is not None]
    lines = _text(proc / "meminfo").splitlines()
    rooms.extend(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return max(0, min(rooms)) if rooms else None


def _folders(groups: Path, proc: Path) -> Iterator[Path]:
    """Folders of this process's control groups (version 1 or 2) and of all their parents. Each may set a limit."""
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
    """Bytes left under a group's limit, including file pages that the kernel can reclaim; None without a limit."""
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
