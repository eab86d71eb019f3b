"""Where a number comes from: an allow-list of versions, device and threads. No paths, hosts, users or secrets."""

import hashlib
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from specs.format.commits import Commit
from specs.identity import NUMERICS_VERSION, canonical_json

NUMERIC_PACKAGES = ("torch", "numpy")
"""Whose versions may change a trial's numbers."""
DECISIVE = (*NUMERIC_PACKAGES, "numerics", "machine", "device", "threads", "stack", "data")
"""What of an environment may change a trial's numbers."""
PACKAGES = ("ensweep", "torch", "torchvision", "numpy", "ray")


def environment(device: str, threads: int, data: str, data_is: str) -> dict[str, str | int | None]:
    """What could change a trial's numbers besides its spec.

    Args:
        device: what trained it, such as ``cpu`` or the GPU's name.
        threads: CPU threads of the worker.
        data: fingerprint of the data set.
        data_is: ``published``, ``other`` or ``unknown``: whether it is the published data set of its name.
    """
    return {
        **{package: _version(package) for package in PACKAGES},
        "numerics": NUMERICS_VERSION,
        "source": source_state(),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "device": device,
        "threads": threads,
        "data": data,
        "data_is": data_is,
    }


def fingerprint(environment: dict[str, str | int | None]) -> str:
    """A short name for an environment: equal environments, equal names."""
    return hashlib.sha256(canonical_json(environment).encode()).hexdigest()[:12]


def differences(commits: Iterable[Commit], threads: int) -> list[str]:
    """In which respects that may change numbers committed trials were trained elsewhere than this process would.

    Args:
        commits: what was committed.
        threads: CPU threads that this process would give a worker.
    """
    now: dict[str, str | int | None] = {name: _version(name) for name in NUMERIC_PACKAGES}
    now |= {"numerics": NUMERICS_VERSION, "machine": platform.machine(), "threads": threads}
    others: Counter[tuple[str, str | int | None]] = Counter()
    for commit in commits:
        for name, value in now.items():
            if commit.environment.get(name, value) != value:
                others[name, commit.environment[name]] += 1
    return [
        f"{count} committed {'trial was' if count == 1 else 'trials were'} trained with {name} {value}, not {now[name]}"
        for (name, value), count in others.items()
    ]


@lru_cache(maxsize=1)
def source_state() -> str | None:
    """The commit of this checkout, with ``+changes`` where files differ; None where it is no checkout."""
    if not _git("ls-files", Path(__file__).name):  # installed somewhere inside another project's checkout
        return None
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return None
    return commit + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
