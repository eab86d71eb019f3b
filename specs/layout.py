"""Where things lie in a store, and what a commit says: shared by the store that writes and the report that reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from specs.base import Frozen

Status = Literal["complete", "diverged", "failed"]


@dataclass(frozen=True)
class Layout:
    """All paths of one store."""

    root: Path

    @property
    def specs(self) -> Path:
        """Every sweep that ran here, resolved, as ``<hash>.yaml``."""
        return self.root / "specs"

    @property
    def current(self) -> Path:
        """A one-line file: the hash of the sweep that ran here last."""
        return self.specs / "current"

    def spec(self, digest: str) -> Path:
        return self.specs / f"{digest}.yaml"

    @property
    def attempts(self) -> Path:
        return self.root / "attempts"

    def attempt(self, trial_id: str, attempt: str) -> Path:
        """Immutable folder with one Parquet file a table."""
        return self.attempts / trial_id / attempt

    @property
    def commits(self) -> Path:
        return self.root / "commits"

    def commit(self, trial_id: str) -> Path:
        """A trial is done when this file exists, and never otherwise."""
        return self.commits / f"{trial_id}.json"

    def checkpoint(self, stack_id: str) -> Path:
        return self.root / "checkpoints" / stack_id

    def data(self, dataset: str) -> Path:
        """The fingerprint of the data that this store's trials of one data set were trained on."""
        return self.root / f"data-{dataset}.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def report(self) -> Path:
        return self.root / "report.html"


class CommittedFile(Frozen):
    """One file of a committed attempt."""

    sha256: str
    rows: int


class Commit(Frozen):
    """The one decision about a trial, created exclusively: which attempt counts, and how it ended."""

    trial_id: str
    status: Status
    attempt: str
    files: dict[str, CommittedFile]
    """By table name; empty where the trial failed."""
    message: str = ""
    """Why it failed or where it diverged; empty for a complete trial."""
    environment: dict[str, str | int | None]
    """Versions, device, threads and data fingerprint; no secrets."""
