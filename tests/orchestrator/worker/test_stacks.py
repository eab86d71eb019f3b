"""Sweeps in stacks of several: killed between their commits, out of memory, extended, reproduced."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from orchestrator.driver import reproduction, sweep
from orchestrator.planning.plan import PlannedStack, make_plan
from orchestrator.stores import garbage, verification
from orchestrator.stores.store import Store
from orchestrator.worker import execution, halves
from specs.format import layout
from specs.format.commits import Commit, UnreadableCommit, parse
from specs.sweep import SweepSpec, expand
from specs.trial import TrialSpec
from tests.orchestrator.crashing import Case, killed_at, rows, spread

TINY = {
    "architectures": {"2x3H": {"kind": "mlp", "members": 2, "hidden": 3}},
    "lambda": [0, 0.5, 1],
    "seeds": 1,
    "training": {"epochs": 2, "batch_size": 400, "learning_rate": 0.1},
}


@pytest.fixture
def case(sweep: Callable[..., SweepSpec], folder: Path, request: pytest.FixtureRequest) -> Case:
    """One stack of three λs, in stores named by the test; with a whole one that was never interrupted."""
    made = Case.of(sweep(**TINY), folder / request.node.name, stack=3)
    made.run(made.store("whole"))
    return made


def trained(store: Store, monkeypatch: pytest.MonkeyPatch, most: int = 100) -> list[list[str]]:
    """From now on, lists the λs of each stack that is trained; more than so many at once are out of memory."""
    seen: list[list[str]] = []
    train = execution.train

    def noting(specs: Sequence[TrialSpec], *arguments: Any, **options: Any) -> Any:
        seen.append([f"{spec.lam:g}" for spec in specs])
        if len(specs) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return train(specs, *arguments, **options)

    monkeypatch.setattr(execution, "train", noting)
    return seen


def events(store: Store) -> list[tuple[str, str]]:
    lines = [line for path in sorted(store.logs.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    return [(note["event"], note["trial"]) for note in map(json.loads, lines)]


def checkpoints(store: Store) -> list[str]:
    return store.storage.keys(layout.CHECKPOINTS)


def test_lambdas_of_a_seed_in_one_stack_give_the_rows_that_each_gives_alone(case: Case) -> None:
    alone = replace(case, settings=replace(case.settings, stack=1))
    alone.run(alone.store("alone"))
    assert rows(case.store("whole")) == rows(alone.store("alone"))
    assert verification.verify(case.store("whole")) == []


def test_a_commit_says_with_which_trials_its_own_was_trained(case: Case) -> None:
    ids = tuple(trial.id for trial in expand(case.sweep))
    for commit in case.store("whole").commits().values():
        assert (commit.stack, commit.environment["stack"]) == (ids, 3)


def test_a_commit_of_a_trial_alone_is_written_as_before_there_were_stacks() -> None:
    commit = Commit(trial_id="a", status="complete", attempt="b", files={}, environment={})
    assert "stack" not in json.loads(commit.content())
    seal = json.loads(commit.content())["seal"]
    assert seal == "4976bd97f97d16258d0046194d798714675e07e363afe689b62aa5e05572709a"
    assert parse("a", commit.content()) == commit
    stacked = commit.model_copy(update={"stack": ("a", "b")})
    assert parse("a", stacked.content()) == stacked
    changed = parse("a", stacked.content().replace(b'"b"\n', b'"c"\n'))
    assert changed == UnreadableCommit("is not what was written: its seal differs")


def test_a_stack_killed_at_any_point_ends_as_one_that_was_not(case: Case) -> None:
    points = case.points("points")
    expected = rows(case.store("whole"))
    between = [
        number for number, point in enumerate(points, 1) if point in ("commit", "commit.done", "checkpoint.saved")
    ]
    others = random.Random(0).sample(range(1, len(points) + 1), 20)

    def crash(number: int) -> None:
        store = case.store(f"killed-{number}")
        assert killed_at(number, lambda: case.run(store))
        before = store.commits()
        outcome = case.run(store)
        assert (outcome.exit_code, outcome.executed) == (0, 3 - len(before))
        assert before.items() <= store.commits().items()
        assert rows(store) == expected
        assert {commit.environment["stack"] for commit in store.commits().values()} == {3}
        store.storage.delete(item.key for item in garbage.garbage(store, 0))
        assert checkpoints(store) == []
        assert verification.verify(store) == []

    spread(crash, sorted({*between, *others}))


def test_after_a_death_between_two_commits_the_stack_goes_on_from_its_last_epoch(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, points = case.store("between"), case.points("points")
    second = [number for number, point in enumerate(points, 1) if point == "commit"][1]
    assert killed_at(second, lambda: case.run(store))
    (done,) = store.commits()
    seen = trained(store, monkeypatch)
    epochs: list[int] = []
    (task,) = make_plan(expand(case.sweep), store.commits()).stacks(lambda spec: 3)
    execution.execute(task, store, case.settings, epochs.append)
    assert (seen, epochs) == ([["0", "0.5", "1"]], []), "nothing was left to train"
    assert [event for event, trial in events(store) if trial == done].count("begun") == 1
    assert len(store.commits()) == 3
    assert checkpoints(store) == []


def test_what_was_committed_before_the_stack_was_begun_is_not_trained_with_it(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = case.store("begun-alone")
    first = expand(case.sweep)[0]
    execution.execute(PlannedStack((first,)), store, case.settings, lambda epoch: None)
    seen = trained(store, monkeypatch)
    assert case.run(store).executed == 2
    assert seen == [["0.5", "1"]]
    stacks = {trial: commit.stack for trial, commit in store.commits().items()}
    rest = tuple(trial.id for trial in expand(case.sweep)[1:])
    assert stacks == {first.id: (), rest[0]: rest, rest[1]: rest}
    assert rows(store) == rows(case.store("whole"))


def test_a_list_of_trials_that_is_damaged_is_written_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    store = case.store("damaged")
    task = PlannedStack(expand(case.sweep))
    for content in (b"", b"[", b"{}", b"[1, 2]", b'["0123456789abcdef"]'):
        store.checkpoint(task.id).replace(layout.TRIALS_OF_STACK, content)
        assert not store.begun(task.id) & {trial.id for trial in task.trials}
    seen = trained(store, monkeypatch)
    assert case.run(store).exit_code == 0
    assert seen == [["0", "0.5", "1"]]


def test_a_failed_stack_fails_in_all_its_trials_and_runs_whole_again_when_asked(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = case.store("failing")

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("a fault")

    with monkeypatch.context() as patched:
        patched.setattr(execution, "train", fail)
        assert case.run(store).plan.counts()["failed"] == 3
    assert case.run(store).executed == 0
    seen = trained(store, monkeypatch)
    assert case.run(store, retry_failed=True).exit_code == 0
    assert seen == [["0", "0.5", "1"]]
    assert rows(store) == rows(case.store("whole"))


@pytest.mark.parametrize(("most", "stacks"), [(2, [3, 2, 1]), (1, [3, 2, 1, 1, 1])])
def test_a_stack_out_of_memory_is_trained_in_halves(
    case: Case, monkeypatch: pytest.MonkeyPatch, most: int, stacks: list[int]
) -> None:
    store = case.store("halves")
    seen = trained(store, monkeypatch, most)
    told: list[str] = []
    outcome = case.run(store, say=told.append)
    assert (outcome.exit_code, outcome.executed) == (0, 3)
    assert [len(stack) for stack in seen] == stacks
    assert rows(store) == rows(case.store("whole"))
    assert checkpoints(store) == []
    sizes = sorted(len(commit.stack) or 1 for commit in store.commits().values())
    assert sizes == ([1, 2, 2] if most == 2 else [1, 1, 1])


def test_a_trial_out_of_memory_is_tried_once_more_with_less(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    store, alone = case.store("sparing"), PlannedStack(expand(case.sweep)[:1])
    asked: list[bool] = []
    train = execution.train

    def out_of_memory(*given: Any, sparing: bool, **options: Any) -> Any:
        asked.append(sparing)
        if not sparing:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return train(*given, sparing=sparing, **options)

    monkeypatch.setattr(execution, "train", out_of_memory)
    with pytest.raises(torch.OutOfMemoryError):
        execution.execute(alone, store, case.settings, lambda epoch: None)
    execution.execute(alone, store, case.settings, lambda epoch: None)
    assert asked == [False, True]
    assert [commit.status for commit in store.commits().values()] == ["complete"]


def test_halves_are_remembered_after_a_death(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    store = case.store("remembered")
    task = PlannedStack(expand(case.sweep))
    assert halves.may_try_again(task, store)
    seen = trained(store, monkeypatch)
    epochs: list[int] = []
    execution.execute(task, store, case.settings, epochs.append)
    assert seen == [["0", "0.5"], ["1"]]
    assert epochs == [0, 1, 1, 2], "of the whole stack: two thirds of an epoch, of two epochs, then the last third"


def test_a_trial_that_is_alone_too_large_fails_without_its_neighbours(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = case.store("one-too-large")
    train = execution.train

    def greedy(specs: Sequence[TrialSpec], *arguments: Any, **options: Any) -> Any:
        if any(spec.lam == 0.5 for spec in specs):
            raise MemoryError
        return train(specs, *arguments, **options)

    monkeypatch.setattr(execution, "train", greedy)
    assert case.run(store).exit_code == 3
    found = {trial.spec.lam: store.commits()[trial.id] for trial in expand(case.sweep)}
    assert {lam: (commit.status, commit.cause) for lam, commit in found.items()} == {
        0: ("complete", ""), 0.5: ("failed", "oom"), 1: ("complete", ""),
    }  # fmt: skip


def test_a_killed_stack_is_trained_one_by_one_and_given_up_the_next_time(
    sweep: Callable[..., SweepSpec], tmp_path: Path
) -> None:
    store, task = Store.at(tmp_path), PlannedStack(expand(sweep(**TINY)))
    assert halves.may_try_again_after_a_kill(task, store)
    assert [len(part.trials) for part in halves.parts(task, store)] == [1, 1, 1]
    assert not halves.may_try_again_after_a_kill(task, store)
    halves.forget(task, store)
    assert list(halves.parts(task, store)) == [task]


def test_status_counts_each_trial_of_a_stack_under_way(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    store = case.store("status")
    train = execution.train

    def looking(*arguments: Any, on_epoch: Callable[[int], None], **options: Any) -> Any:
        def look(epoch: int) -> None:
            on_epoch(epoch)
            snapshots.append(reported())

        return train(*arguments, on_epoch=look, **options)

    snapshots: list[dict[str, Any]] = []
    reported = sweep._Reported()
    monkeypatch.setattr(sweep, "_Reported", lambda: reported)
    monkeypatch.setattr(execution, "train", looking)
    case.run(store)
    ids = [trial.id for trial in expand(case.sweep)]
    assert [snapshot["running"] for snapshot in snapshots] == [dict.fromkeys(ids, 1), dict.fromkeys(ids, 2)]
    assert [(one["epochs_done"], one["epochs_total"]) for one in snapshots] == [(3, 6), (6, 6)]


def test_a_trial_is_reproduced_in_its_stack_and_alone_where_that_is_no_more(
    case: Case, sweep: Callable[..., SweepSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = case.store("whole")
    seen = trained(store, monkeypatch)
    found = reproduction.reproduce(store, expand(case.sweep)[1], case.settings)
    assert (found.equal, found.elsewhere, seen) == (True, (), [["0", "0.5", "1"]])
    monkeypatch.setattr(reproduction.verification, "planned_anywhere", lambda store: {})
    alone = reproduction.reproduce(store, expand(case.sweep)[1], case.settings)
    assert alone.elsewhere == ("trained with stack 3, here None",)


def test_a_commit_says_how_much_a_graph_held_where_that_decides_last_digits(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = execution.train
    monkeypatch.setattr(
        execution,
        "train",
        lambda *given, **options: [replace(one, graph=4) for one in train(*given, **options)],
    )
    store = case.store("little memory")
    case.run(store)
    assert {commit.environment["graph"] for commit in store.commits().values()} == {4}
    assert all("graph" not in commit.environment for commit in case.store("whole").commits().values())
    monkeypatch.setattr(execution, "train", train)
    found = reproduction.reproduce(store, expand(case.sweep)[0], case.settings)
    assert found.elsewhere == ("trained with graph 4, here None",)


def test_a_stack_of_mixed_seeds_goes_on_exactly(sweep: Callable[..., SweepSpec], folder: Path) -> None:
    """Seeds of one stack have batches of their own; last digits may depend on the stack, so it must stay the same."""
    case = Case.of(sweep(**TINY | {"lambda": [0, 1], "seeds": 2}), folder / "mixed", stack=4)
    points = case.points("whole")
    assert {commit.environment["stack"] for commit in case.store("whole").commits().values()} == {4}
    places = [number for number, point in enumerate(points, 1) if point in ("commit", "epoch")]

    def crash(number: int) -> None:
        store = case.store(f"killed-{number}")
        assert killed_at(number, lambda: case.run(store))
        assert case.run(store).exit_code == 0
        assert rows(store) == rows(case.store("whole"))

    spread(crash, places)


def test_garbage_of_a_stack_is_what_is_left_when_all_its_trials_are_committed(case: Case) -> None:
    store, trials = case.store("garbage"), expand(case.sweep)
    store.begin("a" * 16, [trial.id for trial in trials])
    case.run(store)
    store.begin("b" * 16, [trials[0].id, "0123456789abcdef"])
    found = {item.key.split("/")[1] for item in garbage.garbage(store, 0) if item.key.startswith("checkpoints/")}
    assert found == {"a" * 16}


def test_a_new_lambda_runs_without_those_that_are_done(case: Case, sweep: Callable[..., SweepSpec]) -> None:
    store = case.store("extended")
    case.run(store)
    more = replace(case, sweep=sweep(**TINY | {"lambda": [0, 0.25, 0.5, 1]}))
    assert (outcome := more.run(store)).executed == 1
    assert outcome.exit_code == 0
