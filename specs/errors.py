"""Errors that a user can mend, each with the exit code that it ends a command with."""

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
    SIGHUP = 129
    SIGINT = 130
    SIGTERM = 143


class EnsweepError(Exception):
    """Something the user can mend; the message names the place and the remedy."""

    exit_code = Exit.USAGE
