"""What a commit says: the one decision about a trial."""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, StringConstraints, ValidationError

from specs.base import Frozen
from specs.format import layout

Status = Literal["complete", "diverged", "failed"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""What becomes a part of a key: no separators, no dots, nothing that leads out of the store."""

TOLERANT = ConfigDict(extra="ignore")
"""A later version may say more. Without a seal a commit is of an early version, and then must say nothing else."""


class CommittedFile(Frozen):
    """One file of a committed attempt."""

    model_config = TOLERANT

    sha256: str
    rows: int


class Commit(Frozen):
    """The one decision about a trial, created exclusively: which attempt counts, and how it ended."""

    model_config = TOLERANT

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

    @property
    def keys(self) -> dict[str, str]:
        """Keys of all files that it names, by table name."""
        return {name: layout.table(self.trial_id, self.attempt, name) for name in self.files}

    def content(self) -> bytes:
        """As the store holds it: with a seal, which is the SHA-256 of all other fields.

        The seal detects corruption in the fields that no other check covers. ``stack`` is left out where it is empty:
        it is younger than the first seals.
        """
        fields = self.model_dump(mode="json", exclude=set() if self.stack else {"stack"})
        return json.dumps(fields | {"seal": seal(fields)}, indent=1, ensure_ascii=False).encode()


@dataclass(frozen=True)
class UnreadableCommit:
    """A commit from which no decision can be read."""

    problem: str
    """What it is or cannot, as the rest of a sentence about it."""
    intact: bool = False
    """Whether it is what was written all the same: by another version of ensweep, which says things otherwise."""


def seal(fields: dict[str, Any]) -> str:
    """SHA-256 over the fields of a commit, by the names and values that the store holds."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def parse(trial_id: str, content: bytes | None) -> Commit | UnreadableCommit:
    """The commit of a trial from its file's content, or what is wrong with it; None stands for a missing file."""
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
