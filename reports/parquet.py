"""One table of a committed attempt, read once and checked before a number of it is used."""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq

from specs.layout import CommittedFile
from specs.records import TABLES, ColumnType, Table

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "floats": pa.list_(pa.float64()),
    "ints": pa.list_(pa.int64()),
}


class CorruptError(Exception):
    """A committed file is missing, or is not what was committed; the message says which and how."""


def schema(table: Table) -> pa.Schema:
    """The columns of a table as Arrow holds them."""
    return _SCHEMAS[table.name]


_SCHEMAS = {
    name: pa.schema(
        pa.field(column.name, ARROW_TYPES[column.type], nullable=column.nullable) for column in table.columns
    )
    for name, table in TABLES.items()
}


def check(content: bytes | None, table: Table, committed: CommittedFile, trial_id: str) -> pa.Table:
    """The rows of one file, after its SHA-256, page checksums, columns, row count, trial and keys are verified.

    Args:
        content: the file's bytes, read once, so that what was hashed is what is parsed; None for a missing file.
        table: what it must hold.
        committed: what the commit says of it.
        trial_id: whose rows these must be.

    Raises:
        CorruptError: the file is missing or differs from what was committed.
    """
    name = f"{table.name}.parquet"
    if content is None:
        raise CorruptError(f"{name}: is missing or cannot be read")
    if hashlib.sha256(content).hexdigest() != committed.sha256:
        raise CorruptError(f"{name}: its SHA-256 is not the committed one")
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        rows = _typed(file.read(use_threads=False), schema(table))
    except (pa.ArrowException, KeyError, OSError) as error:
        raise CorruptError(f"{name}: no {table.name} table ({_first_line(error)})") from error
    _check_rows(rows, name, committed, trial_id)
    _check_keys(rows, name, table)
    return rows


def _typed(rows: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The wanted columns; what this program wrote has them already, and a cast of each costs more than its reading."""
    if rows.schema.equals(wanted):
        return rows.replace_schema_metadata(None)
    return rows.select(wanted.names).cast(wanted)


def _check_rows(rows: pa.Table, name: str, committed: CommittedFile, trial_id: str) -> None:
    if rows.num_rows != committed.rows:
        raise CorruptError(f"{name}: {rows.num_rows} rows, committed were {committed.rows}")
    if set(rows["trial_id"].unique().to_pylist()) - {trial_id}:
        raise CorruptError(f"{name}: rows of another trial")


def _check_keys(rows: pa.Table, name: str, table: Table) -> None:
    """No key occurs twice; every row is known to be of one trial, so that its id tells no two apart."""
    if rows.num_rows < 2:
        return
    parts = [column for column in table.key if column != "trial_id"]
    if not parts or rows.group_by(parts, use_threads=False).aggregate([]).num_rows < rows.num_rows:
        raise CorruptError(f"{name}: two rows with one key ({', '.join(table.key)})")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
