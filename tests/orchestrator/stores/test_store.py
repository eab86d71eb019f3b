"""Attempts are immutable and whole; one commit a trial counts."""

import hashlib
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestrator.base.errors import DataError
from orchestrator.stores.store import Store
from specs.format import layout
from specs.format.commits import Commit, CommittedFile
from specs.format.errors import StoreError
from specs.format.records import Row
from tests.processes import HANG

RowBuilder = Callable[..., Row]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.at(tmp_path / "store")
    made.check_writable()
    return made


def path_of(store: Store, key: str) -> Path:
    assert store.storage.folder is not None
    return store.storage.folder / key


def decide(attempt: str, files: dict[str, CommittedFile], status: str = "complete") -> Commit:
    return Commit.model_validate(
        {"trial_id": "t1", "status": status, "attempt": attempt, "files": files, "environment": {}}
    )


def test_a_commit_names_the_hash_and_rows_of_what_was_written(store: Store, row: RowBuilder) -> None:
    attempt, written = store.write_attempt("t1", {"trials": [row("trials")], "robustness": []})
    content = store.storage.read(layout.table("t1", attempt, "trials"))
    assert written["trials"].sha256 == hashlib.sha256(content).hexdigest()
    assert (written["trials"].rows, written["robustness"].rows) == (1, 0)


def test_rows_come_back_as_they_were_written(store: Store, row: RowBuilder) -> None:
    rows = [row("epochs", epoch=epoch, error=0.1 + 0.2) for epoch in (1, 2)]
    attempt, _ = store.write_attempt("t1", {"epochs": rows})
    table = pq.read_table(path_of(store, layout.table("t1", attempt, "epochs")), page_checksum_verification=True)
    assert table.to_pylist() == rows


def test_a_flipped_bit_in_a_page_is_noticed_by_its_crc(store: Store, row: RowBuilder) -> None:
    attempt, _ = store.write_attempt("t1", {"trials": [row("trials", test_error=0.125)]})
    path = path_of(store, layout.table("t1", attempt, "trials"))
    metadata = pq.read_metadata(path).row_group(0)
    column = metadata.column(metadata.num_columns // 2)
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 2] ^= 1
    path.write_bytes(content)
    with pytest.raises((OSError, pa.ArrowInvalid)):
        pq.read_table(path, page_checksum_verification=True)


def test_rows_that_do_not_fit_their_table_are_refused(store: Store, row: RowBuilder) -> None:
    with pytest.raises(ValueError, match="columns differ"):
        store.write_attempt("t1", {"trials": [row("trials", extra=1)]})
    with pytest.raises(ValueError, match="no value for"):
        store.write_attempt("t2", {"trials": [row("trials", lam=None)]})
    with pytest.raises(ValueError, match="two rows"):
        store.write_attempt("t3", {"robustness": [row("robustness"), row("robustness")]})
    assert store.commits() == {}


def test_the_first_commit_wins_and_the_loser_leaves_nothing(store: Store, row: RowBuilder) -> None:
    first, first_files = store.write_attempt("t1", {"trials": [row("trials")]})
    second, second_files = store.write_attempt("t1", {"trials": [row("trials")]})
    assert store.commit(decide(first, first_files))
    assert not store.commit(decide(second, second_files))
    assert store.commits()["t1"].attempt == first
    assert store.storage.keys("attempts/t1/") == [layout.table("t1", first, "trials")]


def _race(
    root: Path, number: int, barrier: "multiprocessing.synchronize.Barrier", wins: "multiprocessing.Queue[int]"
) -> None:
    barrier.wait()
    if Store.at(root).commit(decide(f"attempt-{number}", {})):
        wins.put(number)


def test_of_many_processes_that_commit_at_once_one_wins(store: Store) -> None:
    context = multiprocessing.get_context("fork")
    barrier, wins = context.Barrier(8), context.Queue()
    racers = [context.Process(target=_race, args=(store.storage.folder, n, barrier, wins)) for n in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    winner = wins.get(timeout=HANG)
    assert wins.empty()
    assert store.commits()["t1"].attempt == f"attempt-{winner}"
    assert store.storage.keys(layout.COMMITS) == ["commits/t1.json"]


def test_a_withdrawn_commit_is_kept_as_evidence(store: Store) -> None:
    store.commit(decide("", {}, status="failed"))
    store.withdraw(layout.commit("t1"))
    assert store.commits() == {}
    (kept,) = store.storage.keys(layout.WITHDRAWN)
    assert json.loads(store.storage.read(kept))["status"] == "failed"


def test_other_data_under_the_same_name_is_refused(store: Store) -> None:
    store.pin_data("digits", "a" * 64)
    store.pin_data("digits", "a" * 64)
    store.pin_data("cifar10", "b" * 64)
    with pytest.raises(DataError, match=r"digits.*is not what"):
        store.pin_data("digits", "b" * 64)


def test_a_folder_that_is_no_store_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a store"):
        Store.at(tmp_path).current_spec()


def test_a_store_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Store.at(tmp_path / "file" / "store").check_writable()


def test_a_damaged_commit_is_named(store: Store) -> None:
    store.storage.replace(layout.commit("t1"), b"{")
    with pytest.raises(StoreError, match=r"t1\.json is damaged"):
        store.commits()


def test_the_spec_that_ran_last_is_current_and_all_are_kept(store: Store) -> None:
    for text in ("one", "two"):
        store.record_spec(digest(text), text)
    assert store.current_spec() == "two"
    assert sorted(store.specs().values()) == ["one", "two"]


def test_a_damaged_spec_is_not_believed(store: Store) -> None:
    store.record_spec(digest("one"), "one")
    store.storage.replace(layout.spec(digest("one")), b"two")
    with pytest.raises(StoreError, match="damaged"):
        store.current_spec()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_a_users_empty_folder_stays_when_it_is_tried_for_a_store(tmp_path: Path) -> None:
    Store.at(tmp_path).check_writable()
    assert tmp_path.is_dir()
    assert not list(tmp_path.iterdir())
