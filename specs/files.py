"""Files written whole: a reader sees the old content, the new one or none, whenever the writer dies."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from specs import faults


def replace_whole(path: Path, content: bytes) -> None:
    """Create or replace a file in one step.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    with staged(path) as temporary:
        write_synced(temporary, content)
        temporary.replace(path)
        sync_folder(path.parent)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A unique dot name in the same folder, to be written and then renamed or linked; it is gone afterwards.

    The rename stays on one file system, and thereby is one step.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_synced(path: Path, content: bytes) -> None:
    """Write and force to disk; the folder is made, again if somebody tidies it away meanwhile."""
    with _opened(path) as file:
        faults.write("write.piece", file, content)
        force(file)
    faults.point("write.synced")


def force(file: BinaryIO) -> None:
    """Force what was written to disk."""
    file.flush()
    os.fsync(file.fileno())


def _opened(path: Path) -> BinaryIO:
    for _ in range(3):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return path.open("wb")
    return path.open("wb")


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
