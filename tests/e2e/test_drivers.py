"""Two drivers on one store: one is refused, or takes over from the dead and the stopped; results stay single."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import ENSWEEP, Workplace
from tests.processes import HANG, state, wait_for

INLINE = ("--runner", "inline")

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

WITHOUT_A_LEASE = """
import sys
from pathlib import Path
from orchestrator.worker.execution import execute
from orchestrator.planning.plan import PlannedStack
from orchestrator.base.settings import Settings
from orchestrator.stores.store import Store
from specs.loader import load_sweep
from specs.sweep import expand

store = Store.at(Path(sys.argv[1]))
for trial in expand(load_sweep("tiny.yaml", ())):
    execute(PlannedStack((trial,)), store, Settings(checkpoint_seconds=0), lambda epoch: None)
"""


def attempts(workplace: Workplace) -> list[str]:
    """The trials of all attempts in the store: one a trial, where none lost."""
    return sorted(path.parent.name for path in (workplace.store / "attempts").glob("*/*"))


def test_a_second_driver_exits_5_and_a_killed_one_is_followed_at_once(workplace: Workplace) -> None:
    driver = workplace.start("run", "tiny.yaml", *INLINE, "--set", "training.epochs=100000")
    wait_for(lambda: workplace.events("trained"))
    second = workplace.run("run", "tiny.yaml", *INLINE)
    assert second.returncode == 5
    assert f"process {driver.pid} on {os.uname().nodename}, for 0 min" in second.stderr
    assert "Traceback" not in second.stderr
    told = json.loads(workplace.run("status", "results/tiny", "--json").stdout)
    assert (told["running"], told["driver"]["pid"]) == (True, driver.pid)
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=HANG)
    third = workplace.run("run", "tiny.yaml", *INLINE)
    assert third.returncode == 0, third.stderr
    assert "taking over in" not in third.stderr


def test_a_hang_up_ends_in_order_and_the_next_run_goes_on(workplace: Workplace) -> None:
    endless = (*INLINE, "--set", "training.epochs=100000", "--checkpoint-seconds", "0")
    driver = workplace.start("run", "tiny.yaml", *endless)
    wait_for(lambda: list(workplace.store.glob("checkpoints/*/b/sha256")))
    driver.send_signal(signal.SIGHUP)
    out, err = driver.communicate(timeout=30)
    assert (driver.returncode, out) == (129, "")
    assert err.count("SIGHUP: stopped. What is committed is kept; run the same command to go on.") == 1
    assert "Traceback" not in err
    assert json.loads((workplace.store / "lock").read_text())["released"]
    assert workplace.run("status", "results/tiny").returncode == 4
    again = workplace.start("run", "tiny.yaml", *endless)
    wait_for(lambda: len(workplace.events("trained")) > 1)
    assert workplace.events("trained")[1]["epoch"] > 1, "it began anew"
    again.send_signal(signal.SIGHUP)
    again.communicate(timeout=30)
    assert again.returncode == 129


def test_under_nohup_a_hang_up_is_nothing(workplace: Workplace) -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    go = workplace.fault_in_all("epoch", 2, "hold")
    driver = subprocess.Popen(
        [sys.executable, "-c", ignoring, str(ENSWEEP), "run", "tiny.yaml", *INLINE],
        cwd=workplace.folder,
        env=workplace.family.environment | workplace.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: workplace.events("trained"))
    driver.send_signal(signal.SIGHUP)
    go.touch()
    out, err = driver.communicate(timeout=250)
    assert driver.returncode == 0, err
    assert "6 of 6 trials complete" in out


@pytest.mark.ray
@pytest.mark.slow
@needs_proc
@pytest.mark.timeout(900)
def test_a_stopped_driver_loses_its_store_and_ends_with_5_when_it_goes_on(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    go = workplace.fault_in_all("epoch", 5, "hold")  # within the second trial of each
    first = workplace.start("run", "tiny.yaml", "--lease-seconds", "2")
    wait_for(workplace.commits)
    first.send_signal(signal.SIGSTOP)
    wait_for(lambda: state(first.pid) == "T")
    time.sleep(2.2)
    second = workplace.start("run", "tiny.yaml", "--lease-seconds", "2")
    wait_for(lambda: str(second.pid) in (workplace.store / "lock").read_text())
    go.touch()
    first.send_signal(signal.SIGCONT)
    _, err = first.communicate(timeout=HANG)
    assert first.returncode == 5, err
    assert f"was taken over by process {second.pid} on" in err
    assert "Traceback" not in err
    _, err = second.communicate(timeout=250)
    assert second.returncode == 0, err
    assert f"was left by process {first.pid}" in err
    wait_for(lambda: not workplace.family.pids())
    workplace.environment = {}
    assert workplace.run("verify", "results/tiny").returncode == 0
    assert attempts(workplace) == sorted(workplace.commits())
    assert workplace.rows() == uninterrupted().rows()


def test_of_two_runs_at_the_same_instant_one_drives(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    drivers = [workplace.start("run", "tiny.yaml", *INLINE) for _ in range(3)]
    for driver in drivers:
        driver.communicate(timeout=250)
    assert sorted(driver.returncode for driver in drivers) == [0, 5, 5]
    assert attempts(workplace) == sorted(workplace.commits())
    assert workplace.rows() == uninterrupted().rows()


def test_without_any_lease_results_are_single_too(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    command = [sys.executable, "-c", WITHOUT_A_LEASE, str(workplace.store)]
    workers = [subprocess.Popen(command, cwd=workplace.folder, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for worker in workers:
        _, err = worker.communicate(timeout=250)
        assert worker.returncode == 0, err
    assert len(workplace.events("committed")) == 6
    assert attempts(workplace) == sorted(workplace.commits())
    assert workplace.rows() == uninterrupted().rows()
