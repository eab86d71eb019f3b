"""Store to verified tables: what was planned, what became of it, and the rows that may be used.

A large store is tens of thousands of small files. They are read in portions, parsed by two threads (Arrow works
without Python's lock), and joined portion by portion, so that the files' own small tables are never all held.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from specs.format import contents, layout
from specs.format.commits import Commit
from specs.format.reader import Reader
from specs.format.records import TABLES
from specs.format.tables import FIRST_VERSION, SCHEMAS, DamagedError, Tables, UnusableError, read_tables
from specs.sweep import PlannedTrial, SweepSpec, expand
from specs.sweep_text import dump_sweep

TRIALS_AT_ONCE = 64
"""Trials whose files are read at once."""
THREADS = 2
"""More gain nothing: half of the work is Python's."""


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
    """By name, every table of :mod:`specs.format.records`: the rows of complete trials, in the plan's order."""
    stale: int
    """Commits of trials that the current spec does not plan: counted, never used."""
    newer: str
    """That a newer version of ensweep wrote the store, as a sentence; empty where none did."""
    unmeasured: Mapping[str, int]
    """Columns, as ``trials.dominance``, and tables that the format of some complete trials did not have yet; each with
    the number of those trials."""


def read(store: Reader, sweep: SweepSpec | None = None) -> Reading:
    """Read a store and verify every file before its rows are used.

    ``sweep`` is what is planned; the sweep that ran in the store last unless given, and then there may be no store yet.

    Raises:
        StoreError: the folder is no store, or its spec is missing or invalid.
    """
    text = contents.current_spec(store) if sweep is None else dump_sweep(sweep)
    sweep = sweep or contents.current_sweep(store)
    plan = expand(sweep)
    committed = set(layout.committed_ids(store.keys(layout.COMMITS)))
    outcomes: list[Outcome] = []
    parts: dict[str, list[pa.Table]] = {name: [schema.empty_table()] for name, schema in SCHEMAS.items()}
    with ThreadPoolExecutor(THREADS) as threads:
        for start in range(0, len(plan), TRIALS_AT_ONCE):
            found = _portion(store, plan[start : start + TRIALS_AT_ONCE], committed, threads)
            outcomes += [outcome for outcome, _ in found]
            for name, part in _joined([tables for _, tables in found]).items():
                parts[name].append(part)
    tables = {name: _concatenated(own) for name, own in parts.items()}
    stale = len(committed - {trial.id for trial in plan})
    return Reading(
        sweep, text, tuple(outcomes), tables, stale, contents.why_newer(store), _unmeasured(tables, outcomes)
    )


def _unmeasured(tables: Tables, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """What the formats of some complete trials lack: required columns, and tables, of later formats than the first."""
    complete = [outcome.commit for outcome in outcomes if outcome.commit and outcome.status == "complete"]
    found = {}
    for table in TABLES.values():
        if table.since > FIRST_VERSION:
            found[table.name] = sum(table.name not in commit.files for commit in complete)
        for column in table.columns:
            if column.since > max(FIRST_VERSION, table.since) and not column.nullable:
                rows = tables[table.name].filter(pc.is_null(tables[table.name][column.name]))
                found[f"{table.name}.{column.name}"] = pc.count_distinct(rows["trial_id"]).as_py()
    return {name: count for name, count in found.items() if count}


def _portion(
    store: Reader, trials: Sequence[PlannedTrial], committed: set[str], threads: Executor
) -> list[tuple[Outcome, Tables]]:
    commits = contents.commits(store, [trial.id for trial in trials if trial.id in committed])
    files = store.read_many(key for commit in commits.readable.values() for key in commit.keys.values())
    return list(threads.map(lambda trial: _outcome(trial, commits, files), trials))


def _joined(found: Sequence[Tables]) -> Tables:
    """The rows of many trials as one table a name, each column in one piece."""
    parts = {name: [tables[name] for tables in found if name in tables] for name in TABLES}
    return {name: _concatenated(own).combine_chunks() for name, own in parts.items() if own}


def _concatenated(parts: Sequence[pa.Table]) -> pa.Table:
    """Tables one after the other. Where they hold a list in different precisions, in the higher one."""
    return pa.concat_tables(parts, promote_options="permissive")


def _outcome(trial: PlannedTrial, commits: contents.Commits, files: Mapping[str, bytes]) -> tuple[Outcome, Tables]:
    if unreadable := commits.unreadable.get(trial.id):
        return Outcome(trial, "corrupt", f"its commit {unreadable.problem}"), {}
    commit = commits.readable.get(trial.id)
    if commit is None:
        return Outcome(trial, "missing"), {}
    try:
        tables = read_tables(commit, files, trial.spec)
    except (DamagedError, UnusableError) as error:
        return Outcome(trial, "corrupt", str(error), commit), {}
    return Outcome(trial, commit.status, commit.message, commit), tables if commit.status == "complete" else {}
