"""What nobody needs any more in a store: files in the making whose writer died, attempts that no commit names."""

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
"""Keys of content that was being written; on object storage there are none."""


@dataclass(frozen=True)
class Garbage:
    """Something that can go."""

    key: str
    size: int
    """Bytes."""
    why: str


def garbage(store: Store, older_than: float) -> list[Garbage]:
    """What can go, by key. Nothing that a living worker may still need is old enough.

    Args:
        store: which.
        older_than: least age in seconds, by the clock of the storage against this machine's; what lies in the future
            counts as new. 0 takes everything.
    """
    entries = store.storage.entries("")  # before the commits: what is committed meanwhile is seen to count
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
    """Remove what :func:`garbage` names, while no driver is at work here; returns what was removed.

    A disk without any room has none for the lease either. Then the largest piece goes first, unless a driver may live.

    Raises:
        StoreInUseError: a driver is at work.
        StoreFullError: there is no room, and nothing that could go.
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
    """The trial of an attempt's file; what a damaged commit may have named is kept until a run has looked at it."""
    return key.removeprefix(layout.ATTEMPTS).partition("/")[0] if key.startswith(layout.ATTEMPTS) else ""


def _finished_stacks(store: Store, entries: Iterable[Entry], committed: Collection[str]) -> set[str]:
    """Ids of stacks of several that were begun with trials that are all committed by now."""
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
