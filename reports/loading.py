"""Store to checked data: what was planned, and the committed rows that may be used.

The plan comes from the store's current spec. A planned trial meets its rows by ``trial_id`` alone, and takes the
name of its architecture from the plan, because names are labels that may have changed since.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from reports.parquet import CorruptError, read_checked, schema
from specs.layout import Commit, Layout
from specs.loading import SpecError, parse_sweep
from specs.records import FILTERS, TABLES, TRIALS
from specs.sweep import PlannedTrial, SweepSpec, expand

STATUSES = ("complete", "diverged", "failed", "corrupt", "missing")
"""How a planned trial stands: as committed, or its files are damaged, or nothing is committed."""

REQUIRED = TABLES.keys() - {FILTERS.name}
"""What every complete trial has committed; filters only where its spec asks for them."""

Tables = dict[str, pa.Table]


class StoreError(Exception):
    """This folder is no store, or its spec cannot be read; the message says what to do."""


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


def load(store: Path) -> Frames:
    """Read a store and verify every file before its rows are used.

    Raises:
        StoreError: the folder is no store, or its spec is missing or invalid.
    """
    layout = Layout(store)
    text = _spec_text(layout)
    try:
        sweep = parse_sweep(text, "the store's spec")
    except SpecError as error:
        raise StoreError(f"{store}: the spec in this store cannot be read: {error}") from error
    plan = expand(sweep)
    outcomes = [_Outcome.of(layout, trial) for trial in plan]
    committed = {path.stem for path in layout.commits.glob("[!.]*.json")}
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

    @classmethod
    def of(cls, layout: Layout, trial: PlannedTrial) -> "_Outcome":
        path = layout.commit(trial.id)
        if not path.exists():
            return cls(trial, "missing")
        try:
            commit = Commit.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return cls(trial, "corrupt", "its commit cannot be read")
        try:
            tables = _verified_tables(layout, trial.id, commit)
        except CorruptError as error:
            return cls(trial, "corrupt", str(error), commit)
        return cls(trial, commit.status, commit.message, commit, tables if commit.status == "complete" else None)


def _verified_tables(layout: Layout, trial_id: str, commit: Commit) -> Tables:
    if commit.trial_id != trial_id:
        raise CorruptError("its commit names another trial")
    if Path(commit.attempt).name != commit.attempt:
        raise CorruptError("its commit names no attempt")
    folder = layout.attempt(trial_id, commit.attempt)
    tables = {
        name: read_checked(folder / f"{name}.parquet", TABLES[name], file, trial_id)
        for name, file in commit.files.items()
        if name in TABLES
    }
    if commit.status == "complete":
        _check_complete(tables)
    return tables


def _check_complete(tables: Tables) -> None:
    """A complete trial has one row of results, and its results are numbers."""
    if missing := REQUIRED - tables.keys():
        raise CorruptError(f"complete, but without {', '.join(sorted(missing))}")
    rows = tables[TRIALS.name].to_pylist()
    if len(rows) != 1 or rows[0]["status"] != "complete":
        raise CorruptError("complete, but its trials table does not say so")
    for name in ("test_error", "test_nll", "test_member_error", "test_member_nll"):
        if rows[0][name] is None or not math.isfinite(rows[0][name]):
            raise CorruptError(f"complete, but {name} is no number")


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


def _spec_text(layout: Layout) -> str:
    if not layout.root.is_dir():
        raise StoreError(f"{layout.root} is not a folder; name the store that `ensweep run` wrote")
    try:
        digest = layout.current.read_text().strip()
        if not digest.isalnum():
            raise StoreError(f"{layout.current} names no spec; run the sweep again to repair it")
        return layout.spec(digest).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{layout.root} is not a store: no spec was run in it") from error
