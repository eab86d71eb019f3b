"""Contents of a store besides the results: its version, specs and commits, and the fingerprints of its data sets."""

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
    """The version of the format in which a store was written; 1 if the store does not name one.

    Raises:
        StoreCorruptError: the store names something that is no version.
    """
    try:
        content = store.read(layout.VERSION)
    except FileNotFoundError:
        return 1
    if not fullmatch(rb"[1-9][0-9]{0,5}\s*", content):
        raise StoreCorruptError(f"{store.url}/{layout.VERSION} names no version of the format; restore or remove it")
    return int(content)


def why_newer(store: Reader) -> str:
    """A sentence which says that a newer version of ensweep wrote this store; empty if none did."""
    found = version(store)
    if found <= VERSION:
        return ""
    return (
        f"{store.url} is in version {found} of the store's format, and this ensweep knows version {VERSION}: "
        "a newer ensweep wrote it; update ensweep"
    )


def specs(store: Reader) -> dict[str, str]:
    """The texts of all specs that ran in the store, by digest. A text that does not match its digest is left out."""
    contents = store.read_many(key for key in store.keys(layout.SPECS) if key.endswith(".yaml"))
    found = {}
    for key, content in contents.items():
        digest = key.removeprefix(layout.SPECS).removesuffix(".yaml")
        if _matches(content, digest):
            found[digest] = content.decode()
    return found


def current_spec(store: Reader) -> str:
    """The text of the spec that ran in the store last.

    Raises:
        StoreError: no spec ran in the store.
        StoreCorruptError: the text or its recorded digest is damaged.
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
    """The sweep that ran in the store last. In a newer format, fields and claims unknown to this version are left out.

    Raises:
        StoreError: as for :func:`current_spec`, or the spec is not valid for this version.
    """
    return _sweep(store, current_spec(store), "its spec")


def sweeps(store: Reader) -> list[SweepSpec]:
    """All sweeps that ran in the store, except those that this version cannot read."""
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
    """Commits by trial id."""
    unreadable: dict[str, UnreadableCommit]
    """Unreadable commits by trial id."""


def commits(store: Reader, trial_ids: Iterable[str] | None = None) -> Commits:
    """The commits of the given trials, by default of all that have one. A commit withdrawn meanwhile is left out."""
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
    """Whether a key exists, whether or not its content can be read."""
    try:
        store.read(key)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def pin(dataset: str, fingerprint: str) -> bytes:
    """The file that records a data set's fingerprint, with a digest. Without the digest, one damaged bit would make the
    right data look wrong."""
    digest = hashlib.sha256(f"{dataset} {fingerprint}".encode()).hexdigest()
    return json.dumps({"dataset": dataset, "fingerprint": fingerprint, "sha256": digest}).encode()


def pinned_data(dataset: str, content: bytes) -> str | None:
    """The fingerprint in a file written by :func:`pin`; None if the file is damaged."""
    try:
        facts = json.loads(content)
        fingerprint = str(facts["fingerprint"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    unsealed = {"dataset": dataset, "fingerprint": fingerprint}  # the form of earlier versions, without a digest
    return fingerprint if facts == unsealed or content == pin(dataset, fingerprint) else None
