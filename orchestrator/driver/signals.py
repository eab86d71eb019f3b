"""Ctrl-C, SIGTERM and SIGHUP: the first ends the command in order, a second Ctrl-C or SIGTERM at once."""

import errno
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import NoReturn

from orchestrator.base.redaction import redact
from specs.errors import Exit

IMPATIENT = (signal.SIGINT, signal.SIGTERM)
"""The second of these ends the process at once. A terminal that closes often says so twice, and means it once."""
HANDLED = (*IMPATIENT, signal.SIGHUP)
GO_ON = "run the same command to go on"
ABANDON = signal.SIGUSR2
"""With which a thread wakes the main one, whatever that waits for. Tune takes SIGUSR1, and ends as if all were well."""

GRACE_SECONDS = 8.0
"""From a signal to the process's end at the latest: ten are promised, and what it started ends after it."""

OVER, AGAIN = b"\0", b"\xff"
"""What the watching thread is told besides the numbers of signals."""

AGAIN_SECONDS = 0.1
"""After which an exception that Python dropped is raised again: where it was dropped, it would be once more."""


class InterruptedBySignal(BaseException):
    """A signal of :data:`HANDLED` arrived; not an ``Exception``, so that no retry swallows it."""

    def __init__(self, number: int, go_on: str = GO_ON) -> None:
        name = signal.Signals(number).name
        super().__init__(f"{name}: stopped. What is committed is kept; {go_on}.")
        self.exit_code = Exit(128 + number)


class OrderlyBlock:
    """A block of :func:`orderly`, for those who work within it."""

    def __init__(self, go_on: str = GO_ON) -> None:
        self.go_on = go_on
        """What the user is told to do after a signal."""
        self.received: int | None = None
        """The signal that ends the block, if any."""
        self.reasons: list[Exception] = []
        """The errors of other threads that end it."""
        self._dropped = False
        self.to_watcher: Callable[[bytes], object] = lambda message: None
        """Tells the thread that watches over the block."""

    @property
    def ends(self) -> bool:
        """Whether it is to end: for a loop to ask, since some libraries catch every exception, ours among them."""
        return self.received is not None or bool(self.reasons)

    def abandon(self, reason: Exception) -> None:
        """End the block with an error, from any thread."""
        self.reasons.append(reason)
        _wake_main_thread()

    def conclude(self) -> None:
        """Raise what ended the block, if it was not its own end."""
        if self.reasons and self.received in (None, ABANDON):
            raise self.reasons[0]
        if self.received is not None:
            raise InterruptedBySignal(self.received, self.go_on)

    def raise_again(self, dropped: BaseException | None) -> bool:
        """Whether an exception that Python dropped was a signal's; if so, it is raised once more, a moment later."""
        self.received = self.received or _number_of(dropped)
        if not (self.ends and isinstance(dropped, KeyboardInterrupt | SystemExit)):
            return False
        self._dropped = True
        self.to_watcher(AGAIN)
        return True

    def interrupt(self, number: int, _frame: FrameType | None) -> None:
        """The handler of a signal."""
        if number == signal.SIGHUP:
            _let_go_of_closed_terminals()
        if self.received is not None and not self._dropped:  # abandoned, or hung up, while it was ending already
            return
        self._dropped = False
        self.received = self.received or number
        for impatient in IMPATIENT:
            signal.signal(impatient, _exit_now)
        raise KeyboardInterrupt


@contextmanager
def orderly(go_on: str = GO_ON) -> Iterator[OrderlyBlock]:
    """The first signal within the block ends it with :class:`InterruptedBySignal`, a second ends the process.

    SIGHUP is left alone where it is ignored, as ``nohup`` has it.

    The signal is raised as ``KeyboardInterrupt``, the one exception that Ray's compiled code lets through a signal
    handler; whatever a library makes of it on the way, even nothing, the block ends as interrupted. Where Python drops
    it, as it does in finalizers and in callbacks of a fork, it is raised again. If the block has not ended after
    :data:`GRACE_SECONDS`, the process ends without its leave.
    """
    block = OrderlyBlock(go_on)
    with kept(), _watched(block), _dropped_in_vain(block):
        for number in (*HANDLED, ABANDON):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, block.interrupt)
        try:
            yield block
        except BaseException as error:
            block.received = block.received or _number_of(error)
            if not block.ends:
                raise
        block.conclude()


def _number_of(error: BaseException | None) -> int | None:
    """The signal that a library's own handler took: Ray's, which stands while Ray starts, exits with its number."""
    return int(error.code) if isinstance(error, SystemExit) and error.code in IMPATIENT else None


def end_now(code: int) -> NoReturn:
    """End the process with this code, past what libraries do at its end: a half-started Ray aborts there."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


@contextmanager
def hang_up_kept_from_children() -> Iterator[None]:
    """Processes that the block starts never see SIGHUP; this one does, through its other threads.

    A terminal that closes tells all its processes. Ray's would end at once, and pull this one down on its way to an
    end in order; as it is, they end with it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
def _dropped_in_vain(block: OrderlyBlock) -> Iterator[None]:
    """Python prints the exceptions that it drops; a signal's is no defect, and raised again."""
    before = sys.unraisablehook

    def hook(dropped: "sys.UnraisableHookArgs") -> None:
        if not block.raise_again(dropped.exc_value):
            before(dropped)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _watched(block: OrderlyBlock) -> Iterator[None]:
    """A thread ends the process at a second signal, and when its time is up.

    It does so also while the main thread is in compiled code, where no handler can run.
    """
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    before = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    block.to_watcher = partial(os.write, writable)
    watcher = threading.Thread(target=_watch, args=(readable, block), name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        block.to_watcher(OVER)
        watcher.join()
        os.close(writable)
        os.close(readable)


def _watch(readable: int, block: OrderlyBlock) -> None:
    seen: list[int] = []
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([readable], [], [], left)
        if not ready:
            _exit_late(seen[0], block)
        numbers = os.read(readable, 64)
        if OVER in numbers:
            return
        if AGAIN in numbers:
            time.sleep(AGAIN_SECONDS)
            _wake_main_thread()
        seen += [number for number in numbers if number in (*HANDLED, ABANDON)]
        asked = [number for number in seen if number in HANDLED]
        if impatient := [number for number in asked[1:] if number in IMPATIENT]:
            _exit_now(impatient[0], None)
        if seen and deadline is None:
            deadline = time.monotonic() + GRACE_SECONDS


def _let_go_of_closed_terminals() -> None:
    """What is written to a terminal that has closed is an error: from now on it goes nowhere."""
    for descriptor in (1, 2):
        try:
            termios.tcgetattr(descriptor)
        except termios.error as error:
            if error.args[0] == errno.EIO:
                _to_nowhere(descriptor)


def _to_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _wake_main_thread() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, ABANDON)


def _exit_late(number: int, block: OrderlyBlock) -> NoReturn:
    """Say what the command would have said in time, past every lock that the main thread may hold."""
    reason = InterruptedBySignal(number, block.go_on) if number in HANDLED else block.reasons[0]
    with suppress(OSError):  # such as a terminal that has closed
        os.write(sys.stderr.fileno(), f"\n{redact(str(reason))}\n".encode(errors="replace"))
    os._exit(getattr(reason, "exit_code", Exit.UNEXPECTED))


def _exit_now(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)
