"""A changed bit or a missing end, in any file of a store: found, kept out of the report, made again (RELIABILITY 7)."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestrator.base.errors import DataError
from orchestrator.stores import verification
from orchestrator.stores.store import Store
from reports.frames.frames import load
from specs.format import layout
from specs.format.errors import StoreError
from tests.orchestrator.crashing import Case, Rows, rows

Damage = Callable[[bytes], bytes]

CUTS = 12
FLIPS = 20


@pytest.fixture
def expected(case: Case) -> Rows:
    return rows(case.store("whole"))


@pytest.fixture
def store(case: Case) -> Iterator[Store]:
    """A copy of the finished store, to be damaged."""
    place = case.folder / "damaged"
    shutil.copytree(case.folder / "whole", place)
    yield Store.at(place)
    shutil.rmtree(place)


def cut(end: int) -> Damage:
    return lambda content: content[:end]


def flipped(bit: int) -> Damage:
    def flip(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    return flip


def damages(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Many ways in which a file may come back from a disk, each with its name."""
    for end in sorted({len(content) * number // CUTS for number in range(CUTS)} | {len(content) - 1}):
        yield f"cut after {end} bytes", cut(end)(content)
    for bit in random.Random(len(content)).sample(range(8 * len(content)), min(FLIPS, 8 * len(content))):
        yield f"bit {bit} flipped", flipped(bit)(content)


def path_of(store: Store, key: str) -> Path:
    assert store.storage.folder is not None
    return store.storage.folder / key


def files_of(store: Store, trial_id: str) -> list[str]:
    """Keys of a trial's commit and of the tables that it names."""
    commit = store.commits()[trial_id]
    return [layout.commit(trial_id), *(layout.table(trial_id, commit.attempt, name) for name in commit.files)]


def statuses(store: Store) -> dict[str, str]:
    planned = load(store.storage).planned
    return dict(zip(planned["trial_id"], planned["status"], strict=True))


def test_every_damage_to_a_committed_trial_is_listed_and_its_rows_are_left_out(store: Store) -> None:
    first, second = store.commits()
    for key in files_of(store, first):
        whole = path_of(store, key).read_bytes()
        for name, content in damages(whole):
            path_of(store, key).write_bytes(content)
            assert [(found.key, found.trial_id, found.damaged) for found in verification.verify(store)] == [
                (key, first, True)
            ], name
            frames = load(store.storage)
            assert dict(zip(frames.planned["trial_id"], frames.planned["status"], strict=True)) == {
                first: "corrupt",
                second: "complete",
            }, (key, name)
            for frame in (frames.trials, frames.epochs, frames.robustness, frames.filters):
                assert set(frame["trial_id"]) <= {second}
        path_of(store, key).write_bytes(whole)
    assert verification.verify(store) == []


@pytest.mark.parametrize("damage", [cut(0), cut(100), cut(-1), flipped(1000)], ids=["empty", "100", "end", "bit"])
def test_a_damaged_trial_is_made_again_and_the_other_is_not(
    case: Case, store: Store, expected: Rows, damage: Damage
) -> None:
    first, second = store.commits()
    for number in range(len(files_of(store, first))):
        key = files_of(store, first)[number]  # of the attempt that counts now
        path_of(store, key).write_bytes(damage(path_of(store, key).read_bytes()))
        before = store.storage.read(layout.commit(second))
        said: list[str] = []
        outcome = case.run(store, say=said.append)
        assert (outcome.exit_code, outcome.executed) == (0, 1)
        assert [line for line in said if line.startswith("damaged: ") and key in line], key
        assert store.storage.read(layout.commit(second)) == before
        assert rows(store) == expected
        assert verification.verify(store) == []


def test_a_missing_file_is_damage_too(case: Case, store: Store, expected: Rows) -> None:
    first, _ = store.commits()
    path_of(store, files_of(store, first)[1]).unlink()
    assert [problem.key for problem in verification.verify(store)] == [files_of(store, first)[1]]
    assert statuses(store)[first] == "corrupt"
    case.run(store)
    assert rows(store) == expected


def bookkeeping(store: Store) -> list[str]:
    return [*store.storage.keys(layout.SPECS), layout.data("digits")]


def test_every_damage_to_the_spec_its_pointer_and_the_data_pin_is_listed_and_mended(case: Case, store: Store) -> None:
    for key in bookkeeping(store):
        whole = path_of(store, key).read_bytes()
        for name, content in damages(whole):
            path_of(store, key).write_bytes(content)
            problems = verification.verify(store)
            assert key in [problem.key for problem in problems], (key, name)
            assert not [problem for problem in problems if problem.key.startswith(layout.COMMITS)], (key, name)
        outcome = case.run(store)
        assert (outcome.exit_code, outcome.executed) == (0, 0)
        assert path_of(store, key).read_bytes() == whole
        assert verification.verify(store) == []


def test_a_damaged_spec_is_not_reported_on(store: Store) -> None:
    for key in store.storage.keys(layout.SPECS):
        whole = path_of(store, key).read_bytes()
        for name, content in damages(whole):
            path_of(store, key).write_bytes(content)
            with pytest.raises(StoreError):
                load(store.storage)
            with pytest.raises(StoreError):
                pytest.fail(f"{key}, {name}: {store.current_spec()}")
        path_of(store, key).write_bytes(whole)


def test_a_lost_data_pin_is_made_again_from_what_results_were_trained_on(case: Case, store: Store) -> None:
    key = layout.data("digits")
    whole = path_of(store, key).read_bytes()
    path_of(store, key).unlink()
    assert [problem.key for problem in verification.verify(store)] == [key]
    case.run(store)
    assert path_of(store, key).read_bytes() == whole
    with pytest.raises(DataError):
        store.pin_data("digits", "f" * 64)


def recommitted(store: Store, trial_id: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Rows of ``trials`` as another program might have committed them: the file is what its commit says."""
    commit = store.commits()[trial_id]
    path = path_of(store, commit.keys["trials"])
    pq.write_table(change(pq.read_table(path)), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    files = commit.files | {"trials": commit.files["trials"].model_copy(update={"sha256": digest})}
    path_of(store, layout.commit(trial_id)).write_bytes(commit.model_copy(update={"files": files}).content())


def with_value(column: str, value: object) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: rows.set_column(
        rows.column_names.index(column), rows.field(column), pa.array([value], rows.field(column).type)
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows.drop_columns(["test_error"]), "complete, but test_error is no number"),
        (
            lambda rows: rows.rename_columns([f"old_{name}" for name in rows.column_names]),
            "the column trial_id is missing",
        ),
        (with_value("test_nll", None), "test_nll is no number"),
        (with_value("trial_id", "0" * 16), "rows of another trial"),
        (with_value("lam", 0.25), "its row is of another trial: lam is 0.25, its spec says "),
        (lambda rows: rows.slice(0, 0), "0 rows, committed were 1"),
    ],
)
def test_what_matches_its_commit_is_kept_whatever_is_wrong_with_it_until_its_user_asks(
    case: Case, store: Store, expected: Rows, change: Callable[[pa.Table], pa.Table], says: str
) -> None:
    first, second = store.commits()
    recommitted(store, first, change)
    kept = {key: path_of(store, key).read_bytes() for key in files_of(store, first)}
    (problem,) = verification.verify(store)
    assert (problem.trial_id, problem.damaged) == (first, False)
    assert says in problem.problem
    assert statuses(store) == {first: "corrupt", second: "complete"}
    said: list[str] = []
    outcome = case.run(store, say=said.append)
    assert (outcome.exit_code, outcome.executed) == (3, 0)  # not every planned trial is complete
    assert any(line.startswith("kept, but not usable: ") and "--retry-failed" in line for line in said)
    assert {key: path_of(store, key).read_bytes() for key in kept} == kept
    again = case.run(store, retry_failed=True)
    assert (again.exit_code, again.executed) == (0, 1)
    assert rows(store) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.drop_columns(["dominance"]),  # as of a version that did not measure it
        lambda rows: rows.append_column("of_tomorrow", pa.array([1])),
        lambda rows: rows.set_column(0, "trial_id", rows["trial_id"].cast(pa.large_string())),
    ],
)
def test_other_columns_than_this_version_writes_are_no_problem(
    case: Case, store: Store, change: Callable[[pa.Table], pa.Table]
) -> None:
    first, _ = store.commits()
    recommitted(store, first, change)
    assert verification.verify(store) == []
    assert set(statuses(store).values()) == {"complete"}
    assert (case.run(store).exit_code, case.run(store).executed) == (0, 0)


def test_much_damage_at_once_is_mended_by_one_run(case: Case, store: Store, expected: Rows) -> None:
    first, second = store.commits()
    for key in (files_of(store, first)[0], files_of(store, second)[2], *bookkeeping(store)):
        path_of(store, key).write_bytes(flipped(77)(path_of(store, key).read_bytes()))
    assert len(verification.verify(store)) >= 5
    outcome = case.run(store)
    assert (outcome.exit_code, outcome.plan.counts()["complete"]) == (0, 2)
    assert rows(store) == expected
    assert verification.verify(store) == []
    kept = [json.loads(store.storage.read(key)) for key in store.storage.keys(layout.WITHDRAWN) if second in key]
    assert [commit["trial_id"] for commit in kept] == [second]
