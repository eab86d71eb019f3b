"""Errors that a user can correct, each with the exit code of the command that it ends."""

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
    """An error that the user can correct. The message names the place and the remedy."""

    exit_code = Exit.USAGE
