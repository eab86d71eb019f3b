"""Imports a package in a separate process, because the import may fail, hang or crash.

This file runs as a script, by its path, so that neither the working folder nor a broken installation interferes. It
must import nothing of this project.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_SECONDS = 60.0
"""Time limit of a probe: a driver that hangs must not hang the doctor. A cold import of torch from a network disk takes
half of it."""

MARK = "probe: "
"""Prefix of the line that holds the answer."""


@dataclass(frozen=True)
class Probe:
    """The result of an import in a fresh process."""

    fault: str | None
    """Why the import failed, in one line; None if it succeeded."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For torch: ``cuda``, the CUDA version that it was built for, and ``gpus``. Empty for other packages."""


class Probing:
    """A probe that is running. Several can run at once."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, module],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(environment),
        )

    def result(self, timeout: float = TIMEOUT_SECONDS) -> Probe:
        """Wait for the probe. A process that fails or hangs is reported as a fault, and raises no error."""
        try:
            output, errors = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return Probe(f"did not answer within {timeout:g} s")
        for line in output.splitlines():  # an import may print lines of its own
            if line.startswith(MARK):
                answer = json.loads(line.removeprefix(MARK))
                return Probe(answer.pop("fault"), answer)
        return Probe(f"its process ended with {self._process.returncode}: {(errors.strip() or '-').splitlines()[-1]}")


def look(module: str) -> dict[str, Any]:
    """Import a module; for torch, query the GPUs too."""
    try:
        found = importlib.import_module(module)
        return {"fault": None, **(_gpus(found) if module == "torch" else {})}
    except Exception as error:  # whatever an import raises is the finding
        return {"fault": f"{type(error).__name__}: {' '.join(str(error).split())}"}


def _gpus(torch: Any) -> dict[str, Any]:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {"cuda": torch.version.cuda, "gpus": [_gpu(torch, index) for index in range(count)]}


def _gpu(torch: Any, index: int) -> dict[str, Any]:
    """Name, memory in bytes, and fault of a GPU: why a small sum on it failed, or None.

    A GPU may be too old or too new for this torch.
    """
    properties = torch.cuda.get_device_properties(index)
    fault = None
    try:
        torch.ones(2, device=f"cuda:{index}").sum().item()
    except Exception as error:
        fault = " ".join(str(error).split())[:200]
    return {"name": properties.name, "memory": properties.total_memory, "fault": fault}


if __name__ == "__main__":
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    sys.stdout.write(f"\n{MARK}{json.dumps(look(sys.argv[1]))}\n")
