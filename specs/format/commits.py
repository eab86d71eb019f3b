"""The content of a commit, which is the one decision about a trial."""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, StringConstraints, ValidationError

from specs.base import Frozen
from specs.format import layout

Status = Literal["complete", "diverged", "failed"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""A part of a key: no separators and no dots, so that it cannot lead out of the store."""

TOLERANT = ConfigDict(extra="ignore")
"""Unknown fields are ignored, since a later version may add some. :func:`parse` rejects them in a commit without a
seal: such a commit is from an early version, which had no other fields."""


class CommittedFile(Frozen):
    """One file of a committed attempt."""

    model_config = TOLERANT

    sha256: str
    rows: int


class Commit(Frozen):
    """The one decision about a trial, created exclusively: the attempt that counts, and how it ended."""

    model_config = TOLERANT

    trial_id: Name
    status: Status
    attempt: Name | Literal[""]
    """Name of the attempt that counts; empty if the trial failed."""
    files: dict[Name, CommittedFile]
    """Files by table name; empty if the trial failed."""
    cause: Literal["", "error", "oom", "worker"] = ""
    """Cause of a failure: the code raised an error, memory ran out, or the worker died without a message."""
    message: str = ""
    """Reason of the failure, or epoch and reason of the divergence; empty for a complete trial."""
    environment: dict[str, str | int | None]
    """Versions, device, threads and data fingerprint; no secrets."""
    stack: tuple[Name, ...] = ()
    """Ids of the trials that were trained in one program, including this one; empty if it was alone."""

    @property
    def keys(self) -> dict[str, str]:
        """Keys of all files of the commit, by table name."""
        return {name: layout.table(self.trial_id, self.attempt, name) for name in self.files}

    def content(self) -> bytes:
        """The commit's bytes in the store: JSON with a seal, which is a SHA-256 over the other fields.

        The seal detects corruption in fields that no other check covers. An empty ``stack`` is omitted, because the
        field was added after the first sealed commits.
        """
        fields = self.model_dump(mode="json", exclude=set() if self.stack else {"stack"})
        return json.dumps(fields | {"seal": seal(fields)}, indent=1, ensure_ascii=False).encode()


@dataclass(frozen=True)
class UnreadableCommit:
    """A commit from which no decision can be read."""

    problem: str
    """The problem, as a sentence without its subject, such as ``cannot be read``."""
    intact: bool = False
    """Whether the file is undamaged, because its seal matches. Another version of ensweep then wrote it, in a way that
    this version does not understand."""


def seal(fields: dict[str, Any]) -> str:
    """SHA-256 in hex over a commit's fields without the seal, as the store holds them."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def parse(trial_id: str, content: bytes | None) -> Commit | UnreadableCommit:
    """The commit of a trial from its file's content, or the problem with it. ``content`` is None for a missing file."""
    if content is None:
        return UnreadableCommit("cannot be read")
    try:
        fields = json.loads(content)
        if not isinstance(fields, dict):
            raise ValueError("it is no JSON object")
    except (ValueError, RecursionError) as error:
        return UnreadableCommit(f"cannot be read: {_first_line(error)}")
    found = fields.pop("seal", "")
    if found and found != seal(fields):
        return UnreadableCommit("is not what was written: its seal differs")
    if not found and (unknown := fields.keys() - Commit.model_fields.keys()):
        return UnreadableCommit(f"cannot be read: it says {', '.join(sorted(unknown))} without a seal")
    try:
        commit = Commit.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        return UnreadableCommit(f"cannot be read: {error.errors()[0]['msg']}", intact=bool(found))
    if commit.trial_id != trial_id:
        return UnreadableCommit(f"is of another trial, {commit.trial_id}")
    return commit


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
