"""The whole path on a real local Ray: kill, interrupt, resume, two drivers."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import Workplace

pytestmark = [pytest.mark.ray, pytest.mark.slow]

LONGER = ("--set", "training.epochs=150", "--set", "seeds=3")
"""Nine trials of about a second each: time enough to be killed among them."""


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def pids(pattern: str) -> set[int]:
    """Pids of the processes whose command line matches."""
    done = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=False)
    return {int(pid) for pid in done.stdout.split()} - {os.getpid()}


@pytest.fixture(autouse=True)
def orphans() -> Iterator[Callable[[], set[int]]]:
    """Ray's processes since the test began; however a driver ended, they are gone soon after."""
    pattern = "raylet|gcs_server|ray::"
    before = pids(pattern)
    yield lambda: pids(pattern) - before
    wait_for(lambda: not pids(pattern) - before, seconds=15)


def test_rows_equal_those_of_the_inline_runner(workplace: Workplace, uninterrupted: Callable[..., Workplace]) -> None:
    done = workplace.run("run", "tiny.yaml")
    assert done.returncode == 0, done.stderr
    assert "6/6 trials, ETA 00:00" in done.stderr
    assert workplace.rows() == uninterrupted().rows()
    again = workplace.run("run", "tiny.yaml", "--json")
    assert (again.returncode, json.loads(again.stdout)["executed"]) == (0, 0)


def test_a_killed_driver_run_again_ends_in_the_same_rows(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], orphans: Callable[[], set[int]]
) -> None:
    for enough in (1, 4):
        driver = workplace.start("run", "tiny.yaml", *LONGER)
        wait_for(lambda wanted=enough: len(workplace.commits()) >= wanted)
        driver.send_signal(signal.SIGKILL)
        driver.communicate(timeout=30)
        wait_for(lambda: not orphans(), seconds=15)
    killed = workplace.commits()
    assert len(killed) < 9
    done = workplace.run("run", "tiny.yaml", *LONGER, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["executed"] == 9 - len(killed)
    assert {trial_id: workplace.commits()[trial_id] for trial_id in killed} == killed
    assert workplace.rows() == uninterrupted(*LONGER).rows()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_order_and_says_how_to_go_on(workplace: Workplace, number: int, code: int) -> None:
    driver = workplace.start("run", "tiny.yaml", *LONGER)
    wait_for(lambda: len(workplace.commits()) >= 1)
    started = time.monotonic()
    driver.send_signal(number)
    out, err = driver.communicate(timeout=30)
    assert driver.returncode == code, err
    assert time.monotonic() - started < 15
    assert "run the same command to go on" in err
    assert "Traceback" not in err
    assert out == ""
    assert workplace.run("status", "results/tiny").returncode == 4


def test_a_second_driver_is_refused(workplace: Workplace) -> None:
    driver = workplace.start("run", "tiny.yaml", *LONGER)
    wait_for(lambda: len(workplace.commits()) >= 1)
    second = workplace.run("run", "tiny.yaml", *LONGER)
    assert second.returncode == 5
    assert f"process {driver.pid} on " in second.stderr
    assert json.loads(workplace.run("status", "results/tiny", "--json").stdout)["running"] is True
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=30)


def test_a_killed_worker_is_retried_in_the_same_sweep(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    driver = workplace.start("run", "tiny.yaml", *LONGER)
    wait_for(lambda: len(workplace.commits()) >= 1)
    busy = pids("ray::ImplicitFunc")
    assert busy, "no worker was found to kill"
    os.kill(min(busy), signal.SIGKILL)
    _, err = driver.communicate(timeout=200)
    assert driver.returncode == 0, err
    assert workplace.rows() == uninterrupted(*LONGER).rows()
