"""The store: immutable attempts, one exclusive commit a trial, and what the sweep was. Knows nothing of Ray.

A trial is done when its commit exists. The commit names the attempt that counts and the SHA-256 of each of its
files; it is created with all its content in one exclusive step, so that a result counts once or not at all.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from orchestrator.base.errors import DataError
from orchestrator.base.settings import default_cache
from orchestrator.stores.storage import Below, Storage, open_storage
from specs import faults
from specs.format import contents, layout
from specs.format.commits import Commit, CommittedFile
from specs.format.errors import StoreCorruptError, StoreError, StoreNewerError
from specs.format.records import TABLES, VERSION, Row


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

    def check_writable(self) -> None:
        """See that this program may write it and can.

        Raises:
            StoreNewerError: a newer version of ensweep wrote it.
            StoreError: it cannot be written.
        """
        self.check_version()
        probe = f".probe-{uuid.uuid4().hex}"
        try:
            self.storage.create(probe, b"")
            self.storage.delete([probe])
        except StoreError as error:
            raise StoreError(f"the store {self.url} cannot be used: {error}; or choose another with --store") from error

    def check_version(self) -> None:
        """See that no newer version of ensweep wrote it: this one would not understand what it changes.

        Raises:
            StoreNewerError: one did.
        """
        if why := contents.why_newer(self.storage):
            raise StoreNewerError(f"{why}. Nothing was changed in it")

    def record_spec(self, digest: str, text: str) -> None:
        """Keep a resolved spec and make it the store's current one; a damaged copy is mended."""
        if contents.version(self.storage) < VERSION:
            self.storage.replace(layout.VERSION, f"{VERSION}\n".encode())
        self.storage.replace(layout.spec(digest), text.encode())
        self.storage.replace(layout.CURRENT, digest.encode())

    def current_spec(self) -> str:
        """See :func:`specs.format.contents.current_spec`."""
        return contents.current_spec(self.storage)

    def specs(self) -> dict[str, str]:
        """See :func:`specs.format.contents.specs`."""
        return contents.specs(self.storage)

    def pin_data(self, dataset: str, fingerprint: str) -> None:
        """Remember the data of this store, once; refuse any other afterwards.

        Raises:
            DataError: trials of this store were trained on other data of that name.
            StoreError: what was remembered cannot be read.
        """
        key = layout.data(dataset)
        self.storage.create(key, contents.pin(dataset, fingerprint))
        pinned = contents.pinned_data(dataset, self.storage.read(key))
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
            StoreCorruptError: one cannot be read.
        """
        found = self.read_commits()
        for trial_id, unreadable in found.unreadable.items():
            raise StoreCorruptError(
                f"{self.url}/{layout.commit(trial_id)} is damaged ({unreadable.problem}); `ensweep verify` lists all "
                "damage, `ensweep run` mends it"
            )
        return found.readable

    def read_commits(self) -> contents.Commits:
        """All commits: those that can be read, and those that cannot."""
        return contents.commits(self.storage)

    def is_committed(self, trial_id: str) -> bool:
        """Whether a decision about this trial exists."""
        return contents.exists(self.storage, layout.commit(trial_id))

    def committed(self, trial_id: str) -> Commit | None:
        """The decision about one trial, if there is one that can be read."""
        return contents.commits(self.storage, [trial_id]).readable.get(trial_id)

    def write_attempt(self, trial_id: str, tables: Mapping[str, Sequence[Row]]) -> tuple[str, dict[str, CommittedFile]]:
        """Write the tables of one attempt, each whole; returns its name and what a commit says of its files.

        Raises:
            ValueError: rows do not fit their table; nothing is written then.
            StoreError: they cannot be written.
        """
        from specs.format.tables import encode  # pyarrow: not needed to plan

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
            self.storage.delete(commit.keys.values())
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
        self.checkpoint(stack_id).replace(layout.TRIALS_OF_STACK, json.dumps(list(trial_ids)).encode())

    def begun(self, stack_id: str) -> frozenset[str]:
        """The trials that a stack in training was begun with; none where nothing says so."""
        key = layout.checkpoint(stack_id) + layout.TRIALS_OF_STACK
        return layout.begun_with(self.storage.read_many([key]).get(key, b""))

    def remove_checkpoint(self, stack_id: str) -> None:
        """Forget the checkpoint of a stack whose trials are committed."""
        faults.point("checkpoint.remove")
        self.storage.delete(self.storage.keys(layout.checkpoint(stack_id)))
