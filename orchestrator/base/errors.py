"""Errors of a run that its user can fix. The store's own errors are in :mod:`specs.format.errors`."""

from specs.errors import EnsweepError, Exit


class SweepStoppedError(EnsweepError):
    """A run stopped early, because it could not continue or its remaining trials would fail. Commits are kept."""

    exit_code = Exit.INCOMPLETE


class StoreInUseError(EnsweepError):
    """Another driver is working on this store."""

    exit_code = Exit.IN_USE


class DataError(EnsweepError):
    """A data set is missing, damaged, or not the one that the store was started with."""
