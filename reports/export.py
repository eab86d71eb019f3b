"""The tables of a store as one file, for other tools: verified rows of complete trials, and what was left out."""

import codecs
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, BinaryIO, Literal, get_args

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from reports import wording
from reports.claims import Judgement
from reports.frames.frames import STATUSES
from reports.frames.verified import Reading
from reports.statistics.dominance import model_dominance
from specs.datasets import facts_of
from specs.format.records import TRIALS

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
CLAIMS = "claims"
"""The table of judgements, which no store holds: it is made from the others."""
MODEL_DOMINANCE = "model_dominance"
"""Model dominance by test errors. The stored column ``dominance`` is another number: the best member's lead alone."""
NUMBER_COLUMNS = ("estimate", "low", "high", "margin", "p", "p_holm", "more_seconds")
COUNT_COLUMNS = ("n", "more_seeds")
ROWS_AT_ONCE = 4_096
"""Rows of CSV that are in memory as text at once."""


def table(reading: Reading, name: str) -> pa.Table:
    """One of the store's tables. Architectures are named as in the store's current spec, and ``trials`` has a last
    column that no store holds: ``MODEL_DOMINANCE``."""
    found = reading.tables[name]
    if name != TRIALS.name:
        return found
    names = {outcome.trial.id: outcome.trial.architecture for outcome in reading.outcomes}
    labels = pa.array([names[trial_id] for trial_id in found["trial_id"].to_pylist()], pa.string())
    found = found.set_column(found.column_names.index("architecture"), "architecture", labels)
    return found.append_column(MODEL_DOMINANCE, _model_dominance(found, facts_of(reading.sweep.dataset).classes))


def _model_dominance(trials: pa.Table, classes: int) -> pa.Array:
    rows = zip(trials["test_error"].to_pylist(), trials["member_test_errors"].to_pylist(), strict=True)
    return pa.array([model_dominance(*errors, classes) for errors in rows], pa.float64(), from_pandas=True)


def claims_table(judgements: Sequence[Judgement]) -> pa.Table:
    """One row per claim, one column per field of :class:`reports.claims.Judgement`."""
    types = (
        dict.fromkeys(NUMBER_COLUMNS, pa.float64())
        | dict.fromkeys(COUNT_COLUMNS, pa.int64())
        | {"could_flip": pa.bool_()}
    )
    fields = [pa.field(name, types.get(name, pa.string())) for name in Judgement.__dataclass_fields__]
    return pa.Table.from_pylist([asdict(judgement) for judgement in judgements], schema=pa.schema(fields))


def left_out(reading: Reading) -> dict[str, int]:
    """Numbers of planned trials without rows, by status, and of commits that the current spec does not plan."""
    counts = Counter(outcome.status for outcome in reading.outcomes)
    found = {status: counts[status] for status in STATUSES[1:] if counts[status]}
    return found | ({"stale": reading.stale} if reading.stale else {})


def account(reading: Reading) -> str:
    """What is in the tables and what is not, in a sentence."""
    complete = sum(outcome.status == "complete" for outcome in reading.outcomes)
    lost = [f"{count} {status}" for status, count in left_out(reading).items()]
    said = f"rows of {complete} of {wording.count(len(reading.outcomes), 'planned trial')}, each file verified"
    return f"{said}; left out: {', '.join(lost)}" if lost else f"{said}; nothing left out"


def write(rows: pa.Table, form: Format, sink: BinaryIO, *, bom: bool = False) -> None:
    """Write a table. In CSV a list is written as JSON, and a missing value as an empty cell.

    ``bom`` begins CSV with a byte order mark, by which some programs recognise UTF-8.
    """
    if form == "parquet":
        pq.write_table(rows, sink, compression="zstd", write_page_checksum=True)
        return
    options = pyarrow.csv.WriteOptions(include_header=False)
    sink.write(codecs.BOM_UTF8 if bom else b"")
    sink.write((",".join(f'"{name}"' for name in rows.column_names) + "\n").encode())
    for batch in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
        pyarrow.csv.write_csv(_flat(batch), sink, options)


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_as_json(column) if pa.types.is_list(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _as_json(lists: pa.Array) -> pa.Array:
    return pa.array([None if each is None else json.dumps(json_value(each)) for each in lists.to_pylist()], pa.string())


def json_rows(rows: pa.Table) -> list[dict[str, Any]]:
    """The rows as values of JSON."""
    return [{name: json_value(value) for name, value in row.items()} for row in rows.to_pylist()]


def json_value(value: Any) -> Any:
    """A value for JSON. A number that is not finite becomes None (``null``)."""
    if isinstance(value, list):
        return [json_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
