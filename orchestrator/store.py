"""The store: immutable attempts, one exclusive commit a trial, and what the sweep was. Knows nothing of Ray.

A trial is done when its commit exists. The commit names the attempt that counts and the SHA-256 of each of its
files; it is created with all its content in one exclusive step, so that a result counts once or not at all.
"""

import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from orchestrator import files, lock
from orchestrator.errors import DataError, StoreError
from specs.layout import Commit, CommittedFile, Layout
from specs.records import TABLES, Row


class Store:
    """One sweep's folder."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root.absolute())

    @property
    def root(self) -> Path:
        """The folder, absolute."""
        return self.layout.root

    def create(self) -> None:
        """Make the folders that are missing.

        Raises:
            StoreError: the folder cannot be made or written.
        """
        try:
            for folder in (self.layout.specs, self.layout.attempts, self.layout.commits, self.layout.logs):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise StoreError(
                f"cannot write to the store {self.root}: {error.strerror}; choose another with --store"
            ) from error

    @contextmanager
    def driver_lock(self) -> Iterator[None]:
        """Hold the store as its only driver.

        Raises:
            StoreInUseError: another driver holds it.
        """
        with lock.exclusive(self.layout.lock):
            yield

    def is_driven(self) -> bool:
        """Whether a live driver holds the store."""
        return lock.is_held(self.layout.lock)

    def record_spec(self, digest: str, text: str) -> None:
        """Keep a resolved spec and make it the store's current one."""
        files.create_whole(self.layout.spec(digest), text.encode())
        files.replace_whole(self.layout.current, digest.encode())

    def current_spec(self) -> str:
        """The text of the spec that ran here last.

        Raises:
            StoreError: this folder is no store, or nothing was run in it.
        """
        try:
            digest = self.layout.current.read_text().strip()
            return self.layout.spec(digest).read_text()
        except OSError as error:
            raise StoreError(
                f"{self.root} is not a store: no spec was run in it; `ensweep run SPEC --store {self.root}` makes one"
            ) from error

    def pin_data(self, dataset: str, fingerprint: str) -> None:
        """Remember the data of this store, once; refuse any other afterwards.

        Raises:
            DataError: trials of this store were trained on other data of that name.
        """
        path = self.layout.data(dataset)
        files.create_whole(path, json.dumps({"dataset": dataset, "fingerprint": fingerprint}).encode())
        pinned = json.loads(path.read_text())["fingerprint"]
        if pinned != fingerprint:
            raise DataError(
                f"{dataset}: this data (fingerprint {fingerprint[:12]}) is not what {self.root} was begun with "
                f"({pinned[:12]}); use the same data, or another --store"
            )

    def commits(self) -> dict[str, Commit]:
        """All commits, by trial id.

        Raises:
            StoreError: a commit file cannot be read as one.
        """
        return {path.stem: _read_commit(path) for path in sorted(self.layout.commits.glob("[!.]*.json"))}

    def is_committed(self, trial_id: str) -> bool:
        """Whether a decision about this trial exists."""
        return self.layout.commit(trial_id).exists()

    def write_attempt(self, trial_id: str, tables: Mapping[str, Sequence[Row]]) -> tuple[str, dict[str, CommittedFile]]:
        """Write the tables of one attempt whole; returns its name and what a commit says of its files.

        Raises:
            ValueError: rows do not fit their table.
        """
        from orchestrator.tables import encode  # pyarrow: not needed to plan

        attempt = uuid.uuid4().hex[:12]
        final = self.layout.attempt(trial_id, attempt)
        staged = final.with_name(f".{attempt}")
        staged.mkdir(parents=True)
        written = {}
        for name, rows in tables.items():
            content, written[name] = encode(TABLES[name], rows)
            files.write_synced(staged / f"{name}.parquet", content)
        files.sync_folder(staged)
        staged.rename(final)
        files.sync_folder(final.parent)
        return attempt, written

    def commit(self, commit: Commit) -> bool:
        """Decide about a trial, unless that is done; says whether this commit is the one that counts.

        An attempt that lost is removed.
        """
        content = commit.model_dump_json(indent=1).encode()
        won = files.create_whole(self.layout.commit(commit.trial_id), content)
        if not won and commit.files:
            shutil.rmtree(self.layout.attempt(commit.trial_id, commit.attempt), ignore_errors=True)
        return won

    def withdraw_failure(self, trial_id: str) -> None:
        """Turn a failed trial back into one to do; the failure is kept beside its attempts."""
        if _read_commit(self.layout.commit(trial_id)).status != "failed":
            raise StoreError(f"trial {trial_id} did not fail; only failed trials can be tried again")
        kept = self.layout.attempt(trial_id, f"failure-{uuid.uuid4().hex[:12]}.json")
        kept.parent.mkdir(parents=True, exist_ok=True)
        self.layout.commit(trial_id).rename(kept)

    def remove_checkpoint(self, stack_id: str) -> None:
        """Forget the checkpoint of a stack whose trials are committed."""
        shutil.rmtree(self.layout.checkpoint(stack_id), ignore_errors=True)


def _read_commit(path: Path) -> Commit:
    try:
        return Commit.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StoreError(f"{path} is damaged and no commit can be read from it; move it away and run again") from error
