"""The interface for reading a store, on a file system or on object storage."""

from collections.abc import Iterable
from typing import Protocol


class Reader(Protocol):
    """Reads a store by the keys of :mod:`specs.format.layout`. Every storage is one."""

    @property
    def url(self) -> str:
        """The store's path or URL, as a user writes it."""

    def read(self, key: str) -> bytes:
        """The content of a key.

        Raises:
            FileNotFoundError: the key does not exist.
            OSError: the content cannot be read.
        """

    def read_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The contents of many keys at once. Missing and damaged keys are left out.

        Raises:
            OSError: a key is out of reach rather than damaged, because permission or network is missing.
        """

    def keys(self, prefix: str) -> list[str]:
        """All keys that start with a prefix, sorted. The prefix must be empty or end with ``/``."""
