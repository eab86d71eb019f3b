"""Where a store's bytes lie: a folder, or a prefix of a bucket. The same operations on both.

Nothing is ever changed in place. Content appears whole under its key, or not at all, whenever the writer dies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from specs.format.errors import StoreError
from specs.format.reader import Reader


@dataclass(frozen=True)
class Entry:
    """Something in a store."""

    key: str
    size: int
    """Bytes."""
    modified: float
    """Unix time, by the clock of whoever keeps the bytes."""


class Storage(Reader, Protocol):
    """A store's bytes, to read and to write. Instances travel to workers by pickling."""

    @property
    def folder(self) -> Path | None:
        """Where it lies on this machine; None on object storage."""

    def create(self, key: str, content: bytes) -> bool:
        """Put content under a key that holds nothing, in one step; says whether this call did.

        Raises:
            StoreError: it cannot be written.
        """

    def replace(self, key: str, content: bytes) -> None:
        """Put content under a key, whatever it holds, in one step.

        Raises:
            StoreError: it cannot be written.
        """

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """Content, and a tag that changes with it, for :meth:`replace_tagged`.

        Raises:
            FileNotFoundError: there is nothing under the key.
        """

    def replace_tagged(self, key: str, content: bytes, tag: str) -> bool:
        """Replace content only if it still has this tag; says whether it had.

        Raises:
            StoreError: it cannot be written.
        """

    def entries(self, prefix: str) -> list[Entry]:
        """Everything under a prefix, by key."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove what is under these keys, if anything is.

        Raises:
            StoreError: something cannot be removed.
        """


@dataclass(frozen=True)
class Below:
    """The part of a storage under a prefix."""

    storage: Storage
    prefix: str

    def read(self, key: str) -> bytes:
        """See :meth:`specs.format.reader.Reader.read`."""
        return self.storage.read(self.prefix + key)

    def replace(self, key: str, content: bytes) -> None:
        """See :meth:`Storage.replace`."""
        self.storage.replace(self.prefix + key, content)

    def create(self, key: str, content: bytes) -> bool:
        """See :meth:`Storage.create`."""
        return self.storage.create(self.prefix + key, content)

    def delete(self, keys: Iterable[str]) -> None:
        """See :meth:`Storage.delete`."""
        self.storage.delete([self.prefix + key for key in keys])


def check_key(key: str, url: str) -> None:
    """See that a key stays in its store.

    Raises:
        StoreError: it leads out.
    """
    pure = PurePosixPath(key)
    if pure.is_absolute() or ".." in pure.parts or "\0" in key:
        raise StoreError(f"{key!r} leads out of the store {url}")


def open_storage(place: str | Path) -> Storage:
    """The storage at a path or at an ``s3://bucket/prefix``. Touches nothing yet.

    Raises:
        StoreError: object storage of another kind, or an address with a password in it.
    """
    scheme = urlsplit(str(place)).scheme if "://" in str(place) else ""
    if not scheme or scheme == "file":
        from orchestrator.stores.storage.local import LocalStorage

        return LocalStorage(Path(str(place).removeprefix("file://")))
    if scheme == "s3":
        from orchestrator.stores.storage.s3 import S3Storage

        return S3Storage.at(str(place))
    raise StoreError(f"stores on {scheme}:// cannot be used; give a folder or s3://bucket/prefix")
