"""``ensweep doctor``: what could go wrong with this machine, each with its remedy.

One file a topic; each judges facts that it is given, so that a test can give others. Torch and Ray are
imported in processes of their own.
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
from orchestrator.doctor.findings import Finding, warning
from orchestrator.doctor.probe import Probing

if TYPE_CHECKING:
    from orchestrator.data.check import Checked

__all__ = ["Finding", "examine"]

PROBED = ("torch", "ray")
"""What is imported, each in a process. Torchvision is not: that takes as long again, and whether it works with this
torch is told by what it asks for."""

DECODING_SECONDS = 300.0
"""For all data sets of the catalogue, which take 20 s where nothing of them was decoded before."""


def examine(
    data_root: Path | None,
    cache: Path,
    store: Path | str | None = None,
    address: str = "local",
    environment: Mapping[str, str] = os.environ,
) -> tuple[Finding, ...]:
    """Look at everything; takes a few seconds, most of them for importing torch.

    Args:
        data_root: folder with data sets, as of ``run``; None for downloads in the cache.
        cache: folder of downloads and decoded data.
        store: the store to be written, a folder or a URL; None for the folder ``results``.
        address: the Ray cluster, as of ``run``.
        environment: variables that a run would see.

    Returns:
        Findings by topic, without secrets. Whatever cannot be looked at is a finding too, never an error raised.
    """
    under_way = {module: Probing(module, environment) for module in PROBED}
    root = Path(store or "results")
    temporary = Path("/tmp")  # where ensweep and Ray put their sockets, whatever TMPDIR says
    probes = {module: probing.result() for module, probing in under_way.items()}
    checked = _checked_data(data_root, cache, environment)
    machine = processors.Machine(os.cpu_count() or 1, limits.cores(), limits.memory())
    written = storage.places(root, cache, temporary, Path("/dev/shm"))
    topics: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
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
    """The data sets that are there, decoded and checked in a process; None where that cannot be done."""
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


def _guarded(topic: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """A topic's findings; what the system refuses to show is one of them."""
    try:
        yield from look()
    except (OSError, ValueError) as error:
        yield warning(topic, f"could not be looked at: {error}", "mend that, then ask again")


def _redacted(finding: Finding, environment: Mapping[str, str]) -> Finding:
    return replace(finding, message=redact(finding.message, environment), remedy=redact(finding.remedy, environment))
