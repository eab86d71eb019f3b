"""What a store holds besides results: its version, its specs, its commits, and the data that it was begun with."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from re import fullmatch

from specs.format import layout
from specs.format.commits import Commit, UnreadableCommit, parse
from specs.format.errors import StoreCorruptError, StoreError
from specs.format.reader import Reader
from specs.format.records import VERSION
from specs.loader import SpecError, parse_stored
from specs.sweep import SweepSpec


def version(store: Reader) -> int:
    """The version of the format that a store was written in; 1 where it does not say.

    Raises:
        StoreCorruptError: what it says is no version.
    """
    try:
        content = store.read(layout.VERSION)
    except FileNotFoundError:
        return 1
    if not fullmatch(rb"[1-9][0-9]{0,5}\s*", content):
        raise StoreCorruptError(f"{store.url}/{layout.VERSION} names no version of the format; restore or remove it")
    return int(content)


def why_newer(store: Reader) -> str:
    """That a newer version of ensweep wrote this store, as a sentence; empty where none did."""
    found = version(store)
    if found <= VERSION:
        return ""
    return (
        f"{store.url} is in version {found} of the store's format, and this ensweep knows version {VERSION}: "
        "a newer ensweep wrote it; update ensweep"
    )


def specs(store: Reader) -> dict[str, str]:
    """The texts of all specs that ran here, by digest; those that do not match their digest are left out."""
    contents = store.read_many(key for key in store.keys(layout.SPECS) if key.endswith(".yaml"))
    found = {}
    for key, content in contents.items():
        digest = key.removeprefix(layout.SPECS).removesuffix(".yaml")
        if _matches(content, digest):
            found[digest] = content.decode()
    return found


def current_spec(store: Reader) -> str:
    """The text of the spec that ran here last.

    Raises:
        StoreError: nothing was run here.
        StoreCorruptError: the text, or its name, is not what was written.
    """
    try:
        digest = store.read(layout.CURRENT).decode("ascii", "replace").strip()
    except FileNotFoundError as error:
        raise StoreError(
            f"{store.url} is not a store: no spec was run in it; `ensweep run SPEC --store {store.url}` makes one"
        ) from error
    if not fullmatch("[0-9a-z]+", digest):
        raise StoreCorruptError(f"{store.url}/{layout.CURRENT} names no spec; `ensweep run` mends that")
    content = store.read_many([layout.spec(digest)]).get(layout.spec(digest), b"")
    if not _matches(content, digest):
        raise StoreCorruptError(
            f"{store.url}: the spec that ran here last is damaged; `ensweep run` with it mends that"
        )
    return content.decode()


def current_sweep(store: Reader) -> SweepSpec:
    """The sweep that ran here last. Of a store in a newer format, as much as this version knows.

    Raises:
        StoreError: as for :func:`current_spec`, or the spec cannot be read.
    """
    return _sweep(store, current_spec(store), "its spec")


def sweeps(store: Reader) -> list[SweepSpec]:
    """All sweeps that ran here, without those that this version cannot read."""
    found = []
    for digest, text in specs(store).items():
        with suppress(StoreError):
            found.append(_sweep(store, text, layout.spec(digest)))
    return found


def _sweep(store: Reader, text: str, name: str) -> SweepSpec:
    newer = why_newer(store)
    try:
        return parse_stored(text, f"{store.url}: {name}", newer=bool(newer))
    except SpecError as error:
        why = newer or f"{store.url}: {name} was written by another version of ensweep"
        raise StoreError(f"{why}. It cannot be read here:\n{error}") from error


def _matches(content: bytes, digest: str) -> bool:
    return hashlib.sha256(content).hexdigest().startswith(digest)


@dataclass(frozen=True)
class Commits:
    """The commits of a store."""

    readable: dict[str, Commit]
    """By trial id."""
    unreadable: dict[str, UnreadableCommit]
    """By trial id."""


def commits(store: Reader, trial_ids: Iterable[str] | None = None) -> Commits:
    """The commits of these trials, by default of all that have one; one that is withdrawn meanwhile is left out."""
    if trial_ids is None:
        trial_ids = layout.committed_ids(store.keys(layout.COMMITS))
    ids = list(trial_ids)
    contents = store.read_many(layout.commit(trial_id) for trial_id in ids)
    readable, unreadable = dict[str, Commit](), dict[str, UnreadableCommit]()
    for trial_id in ids:
        content = contents.get(layout.commit(trial_id))
        found = parse(trial_id, content)
        if isinstance(found, Commit):
            readable[trial_id] = found
        elif content is not None or exists(store, layout.commit(trial_id)):
            unreadable[trial_id] = found
    return Commits(readable, unreadable)


def exists(store: Reader, key: str) -> bool:
    """Whether something lies under a key, readable or not."""
    try:
        store.read(key)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def pin(dataset: str, fingerprint: str) -> bytes:
    """A fingerprint to remember, with a digest: a changed bit would otherwise make all data look like other data."""
    digest = hashlib.sha256(f"{dataset} {fingerprint}".encode()).hexdigest()
    return json.dumps({"dataset": dataset, "fingerprint": fingerprint, "sha256": digest}).encode()


def pinned_data(dataset: str, content: bytes) -> str | None:
    """The fingerprint of the data that a store was begun with; None where that was damaged."""
    try:
        facts = json.loads(content)
        fingerprint = str(facts["fingerprint"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    unsealed = {"dataset": dataset, "fingerprint": fingerprint}  # as it was written before it had a digest
    return fingerprint if facts == unsealed or content == pin(dataset, fingerprint) else None
