import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestrator.stores.storage.local import LocalStorage
from orchestrator.stores.store import Store
from reports.frames.frames import Frames, load
from specs.format import layout
from specs.format.commits import CommittedFile
from specs.format.errors import StoreError
from specs.sweep import expand
from tests.reports.synthetic import commit, filter_rows, rows, sweep, write_store


def statuses(frames: Frames) -> dict[str, int]:
    return dict(frames.planned["status"].value_counts())


def folder(store: Store) -> Path:
    assert store.storage.folder is not None
    return store.storage.folder


def one_file(store: Store, table: str) -> Path:
    return sorted(folder(store).glob(f"attempts/*/*/{table}.parquet"))[0]


def test_every_planned_trial_is_joined_by_id_and_named_by_the_plan(full_frames: Frames) -> None:
    assert statuses(full_frames) == {"complete": 33}
    assert set(full_frames.trials["architecture"]) == {"1x64H", "4x16H", "20x4H"}
    assert len(full_frames.epochs) == 33 * 6 * 3
    assert len(full_frames.robustness) == 15 * 2 * (4 + 20) + 3 * 2


def test_only_complete_trials_have_rows(partial_frames: Frames) -> None:
    assert statuses(partial_frames) == {"complete": 25, "missing": 4, "failed": 3, "diverged": 1}
    assert len(partial_frames.trials) == 25
    diverged = partial_frames.planned.query("status == 'diverged'").iloc[0]
    assert diverged["trial_id"] not in set(partial_frames.epochs["trial_id"])
    assert diverged["message"] == "loss was not finite in epoch 2"


@pytest.mark.parametrize("table", ["trials", "epochs", "robustness"])
def test_a_flipped_bit_marks_the_trial_corrupt(tmp_path: Path, table: str) -> None:
    store = write_store(tmp_path, sweep())
    path = one_file(store, table)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    frames = load(LocalStorage(tmp_path))
    assert statuses(frames) == {"complete": 32, "corrupt": 1}
    corrupt = frames.planned.query("status == 'corrupt'").iloc[0]
    assert corrupt["message"] == f"{table}.parquet: its SHA-256 is not the committed one"
    assert corrupt["trial_id"] not in set(frames.trials["trial_id"]) | set(frames.epochs["trial_id"])


def test_a_missing_file_marks_the_trial_corrupt(tmp_path: Path) -> None:
    one_file(write_store(tmp_path, sweep()), "epochs").unlink()
    frames = load(LocalStorage(tmp_path))
    assert statuses(frames) == {"complete": 32, "corrupt": 1}
    assert "epochs.parquet: is missing" in " ".join(frames.planned["message"])


def test_a_wrong_row_count_marks_the_trial_corrupt(tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep())
    path = sorted(folder(store).glob("commits/*.json"))[0]
    content = json.loads(path.read_text())
    content["files"]["epochs"]["rows"] -= 1
    content["seal"] = ""  # as of a commit of before there were seals
    path.write_text(json.dumps(content))
    assert "18 rows, committed were 17" in " ".join(load(LocalStorage(tmp_path)).planned["message"])


def test_rows_of_another_trial_and_a_missing_column_mark_the_trial_corrupt(tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep(), lambda trial: None)
    first, second, third = expand(sweep())[:3]
    attempt, files = store.write_attempt(first.id, rows(second))
    _commit_files(store, first.id, attempt, files)
    attempt, files = store.write_attempt(third.id, rows(third))
    path = folder(store) / layout.table(third.id, attempt, "epochs")
    pq.write_table(pq.read_table(path).drop_columns(["nll"]), path)
    files["epochs"] = CommittedFile(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), rows=18)
    _commit_files(store, third.id, attempt, files)
    messages = " ".join(load(LocalStorage(tmp_path)).planned["message"])
    assert "rows of another trial" in messages
    assert "no epochs table" in messages


def test_a_complete_trial_without_a_number_is_corrupt(tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep(), lambda trial: None)
    trial = expand(sweep())[0]
    tables = rows(trial)
    tables["trials"][0]["test_error"] = None
    _commit_files(store, trial.id, *store.write_attempt(trial.id, tables))
    assert "test_error is no number" in " ".join(load(LocalStorage(tmp_path)).planned["message"])


@pytest.mark.parametrize("table", ["trials", "epochs", "robustness", "filters"])
def test_two_rows_with_one_key_mark_the_trial_corrupt(tmp_path: Path, table: str) -> None:
    spec = sweep(evaluation={"filters": True})
    store = write_store(tmp_path, spec, lambda trial: None)
    trial = expand(spec)[4]
    tables = rows(trial)
    attempt, files = store.write_attempt(trial.id, tables)
    path = folder(store) / layout.table(trial.id, attempt, table)  # the store itself refuses to write such rows
    whole = pq.read_table(path)
    pq.write_table(pa.concat_tables([whole, whole.slice(0, 1)]), path)
    files[table] = CommittedFile(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), rows=whole.num_rows + 1)
    _commit_files(store, trial.id, attempt, files)
    frames = load(LocalStorage(tmp_path))
    message = frames.planned.set_index("trial_id").loc[trial.id, "message"]
    assert message.startswith(f"{table}.parquet: two rows with one key (trial_id")
    assert frames.trials.empty
    assert frames.filters.empty


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"trial_id": 3}'])
def test_a_damaged_commit_marks_the_trial_corrupt(tmp_path: Path, content: bytes) -> None:
    store = write_store(tmp_path, sweep())
    sorted(folder(store).glob("commits/*.json"))[0].write_bytes(content)
    frames = load(LocalStorage(tmp_path))
    assert statuses(frames) == {"complete": 32, "corrupt": 1}


def test_a_commit_may_not_point_out_of_the_store(tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep(), lambda trial: None)
    trial = expand(sweep())[0]
    attempt, files = store.write_attempt(trial.id, rows(trial))
    _commit_files(store, trial.id, f"../{trial.id}/{attempt}", files)
    message = load(LocalStorage(tmp_path)).planned["message"].iloc[0]
    assert message.startswith("its commit cannot be read: String should match pattern")


def test_filters_are_read_where_they_are_and_not_missed_where_they_are_not(tmp_path: Path) -> None:
    spec = sweep(evaluation={"filters": True}, seeds=1)
    frames = load(write_store(tmp_path / "with", spec).storage)
    assert statuses(frames) == {"complete": 11}
    assert len(frames.filters) == 2 * (1 + 5 * 4 + 5 * 20)
    assert list(frames.filters.iloc[0]["shape"]) == [1, 2]
    trial = next(trial for trial in expand(spec) if trial.architecture == "4x16H" and trial.spec.lam == 0.9)
    read = frames.filters[frames.filters["trial_id"] == trial.id]
    written = filter_rows(trial)
    assert [list(weights) for weights in read["weights"]] == [row["weights"] for row in written]
    assert list(zip(read["member"], read["stage"], strict=True)) == [(row["member"], row["stage"]) for row in written]
    without = load(write_store(tmp_path / "without", sweep()).storage)
    assert statuses(without) == {"complete": 33}
    assert without.filters.empty


def test_damaged_filters_mark_the_trial_corrupt(tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep(evaluation={"filters": True}, seeds=1))
    one_file(store, "filters").write_bytes(b"no parquet")
    assert statuses(load(LocalStorage(tmp_path))) == {"complete": 10, "corrupt": 1}


def test_stale_commits_are_counted_and_left_out(tmp_path: Path) -> None:
    store = write_store(tmp_path, sweep())
    other = next(trial for trial in expand(sweep(seeds=[9])))
    commit(store, other, "complete")
    frames = load(LocalStorage(tmp_path))
    assert frames.stale == 1
    assert other.id not in set(frames.trials["trial_id"])


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no spec was run in it"):
        load(LocalStorage(tmp_path / "absent"))
    with pytest.raises(StoreError, match="no spec was run in it"):
        load(LocalStorage(tmp_path))
    store = write_store(tmp_path, sweep(), lambda trial: None)
    store.storage.replace(layout.CURRENT, b"../../etc/passwd")
    with pytest.raises(StoreError, match="names no spec"):
        load(LocalStorage(tmp_path))
    text = "title: no sweep"
    store.record_spec(hashlib.sha256(text.encode()).hexdigest()[:16], text)
    with pytest.raises(StoreError, match="cannot be read"):
        load(LocalStorage(tmp_path))


def _commit_files(store: Store, trial_id: str, attempt: str, files: dict[str, CommittedFile]) -> None:
    content = {"trial_id": trial_id, "status": "complete", "attempt": attempt, "environment": {}}
    content["files"] = {name: file.model_dump() for name, file in files.items()}
    store.storage.replace(layout.commit(trial_id), json.dumps(content).encode())
