"""``ensweep doctor``: checks of this machine, each with a remedy for what could go wrong.

Each topic has a module, which judges facts that are passed to it, so that a test can pass others. Torch and Ray are
imported in separate processes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.base import places
from orchestrator.base.redaction import redact
from orchestrator.doctor import data, gpu, limits, processors, ray_cluster, storage, versions
from orchestrator.doctor.checks import Check, warning
from orchestrator.doctor.probe import Probing

if TYPE_CHECKING:
    from orchestrator.data.check import Checked

__all__ = ["Check", "examine"]

PROBED = ("torch", "ray")
"""Packages that are imported as a test, each in its own process. Torchvision is not: its import takes as long as
torch's, and its requirements show whether it works with this torch."""

DECODING_SECONDS = 300.0
"""Time limit for decoding all data sets of the catalogue. Decoding takes 20 s if none was decoded before."""


def examine(
    data_root: Path | None,
    cache: Path,
    store: Path | str | None = None,
    address: str = "local",
    environment: Mapping[str, str] = os.environ,
) -> tuple[Check, ...]:
    """Run all checks. They take a few seconds, most of them for importing torch.

    Args:
        data_root: folder with data sets, as for ``run``; None for downloads in the cache.
        cache: folder of downloads and decoded data.
        store: the store to be written, a folder or a URL; None for the folder ``results``.
        address: the Ray cluster, as for ``run``.
        environment: variables that a run would see.

    Returns:
        Checks by topic, without secrets. What cannot be examined becomes a warning, and raises no error.
    """
    under_way = {module: Probing(module, environment) for module in PROBED}
    root = Path(store or "results")
    temporary = Path("/tmp")  # where ensweep and Ray put their sockets, whatever TMPDIR says
    probes = {module: probing.result() for module, probing in under_way.items()}
    checked = _checked_data(data_root, cache, environment)
    machine = processors.Machine(os.cpu_count() or 1, limits.cores(), limits.memory())
    written = storage.places(root, cache, temporary, Path("/dev/shm"))
    topics: tuple[tuple[str, Callable[[], Iterable[Check]]], ...] = (
        ("versions", lambda: versions.examine(versions.installation(), probes)),
        ("versions", lambda: versions.examine_places(places.HOME, places.conflict())),
        (
            "ray",
            lambda: ray_cluster.examine(address, environment, proc=limits.PROC, temporary=temporary / "ray"),
        ),
        ("disk", lambda: (finding for place in written for finding in storage.examine(place))),
        ("disk", lambda: storage.examine_locks(root, Path("/proc/mounts"))),
        ("cores", lambda: processors.examine(machine, environment)),
        ("gpu", lambda: gpu.examine(probes["torch"], environment, Path("/dev/nvidia0"))),
        ("data", lambda: data.examine(data_root, cache, checked)),
    )
    found = (finding for topic, look in topics for finding in _guarded(topic, look))
    return tuple(_redacted(finding, environment) for finding in found)


def _checked_data(
    data_root: Path | None, cache: Path, environment: Mapping[str, str]
) -> "Mapping[str, Checked] | None":
    """The state of all data sets present, decoded and checked in a separate process; None if that fails."""
    command = [sys.executable, "-P", "-m", "orchestrator.data.check", str(data_root or ""), str(cache)]
    try:
        done = subprocess.run(
            command,
            env=places.environment(environment),
            capture_output=True,
            text=True,
            timeout=DECODING_SECONDS,
            check=True,
        )
        found: Mapping[str, Checked] = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
    return found


def _guarded(topic: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """The checks of a topic, with a warning in place of an ``OSError`` or ``ValueError``."""
    try:
        yield from look()
    except (OSError, ValueError) as error:
        yield warning(topic, f"could not be looked at: {error}", "mend that, then ask again")


def _redacted(finding: Check, environment: Mapping[str, str]) -> Check:
    return replace(finding, message=redact(finding.message, environment), remedy=redact(finding.remedy, environment))
