"""Errors of a store."""

from specs.errors import EnsweepError, Exit


class StoreError(EnsweepError):
    """The store cannot be read or written as asked."""


class StoreUnreadableError(StoreError, OSError):
    """Something in the store exists but cannot be read, because permission is missing or a device fails."""


class StoreFullError(StoreError):
    """There is no space left. Everything that was written before is whole."""

    exit_code = Exit.INCOMPLETE


class StoreCorruptError(StoreError):
    """Something in the store is damaged: it is not what was written."""

    exit_code = Exit.CORRUPT


class StoreNewerError(StoreError):
    """A newer version of ensweep wrote the store, so this version must not change it."""
