"""The environment that produced a number: an allow-list of versions, device and threads.

It holds no paths, hosts, users or secrets.
"""

import hashlib
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from specs.format.commits import Commit
from specs.format.environments import NUMERIC_PACKAGES
from specs.identity import NUMERICS_VERSION, canonical_json

PACKAGES = ("ensweep", "torch", "torchvision", "numpy", "ray")


def environment(device: str, threads: int, data: str, data_is: str) -> dict[str, str | int | None]:
    """The environment of a trial: whatever could change its numbers besides its spec.

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
    """A hash of an environment, cut to 12 hexadecimal digits; equal environments have equal hashes."""
    return hashlib.sha256(canonical_json(environment).encode()).hexdigest()[:12]


def differences(commits: Iterable[Commit], threads: int) -> list[str]:
    """Items that may change numbers and that differ between committed trials and this process, as sentences.

    Args:
        commits: the committed trials.
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
    """The Git commit of this checkout, with ``+changes`` if tracked files differ; None outside a checkout."""
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
