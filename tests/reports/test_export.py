"""``ensweep export``: the rows that the report verified, all of them and no others, whatever the format."""

import csv
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports import export
from reports.frames.verified import Reading, read
from specs.format.records import EPOCHS
from specs.sweep import expand
from tests.e2e.conftest import ENSWEEP
from tests.reports.conftest import partial
from tests.reports.synthetic import rows, sweep, write_store
from tests.warm import ensweep, ensweep_in_bytes

CLAIM = {
    "id": "A1",
    "sentence": "Systems err less.",
    "source": "text",
    "predicate": {
        "kind": "order",
        "steps": [[{"architecture": "20x4H", "lambda": lam}] for lam in (0.99, 0)],
    },
}


def reading(folder: Path) -> Reading:
    return read(write_store(folder, sweep(claims=[CLAIM]), partial).storage)


def written(table: pa.Table, form: export.Format) -> bytes:
    sink = io.BytesIO()
    export.write(table, form, sink)
    return sink.getvalue()


def from_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_rows_are_those_of_complete_trials_and_no_others(tmp_path: Path) -> None:
    found = reading(tmp_path)
    complete = [trial for trial in expand(sweep(claims=[CLAIM])) if partial(trial) == "complete"]
    expected = [row for trial in complete for row in rows(trial)["epochs"]]
    assert export.table(found, "epochs").to_pylist() == [_as_stored(row) for row in expected]
    trials = export.table(found, "trials").to_pylist()
    assert [row["trial_id"] for row in trials] == [trial.id for trial in complete]
    assert [row["architecture"] for row in trials] == [trial.architecture for trial in complete]


def _as_stored(row: dict[str, object]) -> dict[str, object]:
    """Long lists are stored in single precision."""
    lists = {column.name for column in EPOCHS.columns if column.type == "floats32"}
    return {name: np.float32(value).tolist() if name in lists else value for name, value in row.items()}


def test_parquet_and_csv_hold_the_same_rows(tmp_path: Path) -> None:
    table = export.table(reading(tmp_path), "trials")
    assert pq.read_table(io.BytesIO(written(table, "parquet"))).equals(table)
    told = from_csv(written(table, "csv"))
    assert list(told[0]) == table.column_names
    assert [float(row["test_error"]) for row in told] == table["test_error"].to_pylist()
    assert [json.loads(row["member_test_errors"]) for row in told] == table["member_test_errors"].to_pylist()
    assert {row["hessian_condition"] for row in told} == {""}


def test_model_dominance_is_told_apart_from_the_column_of_the_store(tmp_path: Path) -> None:
    trials = export.table(reading(tmp_path), "trials")
    assert trials.column_names[-1] == "model_dominance"
    by_name = {(row["architecture"], row["lam"], row["seed"]): row for row in trials.to_pylist()}
    row = by_name["20x4H", 1, 0]  # an ensemble of error e, a member of e + 0.02, and others far above both
    assert row["dominance"] == 0.5  # as it was stored
    best, *others = row["member_test_errors"]
    lead, e = sum(others) / 19 - best, row["test_error"]
    assert row["model_dominance"] == pytest.approx(min(lead / (0.9 - best), lead / (lead + best - e)))
    assert by_name["1x64H", 1, 0]["model_dominance"] is None


def test_lists_are_json_also_where_a_number_is_none() -> None:
    lists = pa.array([[1.5, float("nan"), float("inf")], None, []], pa.list_(pa.float64()))
    table = pa.table({"row": [1, 2, 3], "x": lists})
    assert [row["x"] for row in from_csv(written(table, "csv"))] == ["[1.5, null, null]", "", "[]"]
    assert [row["x"] for row in export.json_rows(table)] == [[1.5, None, None], None, []]


def test_text_with_commas_quotes_and_lines_survives_csv() -> None:
    text = 'a, "b"\nc'
    assert from_csv(written(pa.table({"x": [text]}), "csv")) == [{"x": text}]


def test_the_command_leaves_out_what_is_not_verified_and_says_so(tmp_path: Path) -> None:
    write_store(tmp_path / "store", sweep(), partial)
    damaged = sorted((tmp_path / "store" / "attempts").glob("*/*/trials.parquet"))
    complete = {trial.id for trial in expand(sweep()) if partial(trial) == "complete"}
    path = next(path for path in damaged if path.parts[-3] in complete)
    path.write_bytes(path.read_bytes()[:-1])
    done = ensweep("export", "store", folder=tmp_path)
    assert done.returncode == 0
    assert {row["trial_id"] for row in from_csv(done.stdout.encode())} == complete - {path.parts[-3]}
    assert "rows of 24 of 33 planned trials" in done.stderr
    assert "left out: 1 diverged, 3 failed, 1 corrupt, 4 missing" in done.stderr
    told = json.loads(ensweep("export", "store", "--table", "robustness", "--json", folder=tmp_path).stdout)
    assert told["left_out"] == {"diverged": 1, "failed": 3, "corrupt": 1, "missing": 4}
    assert {row["trial_id"] for row in told["rows"]} == complete - {path.parts[-3]}


def test_the_command_writes_parquet_and_the_claims(tmp_path: Path) -> None:
    table = export.table(reading(tmp_path / "store"), "filters")
    assert table.num_rows == 0
    done = ensweep("export", "store", "--table", "claims", "--format", "parquet", "--output", "c.parquet",
                   folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (claim,) = pq.read_table(tmp_path / "c.parquet").to_pylist()
    assert (claim["id"], claim["verdict"], claim["n"]) == ("A1", "not comparable", 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.parquet", "store"]


@pytest.mark.parametrize("command", ["export", "report"])
@pytest.mark.parametrize("place", ["file/below", "/proc/nowhere/x", "/dev/full"])
def test_a_place_that_cannot_be_written_is_a_line_and_leaves_nothing(tmp_path: Path, command: str, place: str) -> None:
    write_store(tmp_path / "store", sweep(seeds=1), lambda trial: None)
    (tmp_path / "file").write_text("kept")
    before = sorted(Path("/dev").iterdir())
    done = ensweep(command, "store", "--output", place, folder=tmp_path)
    said = done.stderr.splitlines()
    assert done.returncode == 2
    assert done.stdout == ""
    assert said[-1].startswith(f"error: cannot write {place}: ")
    assert "give --output" in said[-1]
    assert not [line for line in said if "Traceback" in line]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "store"]
    assert (tmp_path / "file").read_text() == "kept"
    assert [path for path in sorted(Path("/dev").iterdir()) if path not in before] == []


def test_a_disk_that_fills_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator.commands import reports
    from specs.errors import EnsweepError

    (tmp_path / "out.csv").write_text("old")

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(EnsweepError, match="No space left on device; give --output"),
        reports._whole(tmp_path / "out.csv") as file,
    ):
        file.write(b"new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.csv", "old")]


def test_a_byte_order_mark_begins_csv_where_it_is_asked_for(tmp_path: Path) -> None:
    write_store(tmp_path / "store", sweep(), partial)
    plain = ensweep_in_bytes("export", "store", folder=tmp_path).stdout
    assert ensweep_in_bytes("export", "store", "--bom", folder=tmp_path).stdout == b"\xef\xbb\xbf" + plain
    assert ensweep_in_bytes("export", "store", "--bom", "-o", "marked.csv", "--json", folder=tmp_path).returncode == 0
    assert (tmp_path / "marked.csv").read_bytes() == b"\xef\xbb\xbf" + plain
    for wrong in (["--format", "parquet", "-o", "x"], ["--json"]):
        refused = ensweep_in_bytes("export", "store", "--bom", *wrong, folder=tmp_path)
        assert (refused.returncode, b"--bom is for CSV" in refused.stderr) == (2, True)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("form", export.FORMATS)
def test_devices_and_pipes_are_written_and_never_replaced(tmp_path: Path, form: str) -> None:
    write_store(tmp_path / "store", sweep(), partial)
    wanted = ["export", "store", "--format", form]
    plain = ensweep_in_bytes(*wanted, folder=tmp_path).stdout
    null = ensweep_in_bytes(*wanted, "--output", "/dev/null", folder=tmp_path)
    assert (null.returncode, null.stdout) == (0, b"/dev/null\n"), null.stderr
    assert Path("/dev/null").is_char_device()
    for stdout in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        assert ensweep_in_bytes(*wanted, "--output", stdout, folder=tmp_path).stdout == plain
    (tmp_path / "log").write_bytes(b"before\n")
    with (tmp_path / "log").open("ab") as log:
        command = [str(ENSWEEP), *wanted, "--output", "/dev/stdout"]
        assert subprocess.run(command, cwd=tmp_path, stdout=log, check=False, timeout=200).returncode == 0
    assert (tmp_path / "log").read_bytes() == b"before\n" + plain
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        done = ensweep_in_bytes(*wanted, "--output", "pipe", folder=tmp_path)
        read_there, _ = reader.communicate(timeout=60)
    assert (done.returncode, read_there) == (0, plain), done.stderr
    assert (tmp_path / "pipe").is_fifo()


def test_a_page_goes_to_stdout_alone_and_o_is_short_for_output(tmp_path: Path) -> None:
    write_store(tmp_path / "store", sweep(), partial)
    assert ensweep_in_bytes("report", "store", "-o", "page.html", folder=tmp_path).stdout == b"page.html\n"
    page = (tmp_path / "page.html").read_bytes()
    assert ensweep_in_bytes("report", "store", "-o", "/dev/stdout", folder=tmp_path).stdout == page
    assert ensweep_in_bytes("report", "store", "-o", "/dev/null", folder=tmp_path).returncode == 0
    both = ensweep_in_bytes("report", "store", "-o", "/dev/stdout", "--json", folder=tmp_path)
    assert (both.returncode, both.stdout) == (2, b"")
    (tmp_path / "link.html").symlink_to("page.html")
    (tmp_path / "page.html").write_text("old")
    assert ensweep_in_bytes("report", "store", "-o", "link.html", folder=tmp_path).returncode == 0
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "page.html").read_bytes() == page
