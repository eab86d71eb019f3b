"""Store to checked data: what was planned, and the committed rows that may be used.

The plan comes from the store's current spec. A planned trial meets its rows by ``trial_id`` alone, and takes the
name of its architecture from the plan, because names are labels that may have changed since.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from re import fullmatch

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from reports import checking
from reports.checking import Tables
from reports.parquet import CorruptError, schema
from specs import layout
from specs.layout import Commit, Reader
from specs.loading import SpecError, parse_sweep
from specs.records import TABLES
from specs.sweep import PlannedTrial, SweepSpec, expand

STATUSES = ("complete", "diverged", "failed", "corrupt", "missing")
"""How a planned trial stands: as committed, or its files are damaged, or nothing is committed."""

PORTION = 256
"""Trials whose files are read at once."""


class StoreError(Exception):
    """There is no store, or its spec cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Frames:
    """One store, checked. Frames of measurements hold rows of complete trials only."""

    sweep: SweepSpec
    spec_text: str
    planned: pd.DataFrame
    """A row a planned trial: trial_id, architecture, method, lam, seed, learning_rate, members, member_parameters,
    total_parameters, status (one of ``STATUSES``), message."""
    trials: pd.DataFrame
    epochs: pd.DataFrame
    robustness: pd.DataFrame
    filters: pd.DataFrame
    environments: pd.DataFrame
    """A row a planned trial with a commit: trial_id, then the columns that its commit's environment names."""
    stale: int
    """Commits of trials that the current spec does not plan: counted, never used."""


def load(store: Reader) -> Frames:
    """Read a store and verify every file before its rows are used.

    Raises:
        StoreError: the folder is no store, or its spec is missing or invalid.
    """
    text = _spec_text(store)
    try:
        sweep = parse_sweep(text, "the store's spec")
    except SpecError as error:
        raise StoreError(f"{store.url}: the spec in this store cannot be read: {error}") from error
    plan = expand(sweep)
    committed = set(layout.committed_ids(store.keys(layout.COMMITS)))
    outcomes = _outcomes(store, plan, committed)
    names = {trial.id: trial.architecture for trial in plan}
    return Frames(
        sweep=sweep,
        spec_text=text,
        planned=pd.DataFrame([_planned_row(o) for o in outcomes]),
        trials=_frame("trials", outcomes).assign(architecture=lambda f: f["trial_id"].map(names)),
        epochs=_frame("epochs", outcomes),
        robustness=_frame("robustness", outcomes),
        filters=_frame("filters", outcomes),
        environments=pd.DataFrame(
            [{"trial_id": o.trial.id, **o.commit.environment} for o in outcomes if o.commit is not None]
        ),
        stale=len(committed - names.keys()),
    )


@dataclass(frozen=True)
class _Outcome:
    """What the store says of one planned trial."""

    trial: PlannedTrial
    status: str
    message: str = ""
    commit: Commit | None = None
    tables: Tables | None = None


def _outcomes(store: Reader, plan: Sequence[PlannedTrial], committed: set[str]) -> list[_Outcome]:
    """What the store says of each planned trial, read in portions: many small files at once, never all."""
    found = []
    for start in range(0, len(plan), PORTION):
        trials = plan[start : start + PORTION]
        commits = store.read_many(layout.commit(trial.id) for trial in trials if trial.id in committed)
        parsed = {trial.id: _parsed(commits.get(layout.commit(trial.id))) for trial in trials if trial.id in committed}
        contents = store.read_many(key for commit in parsed.values() if commit for key in checking.keys(commit))
        found += [_outcome(trial, trial.id in committed, parsed.get(trial.id), contents) for trial in trials]
    return found


def _parsed(content: bytes | None) -> Commit | None:
    try:
        return Commit.model_validate_json(content) if content is not None else None
    except ValidationError:
        return None


def _outcome(trial: PlannedTrial, committed: bool, commit: Commit | None, contents: Mapping[str, bytes]) -> _Outcome:
    if not committed:
        return _Outcome(trial, "missing")
    if commit is None:
        return _Outcome(trial, "corrupt", "its commit cannot be read")
    if commit.trial_id != trial.id:
        return _Outcome(trial, "corrupt", "its commit names another trial", commit)
    try:
        tables = checking.checked_tables(commit, contents)
    except CorruptError as error:
        return _Outcome(trial, "corrupt", str(error), commit)
    return _Outcome(trial, commit.status, commit.message, commit, tables if commit.status == "complete" else None)


def _frame(name: str, outcomes: list[_Outcome]) -> pd.DataFrame:
    tables = [o.tables[name] for o in outcomes if o.tables is not None and name in o.tables]
    frame: pd.DataFrame = pa.concat_tables([schema(TABLES[name]).empty_table(), *tables]).to_pandas()
    return frame


def _planned_row(outcome: _Outcome) -> dict[str, object]:
    trial, spec = outcome.trial, outcome.trial.spec
    return {
        "trial_id": trial.id,
        "architecture": trial.architecture,
        "method": spec.method,
        "lam": spec.lam,
        "seed": spec.seed,
        "learning_rate": spec.training.learning_rate,
        "members": spec.architecture.members,
        "member_parameters": spec.member_parameters,
        "total_parameters": spec.total_parameters,
        "status": outcome.status,
        "message": outcome.message,
    }


def _spec_text(store: Reader) -> str:
    try:
        digest = store.read(layout.CURRENT).decode("ascii", "replace").strip()
        if not fullmatch("[0-9a-z]+", digest):
            raise StoreError(f"{store.url}/{layout.CURRENT} names no spec; run the sweep again to mend it")
        content = store.read(layout.spec(digest))
    except OSError as error:
        raise StoreError(f"{store.url} is not a store: no spec was run in it") from error
    if not hashlib.sha256(content).hexdigest().startswith(digest):
        raise StoreError(f"{store.url}: the spec that ran here last is damaged; run the sweep again to mend it")
    return content.decode()
