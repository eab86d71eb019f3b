"""What can go wrong with a run that its user can mend, besides the store's own errors."""

from specs.errors import EnsweepError, Exit


class SweepStoppedError(EnsweepError):
    """A run ended before its time, because going on made no sense; what was committed is kept."""

    exit_code = Exit.INCOMPLETE


class StoreInUseError(EnsweepError):
    """Another driver is working on this store."""

    exit_code = Exit.IN_USE


class DataError(EnsweepError):
    """A data set is missing, damaged, or not the one this store was begun with."""
