"""Killed at any point, run again: the same rows, one commit a trial, nothing left over (RELIABILITY rows 1 and 3)."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from orchestrator.stores import garbage, verification
from orchestrator.stores.store import Store
from reports.frames.frames import load
from specs.format import layout
from specs.sweep import SweepSpec, expand
from tests.orchestrator.crashing import Case, Rows, killed_at, rows, spread

TINY = {
    "architectures": {"2x3H": {"kind": "mlp", "members": 2, "hidden": 3}},
    "seeds": 1,
    "training": {"epochs": 2, "batch_size": 400, "learning_rate": 0.1},
}
KINDS = {
    "write.piece", "write.synced", "create.linked", "replace.renamed", "attempt.table", "commit", "commit.done",
    "checkpoint.save", "checkpoint.state", "checkpoint.saved", "checkpoint.remove", "batch", "epoch",
}  # fmt: skip
"""Every kind of point that a run without damage passes."""


def only_results(store: Store) -> bool:
    """Whether the store holds committed attempts, specs, commits, pins, its lock and logs, and nothing else."""
    counts = {layout.attempt(trial_id, commit.attempt) for trial_id, commit in store.commits().items()}
    plain = (layout.SPECS, layout.COMMITS, layout.WITHDRAWN, "logs/")
    return all(
        f"{key.rpartition('/')[0]}/" in counts
        or key in (layout.VERSION, layout.LOCK, f"{layout.LOCK}.guard")
        or (key.startswith((*plain, "data-")) and not Path(key).name.startswith("."))
        for key in store.storage.keys("")
    )


def assert_whole_for_readers(store: Store, sweep: SweepSpec, expected: Rows) -> None:
    """What a reader sees in a store that was left at any moment is right, and called missing otherwise."""
    if not store.storage.read_many([layout.CURRENT]):
        return  # nothing was run here yet, as far as a reader can see
    frames = load(store.storage)
    statuses = dict(zip(frames.planned["trial_id"], frames.planned["status"], strict=True))
    assert statuses == {trial.id: "complete" if store.is_committed(trial.id) else "missing" for trial in expand(sweep)}
    seen = {trial_id: tables for trial_id, tables in expected.items() if store.is_committed(trial_id)}
    for name in ("trials", "epochs", "robustness", "filters"):
        assert len(getattr(frames, name)) == sum(len(tables[name]) for tables in seen.values())
    assert dict(zip(frames.trials["trial_id"], frames.trials["weights_sha256"], strict=True)) == {
        trial_id: tables["trials"][0]["weights_sha256"] for trial_id, tables in seen.items()
    }


def assert_as_never_killed(store: Store, expected: Rows) -> None:
    """What a sweep that was killed and run again has come to: proved whole, tidied up, and then still whole."""
    assert verification.verify(store) == []
    store.storage.delete(item.key for item in garbage.garbage(store, 0))
    assert only_results(store)
    assert rows(store) == expected


def crash_and_resume(case: Case, points: list[str], number: int, expected: Rows) -> None:
    """Kill a run at a point, look at what it left, run it again and look at the end."""
    store = case.store(f"killed-{number}")
    assert killed_at(number, lambda: case.run(store)), f"point {number}, {points[number - 1]}, was not passed"
    try:
        assert_whole_for_readers(store, case.sweep, expected)
        before = store.commits()
        outcome = case.run(store)
        assert (outcome.exit_code, outcome.executed) == (0, len(expected) - len(before))
        assert before.items() <= store.commits().items()
        assert_as_never_killed(store, expected)
    except BaseException as error:
        error.add_note(f"killed at point {number}, {points[number - 1]}")
        raise


def test_a_trial_killed_at_each_of_its_points_ends_as_one_that_was_not(
    sweep: Callable[..., SweepSpec], folder: Path
) -> None:
    case = Case.of(sweep(**TINY | {"lambda": [1]}), folder / "each")
    case.run(case.store("warm"))
    points = case.points("whole")
    expected = rows(case.store("whole"))
    assert set(points) == KINDS
    assert len(points) > 150
    spread(lambda number: crash_and_resume(case, points, number, expected), range(1, len(points) + 1))


def test_a_sweep_killed_at_points_of_its_later_trials_does_not_run_the_earlier_ones_again(
    sweep: Callable[..., SweepSpec], folder: Path
) -> None:
    case = Case.of(sweep(**TINY), folder / "later")
    case.run(case.store("warm"))
    points = case.points("whole")
    expected = rows(case.store("whole"))
    second = points.index("commit.done") + 2
    chosen = random.Random(0).sample(range(second, len(points) + 1), 16)
    spread(lambda number: crash_and_resume(case, points, number, expected), chosen)


def test_a_run_killed_while_it_mends_a_store_mends_it_the_next_time(
    sweep: Callable[..., SweepSpec], folder: Path
) -> None:
    case = Case.of(sweep(**TINY | {"lambda": [1]}), folder / "mending")
    case.run(case.store("warm"))
    expected = rows(case.store("warm"))

    def damaged(name: str) -> Store:
        shutil.copytree(case.folder / "warm", case.folder / name)
        store = case.store(name)
        (key,) = (key for key in store.storage.keys(layout.ATTEMPTS) if key.endswith("/epochs.parquet"))
        for broken in (key, layout.CURRENT, layout.data("digits")):
            store.storage.replace(broken, store.storage.read(broken)[:-1])
        return store

    damaged("whole")
    points = case.points("whole")
    last = max(number for number, point in enumerate(points, 1) if point == "withdraw")
    until = points.index("batch")
    assert last < until

    def crash(number: int) -> None:
        store = damaged(f"damaged-{number}")
        assert killed_at(number, lambda: case.run(store))
        case.run(store)
        assert_as_never_killed(store, expected)

    spread(crash, random.Random(0).sample(range(1, until + 1), 30))
