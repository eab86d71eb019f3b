"""What each process did to which trial, line by line: the log to look into after a death."""

import json
import os
import socket
import time
from pathlib import Path


class Journal:
    """A file of this process below the store's logs, one JSON object a line, each written in one call."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / "workers" / f"{socket.gethostname()}-{os.getpid()}.jsonl"

    def note(self, event: str, trial_id: str, **facts: str | int) -> None:
        """Append an event; a log that cannot be written ends nothing.

        Args:
            event: ``begun``, ``trained`` (its first epoch in this process), ``committed`` (this attempt counts),
                ``late`` (another was first), ``failed``.
            trial_id: whose.
            facts: what else to say.
        """
        line = json.dumps({"at": time.time(), "pid": os.getpid(), "event": event, "trial": trial_id, **facts})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(f"{line}\n")
        except OSError:
            return
