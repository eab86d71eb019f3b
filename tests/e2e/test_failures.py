"""Trials that fail: told once, counted, tried again exactly as often as asked, and never without being asked."""

import json
from collections import Counter

import pytest

from tests.e2e.conftest import Workplace

INLINE = ("--runner", "inline")
HUGE = ("--set", "architectures.huge={kind: mlp, members: 1, hidden: 2147483647}", "--set", "seeds=1")
"""Besides two networks that fit, one that fits no machine."""


def begun(workplace: Workplace) -> Counter[str]:
    """How often each trial was begun."""
    return Counter(line["trial"] for line in workplace.events("begun"))


def causes(workplace: Workplace) -> list[str]:
    return sorted(commit["cause"] for commit in workplace.commits().values() if commit["status"] == "failed")


def test_failures_of_one_kind_stop_the_sweep_early_and_go_on_after_the_mend(workplace: Workplace) -> None:
    arguments = ("run", "tiny.yaml", *INLINE, "--max-retries", "1", "--json")
    first = workplace.run_with_fault("batch", 0, "error", *arguments)
    assert first.returncode == 4, first.stderr
    assert first.stderr.count("Traceback") == 1
    assert "the same as before (3 times now): ValueError: a fault at batch" in first.stderr
    assert "the first 3 stacks all failed with: ValueError: a fault at batch" in first.stderr
    assert "--retry-failed" in first.stderr
    assert (list(begun(workplace).values()), causes(workplace)) == ([2, 2, 2], ["error"] * 3)
    status = workplace.run("status", "results/tiny", "--json")
    assert (status.returncode, json.loads(status.stdout)["failed"]) == (4, 3)
    again = workplace.run(*arguments)
    assert (again.returncode, json.loads(again.stdout)["failed"]) == (3, 3)
    assert sorted(begun(workplace).values()) == [1, 1, 1, 2, 2, 2]
    mended = workplace.run(*arguments, "--retry-failed")
    assert (mended.returncode, json.loads(mended.stdout)["executed"]) == (0, 3)
    assert sorted(begun(workplace).values()) == [1, 1, 1, 3, 3, 3]
    assert len(list((workplace.store / "withdrawn").glob("*.json"))) == 3


def test_a_sweep_whose_every_trial_failed_is_finished(workplace: Workplace) -> None:
    arguments = ("run", "tiny.yaml", *INLINE, "--set", "lambda=[1]", "--set", "seeds=[0]", "--max-retries", "0")
    done = workplace.run_with_fault("batch", 0, "error", *arguments, "--set", "architectures.2x2H={kind: mlp, members: 2, hidden: 2}")  # fmt: skip  # noqa: E501
    assert done.returncode == 3, done.stderr
    assert "3 failed with: ValueError: a fault at batch" in done.stderr
    assert workplace.run("status", "results/tiny").returncode == 3


@pytest.mark.parametrize("retries", [0, 2])
def test_out_of_memory_is_tried_once_more_at_most(workplace: Workplace, retries: int) -> None:
    done = workplace.run_with_fault(
        "batch", 0, "memory", "run", "tiny.yaml", *INLINE, "--max-retries", str(retries), "--set", "seeds=1"
    )
    assert done.returncode == 3, done.stderr
    assert causes(workplace) == ["oom"] * 3
    assert set(begun(workplace).values()) == {min(retries, 1) + 1}
    assert "OutOfMemoryError: CUDA out of memory" in done.stderr


@pytest.mark.ray
@pytest.mark.slow
def test_a_network_too_large_fails_alone_on_ray(workplace: Workplace) -> None:
    done = workplace.run("run", "tiny.yaml", *HUGE, "--max-retries", "3", "--json")
    assert done.returncode == 3, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["complete"], counts["failed"], causes(workplace)) == (3, 1, ["oom"])
    (failed,) = (trial for trial, commit in workplace.commits().items() if commit["status"] == "failed")
    assert begun(workplace)[failed] == 2
    assert {row["batch_size"] for row in workplace.rows()["trials"]} == {50}
    assert done.stderr.count("failed: huge") == 1
