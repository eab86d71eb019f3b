"""What is left is the sweep less the commits, and nothing else."""

from collections.abc import Callable

from orchestrator.planning.overview import describe_plan, plan_rows
from orchestrator.planning.plan import PlannedStack, make_plan
from specs.format.commits import Commit, Status
from specs.sweep import SweepSpec, expand


def committed(trial_id: str, status: Status = "complete") -> Commit:
    return Commit(trial_id=trial_id, status=status, attempt="a", files={}, environment={})


def test_every_state_is_sorted_out(sweep: Callable[..., SweepSpec]) -> None:
    trials = expand(sweep())
    assert len(trials) == 6  # two seeds of one single network and two λs of one ensemble
    done, diverged, failed, *todo = trials
    commits = {
        done.id: committed(done.id),
        diverged.id: committed(diverged.id, "diverged"),
        failed.id: committed(failed.id, "failed"),
        "0123456789abcdef": committed("0123456789abcdef"),
    }
    plan = make_plan(trials, commits)
    assert plan.of("complete") == (done,)
    assert plan.of("diverged") == (diverged,)
    assert plan.of("failed") == (failed,)
    assert plan.of("todo") == tuple(todo)
    assert plan.stale == ("0123456789abcdef",)
    assert plan.counts()["planned"] == 6


def test_adding_a_lambda_leaves_only_the_new_trials_to_do(sweep: Callable[..., SweepSpec]) -> None:
    commits = {trial.id: committed(trial.id) for trial in expand(sweep())}
    plan = make_plan(expand(sweep(**{"lambda": [0, 0.5, 1]})), commits)
    assert [(t.architecture, t.spec.lam, t.spec.seed) for t in plan.of("todo")] == [("4x2H", 0.5, 0), ("4x2H", 0.5, 1)]
    assert not plan.stale


def test_a_stack_of_one_is_named_after_its_trial(sweep: Callable[..., SweepSpec]) -> None:
    first, second, *_ = expand(sweep())
    assert PlannedStack((first,)).id == first.id
    assert PlannedStack((first, second)).id not in {first.id, second.id, PlannedStack((second, first)).id}
    assert PlannedStack((first, second)).epochs == 4


def test_the_matrix_shows_each_seed(sweep: Callable[..., SweepSpec]) -> None:
    trials = expand(sweep())
    plan = make_plan(trials, {trials[1].id: committed(trials[1].id), trials[4].id: committed(trials[4].id, "failed")})
    text = describe_plan(plan)
    assert text.splitlines()[0].split() == ["λ=0", "λ=1"]
    assert text.splitlines()[2].split() == ["4x2H", "xF", ".."]
    states = {row["trial_id"]: row["state"] for row in plan_rows(plan)}
    assert (states[trials[1].id], states[trials[4].id], states[trials[0].id]) == ("complete", "failed", "todo")


def test_baselines_have_columns_of_their_own(sweep: Callable[..., SweepSpec]) -> None:
    text = describe_plan(make_plan(expand(sweep(methods=["joint", "bagging", "stacking"])), {}))
    assert text.splitlines()[0].split() == ["λ=0", "λ=1", "bagging", "stacking"]
    assert text.splitlines()[1].split() == ["1x8H", ".."]
    assert text.splitlines()[2].split() == ["4x2H", "..", "..", "..", ".."]


def test_lambdas_that_look_alike_have_columns_of_their_own(sweep: Callable[..., SweepSpec]) -> None:
    text = describe_plan(make_plan(expand(sweep(**{"lambda": [0, 0.3, 0.1 + 0.2, 1]})), {}))
    assert text.splitlines()[0].split() == ["λ=0", "λ=0.3", "λ=0.30000000000000004", "λ=1"]
    assert text.splitlines()[2].split() == ["4x2H", "..", "..", "..", ".."]
