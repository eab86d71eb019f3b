"""A store in a folder: local disk or NFS."""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from orchestrator.stores.storage import Entry, check_key
from specs import faults, files
from specs.format.errors import StoreError, StoreFullError, StoreUnreadableError

GUARD_SECONDS = 5.0
"""Most seconds to wait while another process compares and replaces: milliseconds, unless that process is stopped."""

ATTEMPTS = 3
"""Times that a file is written whose temporary file another process deletes."""

FULL = (errno.ENOSPC, errno.EDQUOT)

DAMAGED = (errno.EIO, errno.EBADMSG, getattr(errno, "EUCLEAN", errno.EIO))
"""Errors by which a disk reports that it lost data. Any other read error may be temporary."""


class LocalStorage:
    """A storage in a folder.

    Content is written under a name with a dot beside its key, synced to disk, and then linked or renamed in one step.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root.absolute()

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def path(self, key: str) -> Path:
        """Path of a key.

        Raises:
            StoreError: the key leads out of the store.
        """
        check_key(key, self.url)
        return self.folder / key

    def read(self, key: str) -> bytes:
        """See :class:`specs.format.reader.Reader`."""
        path = self.path(key)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise
        except (NotADirectoryError, IsADirectoryError) as error:
            raise FileNotFoundError(*error.args) from error
        except OSError as error:
            raise _unreadable(path, error) from error

    def read_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """See :class:`specs.format.reader.Reader`."""
        found = {}
        for key in keys:
            try:
                found[key] = self.read(key)
            except FileNotFoundError:
                continue
            except StoreUnreadableError as error:
                if not _is_damage(error):
                    raise
        return found

    def keys(self, prefix: str) -> list[str]:
        """See :class:`specs.format.reader.Reader`."""
        return sorted(self._files(prefix))

    def entries(self, prefix: str) -> list[Entry]:
        """See :class:`orchestrator.stores.storage.Storage`."""
        found = []
        for key in self._files(prefix):
            with suppress(FileNotFoundError):  # removed meanwhile
                facts = (self.folder / key).stat()
                found.append(Entry(key, facts.st_size, facts.st_mtime))
        return sorted(found, key=lambda entry: entry.key)

    def _files(self, prefix: str) -> Iterator[str]:
        start = self.path(prefix) if prefix else self.folder
        for folder, _, names in os.walk(start, onerror=_unlisted):
            for name in names:
                yield (Path(folder) / name).relative_to(self.folder).as_posix()

    def create(self, key: str, content: bytes) -> bool:
        """See :class:`orchestrator.stores.storage.Storage`.

        A hard link is the one POSIX call that is both atomic with content and exclusive, on NFS too.
        """
        with self._written(key, content) as (temporary, path):
            try:
                os.link(temporary, path)
            except FileExistsError:
                # If an NFS server's answer is lost, the repeated request finds the link that the first one made.
                return path.stat().st_ino == temporary.stat().st_ino
            faults.point("create.linked")
            _sync(path.parent)
        return True

    def replace(self, key: str, content: bytes) -> None:
        """See :class:`orchestrator.stores.storage.Storage`.

        Whoever deletes the folder's files meanwhile takes the temporary one too. The file is then written again.
        """
        for left in reversed(range(ATTEMPTS)):
            with self._written(key, content) as (temporary, path):
                try:
                    temporary.replace(path)
                except FileNotFoundError:
                    if left:
                        continue
                    raise
                faults.point("replace.renamed")
                _sync(path.parent)
                return

    @contextmanager
    def _written(self, key: str, content: bytes) -> Iterator[tuple[Path, Path]]:
        """Write content to disk under a temporary name; yields that path, and the path that is meant.

        The temporary name is removed afterwards.
        """
        path = self.path(key)
        try:
            with files.staged(path) as temporary:
                files.write_synced(temporary, content)
                yield temporary, path
        except OSError as error:
            raise _unwritable(path, error) from error

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """See :class:`orchestrator.stores.storage.Storage`; the tag is the content's SHA-256."""
        content = self.read(key)
        return content, hashlib.sha256(content).hexdigest()

    def replace_tagged(self, key: str, content: bytes, tag: str) -> bool:
        """See :class:`orchestrator.stores.storage.Storage`; a kernel lock excludes other processes meanwhile."""
        if not self.path(key).is_file():  # a missing key must not get a guard file
            return False
        try:
            with _guarded(self.path(f"{key}.guard")):
                if self.read_tagged(key)[1] != tag:
                    return False
                self.replace(key, content)
        except FileNotFoundError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """See :class:`orchestrator.stores.storage.Storage`; folders that become empty are removed too."""
        for key in keys:
            path = self.path(key)
            try:
                path.unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError as error:
                raise StoreError(
                    f"cannot remove {path}: {error.strerror}; see that its folder can be written"
                ) from error
            self._remove_empty(path.parent)

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder and those above it while they are empty.

        The folders of the first level stay, because they show what a store is. So does the store's own folder, because
        it is the user's.
        """
        while self.folder not in (folder, folder.parent) and folder.is_relative_to(self.folder):
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def _unwritable(path: Path, error: OSError) -> StoreError:
    if error.errno in FULL:
        return StoreFullError(
            f"cannot write {path}: {error.strerror}; what is committed is safe; "
            "free some space (ensweep gc names what can go) and run the same command again"
        )
    return StoreError(f"cannot write {path}: {error.strerror}; see that its folder can be written")


def _unreadable(path: Path, error: OSError) -> StoreUnreadableError:
    return StoreUnreadableError(f"cannot read {path}: {error.strerror}; see that you may read it")


def _is_damage(error: StoreUnreadableError) -> bool:
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in DAMAGED


def _unlisted(error: OSError) -> None:
    """Ignore a folder that is gone. A folder that cannot be listed must not pass for an empty one.

    Raises:
        StoreUnreadableError: a folder cannot be listed.
    """
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise _unreadable(Path(error.filename), error) from error


def _sync(folder: Path) -> None:
    with suppress(FileNotFoundError):  # its last file was removed meanwhile, and the folder with it
        files.sync_folder(folder)


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    with _opened(path) as file:
        _lock(file)
        yield


def _lock(file: TextIO) -> None:
    """Take the kernel's lock, or continue without it after ``GUARD_SECONDS``.

    Some network file systems have no locks, and a holder may have been stopped during its comparison. Then two drivers
    may take over at the same instant. Results are safe even so, because commits are exclusive.
    """
    end = time.monotonic() + GUARD_SECONDS
    while time.monotonic() < end:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
                raise
            return
        else:
            return
