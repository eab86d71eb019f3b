"""Where things lie in a store, and what a commit says: shared by the store that writes and the report that reads.

Everything in a store has a key: its path relative to the store, with ``/`` on every system and on object storage.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Literal, Protocol, Self

from pydantic import StringConstraints, model_validator

from specs.base import Frozen

Status = Literal["complete", "diverged", "failed"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""What becomes a part of a key: no separators, no dots, nothing that leads out of the store."""

SPECS = "specs/"
"""Every sweep that ran here, resolved, as ``<hash>.yaml``."""
CURRENT = "specs/current"
"""One line: the hash of the sweep that ran here last."""
ATTEMPTS = "attempts/"
COMMITS = "commits/"
CHECKPOINTS = "checkpoints/"
BEGUN = "trials.json"
"""Beside the checkpoint of a stack of several: the ids of the trials that it was begun with."""
WITHDRAWN = "withdrawn/"
"""Commits that no longer count, kept as evidence: failures that were tried again, results that were damaged."""
DATA = "data-"
LOCK = "lock"
REPORT = "report.html"


def spec(digest: str) -> str:
    """Key of a resolved spec."""
    return f"{SPECS}{digest}.yaml"


def attempt(trial_id: str, name: str) -> str:
    """Prefix of an attempt's files: immutable, and of no meaning until a commit names it."""
    return f"{ATTEMPTS}{trial_id}/{name}/"


def table(trial_id: str, attempt_name: str, table_name: str) -> str:
    """Key of one table of an attempt."""
    return f"{attempt(trial_id, attempt_name)}{table_name}.parquet"


def commit(trial_id: str) -> str:
    """Key of a commit: a trial is done when it exists, and never otherwise."""
    return f"{COMMITS}{trial_id}.json"


def checkpoint(stack_id: str) -> str:
    """Prefix of the checkpoint of a stack in training."""
    return f"{CHECKPOINTS}{stack_id}/"


def begun_with(content: bytes) -> frozenset[str]:
    """The trials that a stack's list names; none where it is damaged."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()


def data(dataset: str) -> str:
    """Key of the fingerprint of the data that this store's trials of one data set were trained on."""
    return f"{DATA}{dataset}.json"


def dataset(key: str) -> str | None:
    """Whose fingerprint lies under a key; None where it is the key of something else."""
    name = key.removeprefix(DATA).removesuffix(".json")
    return name if data(name) == key else None


def committed_ids(keys: Iterable[str]) -> list[str]:
    """The trials that have a commit, among the keys below ``COMMITS``; files in the making start with a dot."""
    names = [key.removeprefix(COMMITS) for key in keys]
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json") and not name.startswith("."))


class Reader(Protocol):
    """A store as something to read, wherever it lies."""

    @property
    def url(self) -> str:
        """What a user calls this store."""

    def read(self, key: str) -> bytes:
        """The content of a key.

        Raises:
            FileNotFoundError: there is nothing under it.
            OSError: it cannot be read.
        """

    def read_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The contents of many keys at once; keys that are missing or damaged are left out.

        What is only out of reach (no permission, no network) is no damage, and is raised.
        """

    def keys(self, prefix: str) -> list[str]:
        """All keys that start with a prefix, sorted; the prefix is empty or ends with ``/``."""


class CommittedFile(Frozen):
    """One file of a committed attempt."""

    sha256: str
    rows: int


class Commit(Frozen):
    """The one decision about a trial, created exclusively: which attempt counts, and how it ended."""

    trial_id: Name
    status: Status
    attempt: Name | Literal[""]
    """Empty where the trial failed."""
    files: dict[Name, CommittedFile]
    """By table name; empty where the trial failed."""
    cause: Literal["", "error", "oom", "worker"] = ""
    """Of a failure: its code raised an error, memory ran out, or its worker died without a word."""
    message: str = ""
    """Why it failed or where it diverged; empty for a complete trial."""
    environment: dict[str, str | int | None]
    """Versions, device, threads and data fingerprint; no secrets."""
    stack: tuple[Name, ...] = ()
    """The trials that were trained in one program, this one among them; empty where it was alone."""
    seal: str = ""
    """SHA-256 of the other fields, so that a changed bit is found in those too that nothing else is compared with.
    Empty before it is written, and in commits of before there were seals."""

    @model_validator(mode="after")
    def seal_is_of_the_content(self) -> Self:
        """What was written with a seal still matches it."""
        if self.seal and self.seal != self._digest():
            raise ValueError("it is not what was written: its seal differs")
        return self

    def content(self) -> bytes:
        """As the store holds it: sealed."""
        sealed = self.model_copy(update={"seal": self._digest()})
        return sealed.model_dump_json(indent=1, exclude=self._unsaid).encode()

    @property
    def _unsaid(self) -> set[str]:
        """Fields that came later and say nothing here: commits of before there were any keep their seals."""
        return set() if self.stack else {"stack"}

    def _digest(self) -> str:
        fields = self.model_dump(mode="json", exclude={"seal"} | self._unsaid)
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
