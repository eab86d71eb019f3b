"""One driver a store: a record that its owner renews, and that another takes over only from the dead.

Works on every storage, without a lock of the kernel: the record is created exclusively and replaced only as it was
last read. Two clocks are never compared to take it over: an owner that cannot be seen to be dead is watched for a
whole period by the watcher's own clock. Even if two drivers worked at once, results would stay single: that is what
exclusive commits are for. The lease saves their work, it does not guard the results.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from orchestrator.base.errors import StoreInUseError
from orchestrator.stores.owner import Owner
from orchestrator.stores.storage import Storage
from specs.errors import EnsweepError
from specs.format.errors import StoreError, StoreFullError
from specs.format.layout import LOCK

LEASE_SECONDS = 30.0
"""Without a renewal for so long, an owner on another machine, or a stopped one, has lost the store."""

RELEASE_SECONDS = 5.0
"""So long a renewal under way may delay the end of the command."""

Report = Callable[[], dict[str, Any]]
"""What the driver wants to have said of its progress, at each renewal."""


def owner(storage: Storage) -> Owner | None:
    """What the lock says, of a living driver or of the last one."""
    try:
        return Owner.read(storage.read(LOCK))
    except FileNotFoundError:
        return None


class Lease:
    """A store held by this process, renewed by a thread of its own until it is released or lost."""

    def __init__(
        self, storage: Storage, seconds: float, report: Report, on_loss: Callable[[EnsweepError], None]
    ) -> None:
        self._storage, self._seconds = storage, seconds
        self._report, self._on_loss = report, on_loss
        self._record = Owner.mine(seconds)
        self._tag = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_done, name="lease", daemon=True)

    def acquire(self, say: Callable[[str], None]) -> None:
        """Become the store's driver.

        Raises:
            StoreInUseError: another driver is alive; the message names its pid, host and age.
        """
        while not self._taken(say):
            pass
        self._thread.start()

    def _taken(self, say: Callable[[str], None]) -> bool:
        """One try; False where somebody else was faster and must be looked at anew."""
        try:
            content, tag = self._storage.read_tagged(LOCK)
        except FileNotFoundError:
            return self._created()
        found = Owner.read(content)
        if found is None or not found.is_dead:
            if found and not found.is_silent:
                raise self._in_use(found)
            if not self._stayed_silent(found, tag, say):
                return False
        return self._replaced(tag)

    def _created(self) -> bool:
        content = self._record.content()
        if not self._storage.create(LOCK, content):
            return False
        stored, self._tag = self._storage.read_tagged(LOCK)
        return stored == content

    def _replaced(self, tag: str) -> bool:
        content = self._record.content()
        if not self._storage.replace_tagged(LOCK, content, tag):
            return False
        stored, self._tag = self._storage.read_tagged(LOCK)
        return stored == content

    def _stayed_silent(self, found: Owner | None, tag: str, say: Callable[[str], None]) -> bool:
        """Give a silent owner a whole period, its own where that is longer, to show that it lives.

        False where the lock changed hands meanwhile, and must be looked at anew.

        Raises:
            StoreInUseError: it lives.
        """
        who = found.described() if found else "an owner that the lock does not name"
        seconds = max(self._seconds, found.seconds) if found else self._seconds
        say(f"{self._storage.url} was left by {who}; taking over in {seconds:.0f} s unless it stirs")
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (found and found.is_dead):
            time.sleep(min(0.5, seconds / 10))
            try:
                content, now = self._storage.read_tagged(LOCK)
            except FileNotFoundError:
                return False
            if now != tag:
                stirred = Owner.read(content)
                if stirred and stirred.is_dead:
                    return False
                raise self._in_use(stirred)
        return True

    def _in_use(self, found: Owner | None) -> StoreInUseError:
        who = found.described() if found else "another driver"
        return StoreInUseError(f"{self._storage.url} is in use by {who}; wait for it or stop it")

    def _renew_until_done(self) -> None:
        renewed = time.monotonic()
        while not self._done.wait(self._seconds / 5):
            try:
                if not self._renew():
                    self._lose(StoreInUseError(self._taken_by()))
                    return
                renewed = time.monotonic()
            except Exception as error:  # a storage out of reach, however it says so, may come back in time
                if time.monotonic() - renewed > self._seconds:
                    self._lose(self._out_of_reach(error))
                    return

    def _out_of_reach(self, error: Exception) -> EnsweepError:
        """A full disk is no other driver, and ends the run as it would if the next commit had found it so."""
        lost = StoreFullError if isinstance(error, StoreFullError) else StoreInUseError
        return lost(f"{self._storage.url} could not be reached for {self._seconds:.0f} s: {error}")

    def _lose(self, error: EnsweepError) -> None:
        if not self._done.is_set():  # else nobody is left to be told
            self._on_loss(error)

    def _taken_by(self) -> str:
        try:
            found = owner(self._storage)
        except (StoreError, OSError):
            found = None
        if found is None:
            return f"the lock of {self._storage.url} is gone or damaged"
        return f"{self._storage.url} was taken over by {found.described()}"

    def _renew(self) -> bool:
        self._record = replace(self._record, renewed=time.time(), progress=self._report())
        return self._replaced(self._tag)

    def release(self) -> None:
        """Let go of the store; what the record says of progress stays to be read."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(RELEASE_SECONDS)
        if self._thread.is_alive():  # stuck in a storage that does not answer: what it wrote last is not known
            return
        self._record = replace(self._record, renewed=time.time(), progress=self._report(), released=True)
        with suppress(StoreError, OSError):  # the next driver sees that this one is dead
            self._storage.replace_tagged(LOCK, self._record.content(), self._tag)


@contextmanager
def held(
    storage: Storage,
    *,
    seconds: float = LEASE_SECONDS,
    report: Report = dict,
    on_loss: Callable[[EnsweepError], None] = lambda error: None,
    say: Callable[[str], None] = lambda message: None,
) -> Iterator[None]:
    """Hold a store for the time of the block.

    Args:
        storage: the store's.
        seconds: the lease's period.
        report: progress to keep in the record.
        on_loss: told by another thread if the store is lost, and why.
        say: told what a user should know while this waits.

    Raises:
        StoreInUseError: another driver holds it.
    """
    lease = Lease(storage, seconds, report, on_loss)
    lease.acquire(say)
    try:
        yield
    finally:
        lease.release()
