"""The store: immutable attempts, one exclusive commit a trial, and what the sweep was. Knows nothing of Ray.

A trial is done when its commit exists. The commit names the attempt that counts and the SHA-256 of each of its
files; it is created with all its content in one exclusive step, so that a result counts once or not at all.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from orchestrator.errors import DataError, StoreCorruptError, StoreError
from orchestrator.settings import default_cache
from orchestrator.storage import Below, Storage, open_storage
from specs import faults, layout
from specs.layout import Commit, CommittedFile
from specs.records import TABLES, Row


@dataclass(frozen=True)
class Damaged:
    """A commit that cannot be read as one."""

    key: str
    problem: str


class Store:
    """One sweep's place."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    @classmethod
    def at(cls, place: str | Path) -> "Store":
        """The store at a path or at ``s3://bucket/prefix``; nothing is read or written yet.

        Raises:
            StoreError: no store can be there.
        """
        return cls(open_storage(place))

    @property
    def url(self) -> str:
        """What a user calls it: a path, or ``s3://...``."""
        return self.storage.url

    @property
    def logs(self) -> Path:
        """A folder on this machine for logs: the store's own, or one of the cache for a store elsewhere."""
        if self.storage.folder is not None:
            return self.storage.folder / "logs"
        return default_cache() / "logs" / hashlib.sha256(self.url.encode()).hexdigest()[:12]

    def create(self) -> None:
        """See that it can be written.

        Raises:
            StoreError: it cannot.
        """
        probe = f".probe-{uuid.uuid4().hex}"
        try:
            self.storage.create(probe, b"")
            self.storage.delete([probe])
        except StoreError as error:
            raise StoreError(f"the store {self.url} cannot be used: {error}; or choose another with --store") from error

    def record_spec(self, digest: str, text: str) -> None:
        """Keep a resolved spec and make it the store's current one; a damaged copy is mended."""
        self.storage.replace(layout.spec(digest), text.encode())
        self.storage.replace(layout.CURRENT, digest.encode())

    def current_spec(self) -> str:
        """The text of the spec that ran here last.

        Raises:
            StoreError: nothing was run here, or the text is not what was written.
        """
        try:
            digest = self.storage.read(layout.CURRENT).decode("ascii", "replace").strip()
        except FileNotFoundError as error:
            raise StoreError(
                f"{self.url} is not a store: no spec was run in it; `ensweep run SPEC --store {self.url}` makes one"
            ) from error
        text = self.specs().get(digest)
        if text is None:
            raise StoreCorruptError(
                f"{self.url}: the spec that ran here last is damaged; `ensweep run` with it mends that"
            )
        return text

    def specs(self) -> dict[str, str]:
        """The texts of all specs that ran here, by digest; those that do not match their digest are left out."""
        contents = self.storage.read_many(key for key in self.storage.keys(layout.SPECS) if key.endswith(".yaml"))
        found = {}
        for key, content in contents.items():
            digest = key.removeprefix(layout.SPECS).removesuffix(".yaml")
            if hashlib.sha256(content).hexdigest().startswith(digest):
                found[digest] = content.decode()
        return found

    def pin_data(self, dataset: str, fingerprint: str) -> None:
        """Remember the data of this store, once; refuse any other afterwards.

        Raises:
            DataError: trials of this store were trained on other data of that name.
            StoreError: what was remembered cannot be read.
        """
        key = layout.data(dataset)
        self.storage.create(key, _pin(dataset, fingerprint))
        pinned = pinned_data(dataset, self.storage.read(key))
        if pinned is None:
            raise StoreCorruptError(
                f"{self.url}/{key} is damaged; `ensweep verify` says what else is, and `ensweep run` mends it"
            )
        if pinned != fingerprint:
            raise DataError(
                f"{dataset}: this data (fingerprint {fingerprint[:12]}) is not what {self.url} was begun with "
                f"({pinned[:12]}); use the same data, or another --store"
            )

    def commits(self) -> dict[str, Commit]:
        """All commits, by trial id.

        Raises:
            StoreError: one cannot be read.
        """
        commits, damaged = self.read_commits()
        if damaged:
            raise StoreCorruptError(
                f"{self.url}/{damaged[0].key} is damaged ({damaged[0].problem}); `ensweep verify` lists all damage, "
                "`ensweep run` mends it"
            )
        return commits

    def read_commits(self) -> tuple[dict[str, Commit], list[Damaged]]:
        """All commits that can be read, by trial id, and those that cannot."""
        ids = layout.committed_ids(self.storage.keys(layout.COMMITS))
        contents = self.storage.read_many(layout.commit(trial_id) for trial_id in ids)
        commits: dict[str, Commit] = {}
        damaged = []
        for trial_id in ids:
            content = contents.get(layout.commit(trial_id))
            found = _parsed(trial_id, content)
            if isinstance(found, Commit):
                commits[trial_id] = found
            elif content is not None or self._exists(layout.commit(trial_id)):  # otherwise withdrawn meanwhile
                damaged.append(Damaged(layout.commit(trial_id), found))
        return commits, damaged

    def _exists(self, key: str) -> bool:
        try:
            self.storage.read(key)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def is_committed(self, trial_id: str) -> bool:
        """Whether a decision about this trial exists."""
        return self._exists(layout.commit(trial_id))

    def committed(self, trial_id: str) -> Commit | None:
        """The decision about one trial, if there is one that can be read."""
        found = _parsed(trial_id, self.storage.read_many([layout.commit(trial_id)]).get(layout.commit(trial_id)))
        return found if isinstance(found, Commit) else None

    def write_attempt(self, trial_id: str, tables: Mapping[str, Sequence[Row]]) -> tuple[str, dict[str, CommittedFile]]:
        """Write the tables of one attempt, each whole; returns its name and what a commit says of its files.

        Raises:
            ValueError: rows do not fit their table; nothing is written then.
            StoreError: they cannot be written.
        """
        from orchestrator.tables import encode  # pyarrow: not needed to plan

        attempt = uuid.uuid4().hex[:12]
        encoded = {name: encode(TABLES[name], rows) for name, rows in tables.items()}
        for name, (content, _) in encoded.items():
            faults.point("attempt.table")
            self.storage.replace(layout.table(trial_id, attempt, name), content)
        return attempt, {name: committed for name, (_, committed) in encoded.items()}

    def commit(self, commit: Commit) -> bool:
        """Decide about a trial, unless that is done; says whether this commit is the one that counts.

        An attempt that lost is removed.

        Raises:
            StoreError: the commit cannot be written.
        """
        faults.point("commit")
        won = self.storage.create(layout.commit(commit.trial_id), commit.content())
        faults.point("commit.done")
        if not won and commit.files:
            self.storage.delete(layout.table(commit.trial_id, commit.attempt, name) for name in commit.files)
        return won

    def withdraw(self, key: str) -> None:
        """Take back a commit, so that its trial is one to do; what it said is kept as evidence."""
        content = self.storage.read_many([key]).get(key)
        if content is not None:
            name = key.removeprefix(layout.COMMITS).removesuffix(".json")
            self.storage.replace(f"{layout.WITHDRAWN}{name}-{uuid.uuid4().hex[:12]}.json", content)
        faults.point("withdraw")
        self.storage.delete([key])

    def checkpoint(self, stack_id: str) -> Below:
        """Where a stack in training keeps its state."""
        return Below(self.storage, layout.checkpoint(stack_id))

    def begin(self, stack_id: str, trial_ids: Iterable[str]) -> None:
        """Write down which trials a stack of several is begun with."""
        self.checkpoint(stack_id).replace(layout.BEGUN, json.dumps(list(trial_ids)).encode())

    def begun(self, stack_id: str) -> frozenset[str]:
        """The trials that a stack in training was begun with; none where nothing says so."""
        key = layout.checkpoint(stack_id) + layout.BEGUN
        return layout.begun_with(self.storage.read_many([key]).get(key, b""))

    def remove_checkpoint(self, stack_id: str) -> None:
        """Forget the checkpoint of a stack whose trials are committed."""
        faults.point("checkpoint.remove")
        self.storage.delete(self.storage.keys(layout.checkpoint(stack_id)))


def _pin(dataset: str, fingerprint: str) -> bytes:
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
    return fingerprint if facts == unsealed or content == _pin(dataset, fingerprint) else None


def _parsed(trial_id: str, content: bytes | None) -> Commit | str:
    """The commit, or what is wrong with it."""
    if content is None:
        return "cannot be read"
    try:
        commit = Commit.model_validate_json(content)
    except ValidationError as error:
        return f"no commit can be read from it: {error.errors()[0]['msg']}"
    return commit if commit.trial_id == trial_id else f"it is of another trial, {commit.trial_id}"
