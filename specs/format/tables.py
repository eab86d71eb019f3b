"""The tables of a commit as Parquet: rows to bytes, and bytes to rows that were verified before any of them is used.

A file may be older or newer than this program. What it lacks reads as null, what it has besides is left out.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from specs.format.commits import Commit, CommittedFile
from specs.format.records import TABLES, TRIALS, Column, ColumnType, Row, Table
from specs.trial import TrialSpec

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "floats": pa.list_(pa.float64()),
    "floats32": pa.list_(pa.float32()),
    "ints": pa.list_(pa.int64()),
}

FINITE = ("test_error", "test_nll", "test_member_error", "test_member_nll")
"""Columns of ``trials`` that are numbers in every complete trial."""

FIRST_VERSION = 1
"""The first version of the format. A required column of a later one reads as null in earlier files."""

Tables = dict[str, pa.Table]


class DamagedError(Exception):
    """A committed file is missing or is not what was committed; the message says which and how."""

    def __init__(self, table: str, problem: str) -> None:
        super().__init__(f"{table}.parquet: {problem}")
        self.table, self.problem = table, problem


class UnusableError(Exception):
    """A file is what was committed, and its rows cannot be used all the same; the message says why."""


def encode(table: Table, rows: Sequence[Row]) -> tuple[bytes, CommittedFile]:
    """Rows as the bytes of a Parquet file with page CRCs, and what a commit says of them.

    Raises:
        ValueError: a row has other columns than the table, a null where none may be, or a key occurs twice.
    """
    _check_rows_to_write(table, rows)
    data = pa.Table.from_pylist(list(rows), schema=_written_schema(table))
    sink = BytesIO()
    # A report opens every one of tens of thousands of small files. Without dictionaries, and with snappy in place of
    # zstd, they are read in 40 % of the time and are no larger: dictionaries of distinct numbers save nothing. Only
    # long lists gain: split into streams of bytes, zstd takes a fifth off them, and they are read faster.
    lists = [f"{column.name}.list.element" for column in table.columns if column.type == "floats32"]
    compression = {_leaf(column): "snappy" for column in table.columns} | dict.fromkeys(lists, "zstd")
    pq.write_table(
        data,
        sink,
        compression=compression,
        use_dictionary=False,
        use_byte_stream_split=lists,
        write_page_checksum=True,
    )
    content = sink.getvalue()
    return content, CommittedFile(sha256=hashlib.sha256(content).hexdigest(), rows=len(rows))


def _field(column: Column) -> pa.Field:
    """A column as Arrow holds it. Null may stand in it also where an earlier version did not measure it."""
    return pa.field(column.name, ARROW_TYPES[column.type], nullable=column.nullable or column.since > FIRST_VERSION)


def _leaf(column: Column) -> str:
    """The path of a column's values in a Parquet file."""
    return f"{column.name}.list.element" if pa.types.is_list(ARROW_TYPES[column.type]) else column.name


SCHEMAS = {name: pa.schema(map(_field, table.columns)) for name, table in TABLES.items()}
"""The columns of each table as this version writes them, by the table's name."""


def _in_double(field: pa.Field) -> pa.Field:
    wide = ARROW_TYPES["floats"]
    return field.with_type(wide) if field.type == ARROW_TYPES["floats32"] else field


WIDE_SCHEMAS = {name: pa.schema(map(_in_double, schema)) for name, schema in SCHEMAS.items()}
"""The same with every list in double precision, as version 1 wrote it. Readers keep both, so that no number changes."""


def _written_schema(table: Table) -> pa.Schema:
    """The same with each column's unit and meaning, which travel in the file."""
    return pa.schema(
        _field(column).with_metadata({"unit": column.unit, "meaning": column.meaning}) for column in table.columns
    )


def _check_rows_to_write(table: Table, rows: Sequence[Row]) -> None:
    expected = {column.name for column in table.columns}
    required = [column.name for column in table.columns if not column.nullable]
    for row in rows:
        if row.keys() != expected:
            raise ValueError(f"{table.name}: columns differ from the table's by {sorted(row.keys() ^ expected)}")
        if missing := [name for name in required if row[name] is None]:
            raise ValueError(f"{table.name}: no value for {missing}")
    keys = [tuple(row[name] for name in table.key) for row in rows]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{table.name}: two rows with one {table.key}")


def read_tables(commit: Commit, contents: Mapping[str, bytes], planned: TrialSpec | None = None) -> Tables:
    """The tables of a commit that this version knows.

    Args:
        commit: which files, and what they must be.
        contents: what lies under the commit's keys; missing files are missing here.
        planned: what the trial was to be, where that is known.

    Raises:
        DamagedError: a file is missing, or its SHA-256 is not the committed one.
        UnusableError: the files are as committed, and their rows contradict the commit or the spec, or are no such
            table.
    """
    keys = commit.keys
    whole = {name: _whole(commit, name, contents.get(key)) for name, key in keys.items()}  # damage before all else
    tables = {name: _parse(commit, TABLES[name], content) for name, content in whole.items() if name in TABLES}
    if commit.status == "complete":
        _check_complete(tables)
    if planned and TRIALS.name in tables:
        _check_trial(tables[TRIALS.name], commit, planned)
    return tables


def read_table(commit: Commit, name: str, content: bytes | None) -> pa.Table:
    """One table of a commit, from its file's content; raises as :func:`read_tables`."""
    return _parse(commit, TABLES[name], _whole(commit, name, content))


def _whole(commit: Commit, name: str, content: bytes | None) -> bytes:
    """The content of a committed file, after its SHA-256 is verified."""
    if content is None:
        raise DamagedError(name, "is missing or cannot be read")
    if hashlib.sha256(content).hexdigest() != commit.files[name].sha256:
        raise DamagedError(name, "its SHA-256 is not the committed one")
    return content


def _parse(commit: Commit, table: Table, content: bytes) -> pa.Table:
    """The rows of one file, after its page checksums, columns, row count, trial and keys are verified."""
    name = f"{table.name}.parquet"
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        found = _as_known(file.read(use_threads=False), table)
    except (pa.ArrowException, KeyError, OSError) as error:
        raise UnusableError(f"{name}: no {table.name} table ({_first_line(error)})") from error
    _check_rows(found, name, commit.files[table.name].rows, commit.trial_id)
    _check_keys(found, name, table)
    return found


def _as_known(rows: pa.Table, table: Table) -> pa.Table:
    """The columns that this version knows, each list in the precision in which it was written.

    Files of this version, and of the first, have them already. A cast of each column would cost more than its reading.

    Raises:
        KeyError: a column is missing that every version writes.
    """
    wanted = WIDE_SCHEMAS[table.name]
    if rows.schema.equals(SCHEMAS[table.name]) or rows.schema.equals(wanted):
        return rows.replace_schema_metadata(None)
    for field in wanted:
        if field.name not in rows.column_names:
            if not field.nullable:
                raise KeyError(f"the column {field.name} is missing")
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(wanted.names).cast(wanted)


def _check_rows(found: pa.Table, name: str, rows: int, trial_id: str) -> None:
    if found.num_rows != rows:
        raise UnusableError(f"{name}: {found.num_rows} rows, committed were {rows}")
    if set(found["trial_id"].unique().to_pylist()) - {trial_id}:
        raise UnusableError(f"{name}: rows of another trial")


def _check_keys(found: pa.Table, name: str, table: Table) -> None:
    """No key occurs twice; every row is known to be of one trial, so that its id tells no two apart."""
    if found.num_rows < 2:
        return
    parts = [column for column in table.key if column != "trial_id"]
    if not parts or found.group_by(parts, use_threads=False).aggregate([]).num_rows < found.num_rows:
        raise UnusableError(f"{name}: two rows with one key ({', '.join(table.key)})")


def _check_complete(tables: Tables) -> None:
    """A complete trial has one row of results, and its results are numbers."""
    required = {table.name for table in TABLES.values() if not table.optional and table.since == FIRST_VERSION}
    if missing := required - tables.keys():
        raise UnusableError(f"complete, but without {', '.join(sorted(missing))}")
    rows = tables[TRIALS.name].select(["status", *FINITE]).to_pylist()
    if len(rows) != 1 or rows[0]["status"] != "complete":
        raise UnusableError("complete, but its trials table does not say so")
    for name in FINITE:
        if rows[0][name] is None or not math.isfinite(rows[0][name]):
            raise UnusableError(f"complete, but {name} is no number")


def _check_trial(trials: pa.Table, commit: Commit, planned: TrialSpec) -> None:
    """The row says what the spec says."""
    expected = {
        "method": planned.method,
        "lam": planned.lam,
        "seed": planned.seed,
        "kind": planned.architecture.kind,
        "members": planned.architecture.members,
        "total_parameters": planned.total_parameters,
        "dataset": planned.dataset.name,
        "batch_size": planned.training.batch_size,
        "learning_rate": planned.training.learning_rate,
        "status": commit.status,
    }
    for row in trials.select(list(expected)).to_pylist():
        wrong = [
            f"{name} is {row[name]}, its spec says {value}" for name, value in expected.items() if row[name] != value
        ]
        if wrong:
            raise UnusableError(f"its row is of another trial: {'; '.join(wrong)}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
