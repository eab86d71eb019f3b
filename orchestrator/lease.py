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

from orchestrator.driver import Driver
from orchestrator.errors import StoreError, StoreInUseError
from orchestrator.storage import Storage
from specs.layout import LOCK

SECONDS = 30.0
"""Without a renewal for so long, an owner on another machine, or a stopped one, has lost the store."""

Report = Callable[[], dict[str, Any]]
"""What the driver wants to have said of its progress, at each renewal."""


def owner(storage: Storage) -> Driver | None:
    """What the lock says, of a living driver or of the last one."""
    try:
        return Driver.read(storage.read(LOCK))
    except FileNotFoundError:
        return None


class Lease:
    """A store held by this process, renewed by a thread of its own until it is released or lost."""

    def __init__(self, storage: Storage, seconds: float, report: Report, on_loss: Callable[[str], None]) -> None:
        self._storage, self._seconds = storage, seconds
        self._report, self._on_loss = report, on_loss
        self._record = Driver.mine()
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
        found = Driver.read(content)
        if found is None or not found.is_dead:
            if found and not found.is_silent(self._seconds):
                raise self._in_use(found)
            self._watch(found, tag, say)
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

    def _watch(self, found: Driver | None, tag: str, say: Callable[[str], None]) -> None:
        """Give a silent owner a whole period to show that it lives.

        Raises:
            StoreInUseError: it does.
        """
        who = found.described() if found else "an owner that the lock does not name"
        say(f"{self._storage.url} was left by {who}; taking over in {self._seconds:.0f} s unless it stirs")
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            time.sleep(min(0.5, self._seconds / 10))
            with suppress(FileNotFoundError):
                content, now = self._storage.read_tagged(LOCK)
                if now != tag:
                    raise self._in_use(Driver.read(content))

    def _in_use(self, found: Driver | None) -> StoreInUseError:
        who = found.described() if found else "another driver"
        return StoreInUseError(f"{self._storage.url} is in use by {who}; wait for it or stop it")

    def _renew_until_done(self) -> None:
        renewed = time.monotonic()
        while not self._done.wait(self._seconds / 5):
            try:
                if not self._renew():
                    break
                renewed = time.monotonic()
            except (StoreError, OSError) as error:  # a storage out of reach may come back in time
                if time.monotonic() - renewed > self._seconds:
                    self._on_loss(f"{self._storage.url} could not be reached for {self._seconds:.0f} s: {error}")
                    return
        else:
            return
        found = owner(self._storage)
        self._on_loss(f"{self._storage.url} was taken over by {found.described() if found else 'another driver'}")

    def _renew(self) -> bool:
        self._record = replace(self._record, renewed=time.time(), progress=self._report())
        return self._replaced(self._tag)

    def release(self) -> None:
        """Let go of the store; what the record says of progress stays to be read."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        self._record = replace(self._record, renewed=time.time(), progress=self._report(), released=True)
        with suppress(StoreError, OSError):  # the next driver sees that this one is dead
            self._storage.replace_tagged(LOCK, self._record.content(), self._tag)


@contextmanager
def held(
    storage: Storage,
    *,
    seconds: float = SECONDS,
    report: Report = dict,
    on_loss: Callable[[str], None] = lambda reason: None,
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
