"""Trials are cut into the same groups whatever is done already: λs of a seed first, then whole seeds."""

from collections.abc import Callable

import pytest

from orchestrator.planning.plan import make_plan
from orchestrator.planning.stacks import Trials, cut_into_stacks
from specs.format.commits import Commit
from specs.sweep import SweepSpec, expand
from trainers.stacks import Stack

LAMBDAS = [0, 0.25, 0.5, 0.75, 0.9, 0.99, 1]


def cut(sweep: SweepSpec, most: int) -> list[Trials]:
    return cut_into_stacks(expand(sweep), lambda spec: most)


def named(made: list[Trials], architecture: str) -> list[list[tuple[int, float]]]:
    return [[(t.spec.seed, t.spec.lam) for t in group] for group in made if group[0].architecture == architecture]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 7, 8, 14, 100])
def test_every_trial_is_in_one_group_that_the_trainer_accepts(sweep: Callable[..., SweepSpec], most: int) -> None:
    made = sweep(**{"lambda": LAMBDAS}, seeds=5, methods=["joint", "bagging", "stacking"])
    found = cut(made, most)
    assert sorted(t.id for group in found for t in group) == sorted(t.id for t in expand(made))
    for group in found:
        assert len(group) <= most
        stack = Stack.of([trial.spec for trial in group])
        assert len(stack.group_seeds) == len(set(stack.seeds)), "trials of one seed share their batches"
        assert stack.positions == tuple(range(len(group))), "in the order that they train in"


def test_lambdas_of_a_seed_come_first_in_equal_parts(sweep: Callable[..., SweepSpec]) -> None:
    found = named(cut(sweep(**{"lambda": LAMBDAS}), 4), "4x2H")
    assert [(len(group), {seed for seed, _ in group}) for group in found] == [(4, {0}), (3, {0}), (4, {1}), (3, {1})]


def test_where_they_fit_whole_seeds_stand_side_by_side(sweep: Callable[..., SweepSpec]) -> None:
    made = cut(sweep(seeds=5), 5)
    both = [(seed, lam) for seed in range(5) for lam in (0, 1)]
    assert named(made, "4x2H") == [both[:4], both[4:8], both[8:]]
    assert named(made, "1x8H") == [[(seed, 1) for seed in range(5)]]


def test_a_group_stays_the_same_whatever_of_it_is_done(sweep: Callable[..., SweepSpec]) -> None:
    trials = expand(sweep())
    whole = make_plan(trials, {}).stacks(lambda spec: 2)
    assert [[t.architecture for t in task.trials] for task in whole] == [["1x8H"] * 2, ["4x2H"] * 2, ["4x2H"] * 2]
    done = [whole[0].trials[0], *whole[1].trials]
    commits = {
        trial.id: Commit(trial_id=trial.id, status=status, attempt="a", files={}, environment={})
        for trial, status in zip(done, ("failed", "diverged", "complete"), strict=True)
    }
    left = make_plan(trials, commits).stacks(lambda spec: 2)
    assert [task.id for task in left] == [whole[0].id, whole[2].id], "groups with nothing to do are left out"
    assert left[0].trials == whole[0].trials
    assert left[0].left == whole[0].trials[1:]
    assert (whole[0].epochs, left[0].epochs) == (4, 2)


def test_stacks_are_of_one_where_nobody_says_more(sweep: Callable[..., SweepSpec]) -> None:
    plan = make_plan(expand(sweep()), {})
    assert [task.trials for task in plan.stacks()] == [(trial,) for trial in plan.of("todo")]
