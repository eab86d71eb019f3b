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
    """Within the block, the first signal raises :class:`InterruptedBySignal`, and a second ends the process."""
    with kept():
        for number in HANDLED:
            signal.signal(number, _raise_once)
        yield


@contextmanager
def kept() -> Iterator[None]:
    """The handlers are afterwards what they were before, whatever the block sets (Ray sets its own)."""
    before = {number: signal.getsignal(number) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_once(number: int, _frame: FrameType | None) -> None:
    for other in HANDLED:
        signal.signal(other, _exit_now)
    raise InterruptedBySignal(number)


def _exit_now(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)
