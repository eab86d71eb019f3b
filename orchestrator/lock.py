"""One driver a store: an advisory lock that the kernel releases when its owner dies, however it dies."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import StoreInUseError


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file for the time of the block.

    Raises:
        StoreInUseError: another process holds it; the message names its pid, host and age.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreInUseError(
                f"{path.parent} is in use by {describe_owner(path)}; wait for it or stop it"
            ) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}, file)
        file.flush()
        yield


def is_held(path: Path) -> bool:
    """Whether a live driver holds the lock."""
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def describe_owner(path: Path) -> str:
    """Pid, host and age of the owner, as far as the lock file tells."""
    try:
        owner = json.loads(path.read_text())
        minutes = max(0.0, time.time() - owner["since"]) / 60
        return f"process {owner['pid']} on {owner['host']}, for {minutes:.0f} min"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
