"""The tables of one commit, verified before a number of them is used."""

import math
from collections.abc import Mapping

import pyarrow as pa

from reports.parquet import CorruptError, check
from specs import layout
from specs.layout import Commit
from specs.records import FILTERS, TABLES, TRIALS

REQUIRED = TABLES.keys() - {FILTERS.name}
"""What every complete trial has committed; filters only where its spec asks for them."""

FINITE = ("test_error", "test_nll", "test_member_error", "test_member_nll")

Tables = dict[str, pa.Table]


def keys(commit: Commit) -> list[str]:
    """Keys of all files that a commit names."""
    return [layout.table(commit.trial_id, commit.attempt, name) for name in commit.files]


def checked_tables(commit: Commit, contents: Mapping[str, bytes]) -> Tables:
    """The tables of a commit.

    Args:
        commit: which files, and what they must be.
        contents: what lies under :func:`keys`; missing files are missing here.

    Raises:
        CorruptError: a file is missing or differs from what was committed, or a complete trial has no usable results.
    """
    tables = {
        name: check(
            contents.get(layout.table(commit.trial_id, commit.attempt, name)), TABLES[name], file, commit.trial_id
        )
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
    rows = tables[TRIALS.name].select(["status", *FINITE]).to_pylist()
    if len(rows) != 1 or rows[0]["status"] != "complete":
        raise CorruptError("complete, but its trials table does not say so")
    for name in FINITE:
        if rows[0][name] is None or not math.isfinite(rows[0][name]):
            raise CorruptError(f"complete, but {name} is no number")
