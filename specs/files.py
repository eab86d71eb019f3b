"""Files that are written whole: a reader sees the old content, the new content or none, whenever the writer dies."""

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
        OSError: the file cannot be written; its earlier content is unchanged unless syncing the folder failed.
    """
    with staged(path) as temporary:
        write_synced(temporary, content)
        temporary.replace(path)
        sync_folder(path.parent)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A unique path in the same folder, whose name starts with a dot, to be written and then renamed or linked.

    The path is removed afterwards. The rename stays within one file system, so it is a single step.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and force it to disk. A missing folder is created, even if another process removes it meanwhile."""
    with _opened(path) as file:
        faults.write("write.piece", file, content)
        force(file)
    faults.point("write.synced")


def force(file: BinaryIO) -> None:
    """Force a file's written content to disk."""
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
