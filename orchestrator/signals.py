"""Ctrl-C and SIGTERM: the first ends the command in order, the second at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.errors import Exit

HANDLED = (signal.SIGINT, signal.SIGTERM)


class InterruptedBySignal(BaseException):
    """SIGINT or SIGTERM arrived; not an ``Exception``, so that no retry swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = Exit(128 + number)


@contextmanager
def orderly() -> Iterator[None]:
    """The first signal within the block ends it with :class:`InterruptedBySignal`, a second ends the process.

    The signal is raised as ``KeyboardInterrupt``, the one exception that Ray's compiled code lets through a signal
    handler; whatever a library makes of it on the way, even nothing, the block ends as interrupted.
    """
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for handled in HANDLED:
            signal.signal(handled, _exit_now)
        raise KeyboardInterrupt

    with kept():
        for number in HANDLED:
            signal.signal(number, interrupt)
        try:
            yield
        except BaseException:
            if not received:
                raise
        if received:
            raise InterruptedBySignal(received[0])


@contextmanager
def kept() -> Iterator[None]:
    """The handlers are afterwards what they were before, whatever the block sets (Ray sets its own)."""
    before = {number: signal.getsignal(number) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_now(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)
