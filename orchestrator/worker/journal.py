"""A log of what each process did to which trial, for examination after a process died."""

import json
import os
import socket
import time
from pathlib import Path


class Journal:
    """This process's file below the store's logs: one JSON object per line, each written in one call."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / "workers" / f"{socket.gethostname()}-{os.getpid()}.jsonl"

    def note(self, event: str, trial_id: str, **facts: str | int) -> None:
        """Append an event. An error in writing the log is ignored.

        Args:
            event: ``begun``, ``trained`` (its first epoch in this process), ``committed`` (this attempt counts),
                ``late`` (another was first), ``failed``.
            trial_id: the trial.
            facts: further fields of the line.
        """
        line = json.dumps({"at": time.time(), "pid": os.getpid(), "event": event, "trial": trial_id, **facts})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(f"{line}\n")
        except OSError:
            return
