"""Errors that a user can mend, each with the exit code that it ends the command with."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    COMPLETE = 0
    UNEXPECTED = 1
    USAGE = 2
    FAILURES = 3
    INCOMPLETE = 4
    IN_USE = 5
    CORRUPT = 6
    CLAIMS_NOT_MET = 7
    SIGINT = 130
    SIGTERM = 143


class EnsweepError(Exception):
    """Something the user can mend; the message names the place and the remedy."""

    exit_code = Exit.USAGE


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


class SweepStoppedError(EnsweepError):
    """A run ended before its time, because going on made no sense; what was committed is kept."""

    exit_code = Exit.INCOMPLETE


class StoreInUseError(EnsweepError):
    """Another driver is working on this store."""

    exit_code = Exit.IN_USE


class DataError(EnsweepError):
    """A data set is missing, damaged, or not the one this store was begun with."""
