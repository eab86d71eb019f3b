"""Tables as files: what is written in which precision, and what is read of earlier versions."""

import hashlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from specs.format.commits import Commit, CommittedFile
from specs.format.records import EPOCHS, Row
from specs.format.tables import WIDE_SCHEMAS, encode, read_table

NOT_SINGLE = 0.1


@pytest.fixture
def rows(row: Callable[..., Row]) -> list[Row]:
    return [row("epochs", epoch=epoch, error=NOT_SINGLE, member_errors=[NOT_SINGLE] * 256) for epoch in range(1, 9)]


def committed(content: bytes, file: CommittedFile) -> pa.Table:
    fields = {"trial_id": "x", "status": "complete", "attempt": "a", "files": {"epochs": file}, "environment": {}}
    return read_table(Commit.model_validate(fields), "epochs", content)


def written_by_version_1(rows: list[Row]) -> bytes:
    sink = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, WIDE_SCHEMAS["epochs"]), sink, compression="snappy", use_dictionary=False)
    return sink.getvalue()


def test_long_lists_are_single_precision_and_single_numbers_are_double(rows: list[Row]) -> None:
    found = committed(*encode(EPOCHS, rows))
    assert found["member_errors"].to_pylist()[0] == [float(np.float32(NOT_SINGLE))] * 256
    assert found["error"].to_pylist() == [NOT_SINGLE] * len(rows)


def test_lists_of_version_1_keep_every_digit_beside_those_of_today(rows: list[Row]) -> None:
    from reports.frames.verified import _concatenated

    content, file = written_by_version_1(rows), encode(EPOCHS, rows)[1]
    old = committed(content, file.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()}))
    both = _concatenated([old, committed(*encode(EPOCHS, rows))])["member_errors"].to_pylist()
    assert both[0] == [NOT_SINGLE] * 256
    assert both[-1] == [float(np.float32(NOT_SINGLE))] * 256


def test_distinct_numbers_take_less_than_half_of_what_version_1_took(row: Callable[..., Row]) -> None:
    drawn = np.random.default_rng(0)
    lists = ("member_errors", "member_nlls", "member_distance_from_init")
    rows = [row("epochs", epoch=epoch) | {name: list(drawn.random(256)) for name in lists} for epoch in range(1, 101)]
    assert len(encode(EPOCHS, rows)[0]) < 0.5 * len(written_by_version_1(rows))
