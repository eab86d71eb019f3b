"""Ctrl-C and SIGTERM: the first ends the command in order, the second at once."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from orchestrator.errors import Exit

HANDLED = (signal.SIGINT, signal.SIGTERM)
ABANDON = signal.SIGUSR2
"""With which a thread wakes the main one, whatever that waits for. Tune takes SIGUSR1, and ends as if all were well."""


class InterruptedBySignal(BaseException):
    """SIGINT or SIGTERM arrived; not an ``Exception``, so that no retry swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = Exit(128 + number)


Abandon = Callable[[Exception], None]
"""Ends the block of :func:`orderly` with an error, from any thread."""


@contextmanager
def orderly() -> Iterator[Abandon]:
    """The first signal within the block ends it with :class:`InterruptedBySignal`, a second ends the process.

    Gives a function with which another thread ends the block, with an error of its own.

    The signal is raised as ``KeyboardInterrupt``, the one exception that Ray's compiled code lets through a signal
    handler; whatever a library makes of it on the way, even nothing, the block ends as interrupted.
    """
    received: list[int] = []
    reasons: list[Exception] = []

    def abandon(reason: Exception) -> None:
        reasons.append(reason)
        signal.pthread_kill(threading.main_thread().ident or 0, ABANDON)

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if received:  # abandoned while it was ending already
            return
        received.append(number)
        for handled in HANDLED:
            signal.signal(handled, _exit_now)
        raise KeyboardInterrupt

    with kept(), _second_seen_at_once():
        for number in (*HANDLED, ABANDON):
            signal.signal(number, interrupt)
        try:
            yield abandon
        except BaseException as error:
            received.extend(_numbers_of(error))
            if not received and not reasons:
                raise
        if reasons and received in ([], [ABANDON]):
            raise reasons[0]
        if received:
            raise InterruptedBySignal(received[0])


def _numbers_of(error: BaseException) -> list[int]:
    """The signal that a library's own handler took: Ray's, which stands while Ray starts, exits with its number."""
    return [int(error.code)] if isinstance(error, SystemExit) and error.code in HANDLED else []


def end_now(code: int) -> NoReturn:
    """End the process with this code, past what libraries do at its end: a half-started Ray aborts there."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def kept() -> Iterator[None]:
    """The handlers are afterwards what they were before, whatever the block sets (Ray sets its own)."""
    before = {number: signal.getsignal(number) for number in (*HANDLED, ABANDON)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _second_seen_at_once() -> Iterator[None]:
    """A second signal ends the process also while the main thread is in compiled code, where no handler can run."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    before = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_end_at_the_second, args=(readable,), name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.write(writable, b"\0")
        watcher.join()
        os.close(writable)
        os.close(readable)


def _end_at_the_second(readable: int) -> None:
    count = 0
    while 0 not in (numbers := os.read(readable, 64)):
        for number in numbers:
            count += number in HANDLED
            if count == 2:
                _exit_now(number, None)


def _exit_now(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)
