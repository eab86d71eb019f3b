"""A store as something to read, wherever it lies."""

from collections.abc import Iterable
from typing import Protocol


class Reader(Protocol):
    """Reads a store by the keys of :mod:`specs.format.layout`. Every storage is one."""

    @property
    def url(self) -> str:
        """What a user calls this store."""

    def read(self, key: str) -> bytes:
        """The content of a key.

        Raises:
            FileNotFoundError: there is nothing under it.
            OSError: it cannot be read.
        """

    def read_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The contents of many keys at once; keys that are missing or damaged are left out.

        What is only out of reach (no permission, no network) is no damage, and is raised.
        """

    def keys(self, prefix: str) -> list[str]:
        """All keys that start with a prefix, sorted; the prefix is empty or ends with ``/``."""
