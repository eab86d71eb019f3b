"""Store to verified tables: what was planned, what became of it, and the rows that may be used.

A large store is tens of thousands of small files. They are read in portions, parsed by two threads (Arrow works
without Python's lock), and joined portion by portion, so that the files' own small tables are never all held.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from re import fullmatch

import pyarrow as pa
from pydantic import ValidationError

from reports import checking
from reports.checking import Tables
from reports.parquet import CorruptError, schema
from specs import layout
from specs.layout import Commit, Reader
from specs.loading import SpecError, dump_sweep, parse_sweep
from specs.records import TABLES
from specs.sweep import PlannedTrial, SweepSpec, expand

PORTION = 64
"""Trials whose files are read at once."""
THREADS = 2
"""More gain nothing: half of the work is Python's."""


class StoreError(Exception):
    """There is no store, or its spec cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Outcome:
    """What the store says of one planned trial."""

    trial: PlannedTrial
    status: str
    """As committed, or ``corrupt``, or ``missing``."""
    message: str = ""
    commit: Commit | None = None


@dataclass(frozen=True)
class Reading:
    """One store, verified."""

    sweep: SweepSpec
    spec_text: str
    outcomes: tuple[Outcome, ...]
    """One a planned trial, in the plan's order."""
    tables: Mapping[str, pa.Table]
    """By name, every table of :mod:`specs.records`: the rows of complete trials, in the plan's order."""
    stale: int
    """Commits of trials that the current spec does not plan: counted, never used."""


def read(store: Reader, sweep: SweepSpec | None = None) -> Reading:
    """Read a store and verify every file before its rows are used.

    ``sweep`` is what is planned; the sweep that ran in the store last unless given, and then there may be no store yet.

    Raises:
        StoreError: the folder is no store, or its spec is missing or invalid.
    """
    text = _spec_text(store) if sweep is None else dump_sweep(sweep)
    try:
        sweep = sweep or parse_sweep(text, "the store's spec")
    except SpecError as error:
        raise StoreError(f"{store.url}: the spec in this store cannot be read: {error}") from error
    plan = expand(sweep)
    committed = set(layout.committed_ids(store.keys(layout.COMMITS)))
    outcomes: list[Outcome] = []
    parts: dict[str, list[pa.Table]] = {name: [schema(table).empty_table()] for name, table in TABLES.items()}
    with ThreadPoolExecutor(THREADS) as threads:
        for start in range(0, len(plan), PORTION):
            found = _portion(store, plan[start : start + PORTION], committed, threads)
            outcomes += [outcome for outcome, _ in found]
            for name, part in _joined([tables for _, tables in found]).items():
                parts[name].append(part)
    return Reading(
        sweep,
        text,
        tuple(outcomes),
        {name: pa.concat_tables(own) for name, own in parts.items()},
        len(committed - {trial.id for trial in plan}),
    )


def _portion(
    store: Reader, trials: Sequence[PlannedTrial], committed: set[str], threads: Executor
) -> list[tuple[Outcome, Tables]]:
    ids = [trial.id for trial in trials if trial.id in committed]
    commits = store.read_many(layout.commit(trial_id) for trial_id in ids)
    parsed = {trial_id: _parsed(commits.get(layout.commit(trial_id))) for trial_id in ids}
    contents = store.read_many(key for commit in parsed.values() if commit for key in checking.keys(commit))
    return list(threads.map(lambda trial: _outcome(trial, trial.id in parsed, parsed.get(trial.id), contents), trials))


def _joined(found: Sequence[Tables]) -> Tables:
    """The rows of many trials as one table a name, each column in one piece."""
    parts = {name: [tables[name] for tables in found if name in tables] for name in TABLES}
    return {name: pa.concat_tables(own).combine_chunks() for name, own in parts.items() if own}


def _parsed(content: bytes | None) -> Commit | None:
    try:
        return Commit.model_validate_json(content) if content is not None else None
    except ValidationError:
        return None


def _outcome(
    trial: PlannedTrial, committed: bool, commit: Commit | None, contents: Mapping[str, bytes]
) -> tuple[Outcome, Tables]:
    if not committed:
        return Outcome(trial, "missing"), {}
    if commit is None:
        return Outcome(trial, "corrupt", "its commit cannot be read"), {}
    if commit.trial_id != trial.id:
        return Outcome(trial, "corrupt", "its commit names another trial", commit), {}
    try:
        tables = checking.checked_tables(commit, contents)
    except CorruptError as error:
        return Outcome(trial, "corrupt", str(error), commit), {}
    return Outcome(trial, commit.status, commit.message, commit), tables if commit.status == "complete" else {}


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
