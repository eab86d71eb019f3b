"""What can be wrong with a store."""

from specs.errors import EnsweepError, Exit


class StoreError(EnsweepError):
    """The store cannot be read or written as asked."""


class StoreUnreadableError(StoreError, OSError):
    """Something in the store is there and cannot be read: no permission, a device that fails."""


class StoreFullError(StoreError):
    """There is no space left; everything that was written before is whole."""

    exit_code = Exit.INCOMPLETE


class StoreCorruptError(StoreError):
    """Something in the store is not what was written."""

    exit_code = Exit.CORRUPT


class StoreNewerError(StoreError):
    """A newer version of ensweep wrote the store; this one must not change it."""
