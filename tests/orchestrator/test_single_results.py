"""A result counts once, and the first counts, whoever comes late and whatever the clock says (RELIABILITY 8, 9)."""

import json
import os
import time
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

import pytest

from orchestrator.planning import status
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores import garbage, verification
from orchestrator.stores.store import Store
from orchestrator.worker.execution import execute
from orchestrator.worker.failure import commit_failure
from reports.frames.frames import load
from specs import faults
from specs.format import layout
from specs.sweep import expand
from tests.orchestrator.crashing import Case, in_fork, killed_at, rows

DAY = 86400.0


def first_task(case: Case) -> PlannedStack:
    return PlannedStack((expand(case.sweep)[0],))


def events(store: Store, trial_id: str) -> list[str]:
    """What the journals say of a trial, in the order of writing within each process."""
    lines = [line for path in sorted(store.logs.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    return [note["event"] for note in map(json.loads, lines) if note["trial"] == trial_id]


def attempts(store: Store, trial_id: str) -> set[str]:
    return {key.split("/")[2] for key in store.storage.keys(f"{layout.ATTEMPTS}{trial_id}/")}


def test_a_replayed_stack_does_nothing_once_it_is_committed(case: Case) -> None:
    store, task = case.store("replayed"), first_task(case)
    case.run(store)
    before = {key: store.storage.read(key) for key in store.storage.keys(layout.ATTEMPTS)}
    execute(task, store, case.settings, lambda epoch: pytest.fail("it was trained again"))
    assert {key: store.storage.read(key) for key in store.storage.keys(layout.ATTEMPTS)} == before


def test_an_attempt_that_ends_after_another_was_committed_is_late_and_leaves_nothing(case: Case) -> None:
    store, task = case.store("late"), first_task(case)
    case.run(store)
    (first,) = attempts(store, task.id)
    commit = store.storage.read(layout.commit(task.id))
    slow = case.store("late-slow")
    overtaken = False

    def overtake(name: str) -> None:
        """Just before the slow worker commits, it finds that a faster one has."""
        nonlocal overtaken
        if name == "commit" and not overtaken:
            overtaken = True
            execute(task, slow, case.settings, lambda epoch: None)

    with faults.handled(overtake):
        execute(task, slow, case.settings, lambda epoch: None)
    assert [event for event in events(slow, task.id) if event in ("committed", "late")] == ["committed", "late"]
    assert attempts(slow, task.id) == {slow.commits()[task.id].attempt}
    assert rows(slow)[task.id] == rows(store)[task.id]
    assert not slow.storage.keys(layout.CHECKPOINTS)
    assert (attempts(store, task.id), store.storage.read(layout.commit(task.id))) == ({first}, commit)


def _execute_at_once(task: PlannedStack, store: Store, case: Case, barrier: Barrier) -> None:
    def wait(name: str) -> None:
        if name == "commit":
            barrier.wait()

    with faults.handled(wait):
        execute(task, store, case.settings, lambda epoch: None)


def test_two_processes_that_train_one_trial_at_once_give_one_result(case: Case) -> None:
    task = first_task(case)
    context = get_context("fork")
    for number in range(5):
        store = case.store(f"race-{number}")
        barrier = context.Barrier(2)
        racers = [context.Process(target=_execute_at_once, args=(task, store, case, barrier)) for _ in range(2)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert [racer.exitcode for racer in racers] == [0, 0]
        assert sorted(event for event in events(store, task.id) if event in ("committed", "late")) == [
            "committed",
            "late",
        ]
        assert attempts(store, task.id) == {store.commits()[task.id].attempt}
        assert not store.storage.keys(layout.CHECKPOINTS)
        assert rows(store)[task.id] == rows(case.store("whole"))[task.id]


def test_a_failure_that_comes_after_a_result_is_late(case: Case) -> None:
    store, task = case.store("failed-late"), first_task(case)
    case.run(store)
    commit_failure(task, store, "worker", "its node was thought to be dead")
    assert store.commits()[task.id].status == "complete"
    assert events(store, task.id)[-1] == "late"


def date_everything(store: Store, days: float) -> None:
    """Give every file of a store another time than now's."""
    assert store.storage.folder is not None
    then = time.time() + days * DAY
    for path in store.storage.folder.rglob("*"):
        os.utime(path, (then, then))


def interrupted(case: Case, name: str) -> Store:
    """A store whose second trial was killed while its attempt was written: results, checkpoints and garbage."""
    points = case.points(f"{name}-points")
    second = [number for number, point in enumerate(points, 1) if point == "attempt.table"][6]
    store = case.store(name)
    assert killed_at(second + 5, lambda: case.run(store))
    return store


@pytest.mark.parametrize("days", [-400.0, 400.0])
def test_dates_of_files_decide_nothing_but_what_garbage_is_old(case: Case, days: float) -> None:
    store = interrupted(case, f"dated-{days}")
    dateless = {item.key for item in garbage.garbage(store, 0)}
    assert dateless
    date_everything(store, days)
    old = {item.key for item in garbage.garbage(store, DAY)}
    assert old == (dateless if days < 0 else set())
    outcome = case.run(store)
    assert (outcome.exit_code, outcome.executed) == (0, 1)
    assert rows(store) == rows(case.store("whole"))
    assert verification.verify(store) == []


@pytest.mark.parametrize("days", [-400.0, 400.0])
def test_a_clock_that_was_set_resumes_and_orders_as_before(
    case: Case, days: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = interrupted(case, f"clock-{days}")
    real = time.time

    def with_another_clock() -> None:
        monkeypatch.setattr(time, "time", lambda: real() + days * DAY)
        outcome = case.run(store)
        assert (outcome.exit_code, outcome.executed) == (0, 1)
        if days < 0:  # by this clock the files are of the future: too young to go
            assert garbage.garbage(store, DAY) == []
        found = status.look(store)
        assert (found.state, found.plan.counts()["complete"]) == ("gone", 2)

    assert in_fork(with_another_clock) == 0
    assert rows(store) == rows(case.store("whole"))
    assert list(load(store.storage).planned["trial_id"]) == [trial.id for trial in expand(case.sweep)]
