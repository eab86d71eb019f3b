"""Garbage of a store: files whose writer died, attempts that no commit names, and checkpoints of committed trials."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from orchestrator.stores import lease
from orchestrator.stores.storage import Entry
from orchestrator.stores.store import Store
from specs.format import layout
from specs.format.errors import StoreFullError

IN_THE_MAKING = re.compile(r"(?:.*/)?\.(?:.+\.[0-9a-f]{32}|probe-[0-9a-f]{32})")
"""Keys of content that was still being written. Object storage has none."""


@dataclass(frozen=True)
class Garbage:
    """A file that can be removed."""

    key: str
    size: int
    """Bytes."""
    why: str


def garbage(store: Store, older_than: float) -> list[Garbage]:
    """The files that can be removed, by key. Files that a live worker may still need are too new to be listed.

    Args:
        store: the store.
        older_than: least age in seconds: this machine's clock minus the storage's. A file dated in the future counts as
            new. 0 lists files of every age, even those of live workers.
    """
    entries = store.storage.entries("")  # before the commits, so that an attempt committed meanwhile is not listed
    commits = store.read_commits()
    counts = {layout.attempt(trial_id, commit.attempt) for trial_id, commit in commits.readable.items()}
    stacks = _finished_stacks(store, entries, commits.readable.keys())
    now = time.time()
    return [
        Garbage(entry.key, entry.size, why)
        for entry, why in _candidates(entries, counts, commits.readable.keys() | stacks)
        if (not older_than or now - entry.modified >= older_than) and _trial(entry.key) not in commits.unreadable
    ]


def remove(store: Store, older_than: float, say: Callable[[str], None]) -> list[Garbage]:
    """Remove what :func:`garbage` lists, while no driver is at work; returns what was removed.

    A full disk has no space for the lease either. Then the largest file is removed first, unless a driver may be alive.

    Raises:
        StoreInUseError: a driver is at work.
        StoreFullError: the disk is full, and either nothing can be removed or a driver may be alive.
    """
    try:
        return _removed(store, older_than, say)
    except StoreFullError:
        driver, found = lease.owner(store.storage), garbage(store, older_than)
        if not found or (driver is not None and not driver.is_dead):
            raise
        largest = max(found, key=lambda item: item.size)
        store.storage.delete([largest.key])
        return sorted([largest, *_removed(store, older_than, say)], key=lambda item: item.key)


def _removed(store: Store, older_than: float, say: Callable[[str], None]) -> list[Garbage]:
    if not garbage(store, older_than):
        return []
    with lease.held(store.storage, say=say):
        found = garbage(store, older_than)
        store.storage.delete(item.key for item in found)
    return found


def _trial(key: str) -> str:
    """Trial id of an attempt's file; empty for any other file.

    Attempts of a damaged commit, which may have named any of them, are kept until a run has examined it.
    """
    return key.removeprefix(layout.ATTEMPTS).partition("/")[0] if key.startswith(layout.ATTEMPTS) else ""


def _finished_stacks(store: Store, entries: Iterable[Entry], committed: Collection[str]) -> set[str]:
    """Ids of stacks of several trials that were started with trials that are all committed by now."""
    lists = [entry.key for entry in entries if entry.key.startswith(layout.CHECKPOINTS)]
    found = store.storage.read_many(key for key in lists if key.endswith(f"/{layout.TRIALS_OF_STACK}"))
    begun = {key.split("/")[1]: layout.begun_with(content) for key, content in found.items()}
    return {name for name, trials in begun.items() if trials and trials <= set(committed)}


def _candidates(entries: Iterable[Entry], counts: set[str], committed: Collection[str]) -> Iterator[tuple[Entry, str]]:
    for entry in entries:
        if IN_THE_MAKING.fullmatch(entry.key):
            yield entry, "was being written when its writer ended"
        elif entry.key.startswith(layout.ATTEMPTS) and f"{entry.key.rpartition('/')[0]}/" not in counts:
            yield entry, "of an attempt that no commit names"
        elif entry.key.startswith(layout.CHECKPOINTS) and entry.key.split("/")[1] in committed:
            yield entry, "checkpoint of a trial that is committed"
