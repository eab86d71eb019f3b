"""Files written whole: a reader sees the old content, the new one or none, whenever the writer dies."""

import os
import uuid
from pathlib import Path


def temporary_beside(path: Path) -> Path:
    """A unique dot name in the same folder, so that a rename stays on one file system."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


def write_synced(path: Path, content: bytes) -> None:
    """Write and force to disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_whole(path: Path, content: bytes) -> None:
    """Create or replace a file in one step."""
    temporary = temporary_beside(path)
    write_synced(temporary, content)
    temporary.replace(path)
    sync_folder(path.parent)


def create_whole(path: Path, content: bytes) -> bool:
    """Create a file with all its content, unless it exists; says whether this call created it.

    A hard link is the one POSIX call that is both atomic with content and exclusive, on NFS too.
    """
    temporary = temporary_beside(path)
    write_synced(temporary, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync_folder(path.parent)
    return True
