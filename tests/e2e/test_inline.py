"""The whole path without Ray: run, run again, extend, fail, report."""

import json
import shutil
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Workplace

INLINE = ("--runner", "inline")


def test_a_sweep_runs_and_a_second_run_has_nothing_to_do(workplace: Workplace) -> None:
    first = workplace.run("run", "tiny.yaml", *INLINE, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) | {"seconds": 0} == {
        "sweep": "tiny", "store": "results/tiny", "executed": 6, "seconds": 0,
        "planned": 6, "complete": 6, "todo": 0, "failed": 0, "diverged": 0, "stale": 0,
    }  # fmt: skip
    before = workplace.commits()
    second = workplace.run("run", "tiny.yaml", *INLINE, "--json")
    assert (second.returncode, json.loads(second.stdout)["executed"]) == (0, 0)
    assert workplace.commits() == before
    assert not list((workplace.store / "checkpoints").glob("*"))


def test_an_added_lambda_runs_exactly_the_new_trials(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    shutil.copytree(uninterrupted().store, workplace.store)
    before = workplace.commits()
    done = workplace.run("run", "tiny.yaml", *INLINE, "--set", "lambda=[0, 0.5, 1]", "--json")
    assert (done.returncode, json.loads(done.stdout)["executed"]) == (0, 2)
    after = workplace.commits()
    assert {trial_id: after[trial_id] for trial_id in before} == before
    added = [row for row in workplace.rows()["trials"] if row["trial_id"] not in before]
    assert [(row["architecture"], row["lam"]) for row in added] == [("4x4H", 0.5)] * 2


def test_renaming_an_architecture_runs_nothing_again(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    shutil.copytree(uninterrupted().store, workplace.store)
    workplace.spec.write_text(workplace.spec.read_text().replace("4x4H:", "four-small:"))
    done = workplace.run("run", "tiny.yaml", *INLINE, "--json")
    assert (done.returncode, json.loads(done.stdout)["executed"]) == (0, 0)


def test_a_typo_exits_2_with_place_and_suggestion_and_leaves_no_store(workplace: Workplace) -> None:
    workplace.spec.write_text(workplace.spec.read_text().replace("epochs: 3", "epoch: 3"))
    done = workplace.run("run", "tiny.yaml", *INLINE)
    assert done.returncode == 2
    assert "tiny.yaml:9:12" in done.stderr
    assert "did you mean 'epochs'" in done.stderr
    assert done.stdout == ""
    assert not workplace.store.exists()


def test_a_diverged_trial_ends_with_3_and_is_not_run_again(workplace: Workplace) -> None:
    arguments = ("run", "tiny.yaml", *INLINE, "--set", "architectures.4x4H.learning_rate=1e30", "--json")
    first = workplace.run(*arguments)
    assert first.returncode == 3, first.stderr
    counts = json.loads(first.stdout)
    assert (counts["complete"], counts["diverged"]) == (2, 4)
    messages = {commit["message"] for commit in workplace.commits().values() if commit["status"] == "diverged"}
    assert all("epoch 1" in message for message in messages)
    again = workplace.run(*arguments)
    assert (again.returncode, json.loads(again.stdout)["executed"]) == (3, 0)


def test_a_failed_trial_is_kept_as_such_and_runs_again_when_asked(workplace: Workplace) -> None:
    first = workplace.run_with_fault("batch", 1, "error", "run", "tiny.yaml", *INLINE, "--max-retries", "0", "--json")
    assert first.returncode == 3, first.stderr
    assert (json.loads(first.stdout)["complete"], json.loads(first.stdout)["failed"]) == (5, 1)
    (failed,) = (commit for commit in workplace.commits().values() if commit["status"] == "failed")
    assert (failed["cause"], failed["files"]) == ("error", {})
    assert f"failed: 1x16H λ=1 seed 0 ({failed['trial_id']})" in first.stderr
    assert "ValueError: a fault at batch" in first.stderr
    again = workplace.run("run", "tiny.yaml", *INLINE, "--json")
    assert (again.returncode, json.loads(again.stdout)["executed"]) == (3, 0)
    retried = workplace.run("run", "tiny.yaml", *INLINE, "--retry-failed", "--json")
    assert (retried.returncode, json.loads(retried.stdout)["executed"]) == (0, 1)


def test_status_answers_from_the_store_with_the_same_exit_code(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    shutil.copytree(uninterrupted().store, workplace.store)
    done = workplace.run("status", "results/tiny", "--json")
    assert (done.returncode, json.loads(done.stdout)["complete"]) == (0, 6)
    assert json.loads(done.stdout)["running"] is False
    next((workplace.store / "commits").glob("*.json")).unlink()
    assert workplace.run("status", "results/tiny").returncode == 4


def test_the_report_of_a_partial_store_is_built(workplace: Workplace, uninterrupted: Callable[..., Workplace]) -> None:
    shutil.copytree(uninterrupted().store, workplace.store)
    next((workplace.store / "commits").glob("*.json")).unlink()
    done = workplace.run("report", "results/tiny")
    assert done.returncode == 0, done.stderr
    page = (workplace.folder / done.stdout.strip()).read_text()
    assert "One system or an ensemble, in seconds?" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "smoke/digit"], "smoke/digits"),
        (["run", "tiny.yaml", "--store", "gs://bucket/x"], "gs://"),
        (["run", "tiny.yaml", "--runner", "inline", "--device", "cuda"], "CUDA"),
        (["run", "tiny.yaml", "--device", "cpu", "--set", "training.precision=tf32"], "tf32 needs a CUDA device"),
        (["run", "tiny.yaml", "--set", "training.precision=float16"], "training.precision"),
        (["status", "nowhere"], "not a store"),
        (["report", "nowhere"], "store"),
        (["run", "tiny.yaml", "--treads", "2"], "--threads"),
        (["run", "tiny.yaml", "--runner", "inline", "--set", "dataset.name=cifar10", "--data-root", "."], "cifar"),
    ],
)
def test_what_the_user_can_mend_exits_2_with_a_remedy(workplace: Workplace, arguments: list[str], message: str) -> None:
    done = workplace.run(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_stacks_are_a_matter_of_how_and_precision_of_what(workplace: Workplace) -> None:
    arguments = ("run", "tiny.yaml", *INLINE, "--json")
    first = workplace.run(*arguments, "--stack", "3")
    assert (first.returncode, json.loads(first.stdout)["executed"]) == (0, 6), first.stderr
    sizes = [len(commit.get("stack", [])) for commit in workplace.commits().values()]
    assert sorted(sizes) == [2, 2, 2, 2, 2, 2]
    assert not list((workplace.store / "checkpoints").glob("*"))
    assert json.loads(workplace.run(*arguments, "--stack", "1").stdout)["executed"] == 0
    rounded = workplace.run(*arguments, "--set", "training.precision=bf16", "--set", "seeds=1", "--stack", "2")
    assert (rounded.returncode, json.loads(rounded.stdout)["executed"]) == (0, 3), rounded.stderr
    assert workplace.run("report", "results/tiny").returncode == 0
