"""The whole path on a real local Ray: killed, interrupted, resumed; nothing stays behind."""

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ENSWEEP, Workplace
from tests.processes import HANG, wait_for

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc"),
]

EVERY_EPOCH = ("--checkpoint-seconds", "0")
ENDLESS = ("--set", "training.epochs=1000000", "--set", "lambda=[1]", "--set", "seeds=1")
"""Two trials that run until they are killed, on however fast a machine."""
WITHIN = ("--set", "training.epochs=12", "--set", "lambda=[1]", "--set", "seeds=1")
"""Two trials, one for each of two workers."""
OFTEN = ("--checkpoint-seconds", "0.2")
ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Takes stdin for its terminal, as a shell's job does, and becomes the command."""
GOES_ON = "run the same command to go on"


@pytest.fixture(autouse=True)
def nothing_stays(workplace: Workplace) -> Iterator[None]:
    """However a driver ended, all that it started is gone soon after."""
    yield
    workplace.end()
    wait_for(lambda: not workplace.family.pids())


def states(workplace: Workplace) -> list[Path]:
    """The slots in which a whole state lies."""
    return list(workplace.store.glob("checkpoints/*/[ab]/sha256"))


def holds(workplace: Workplace, pid: int) -> bool:
    """Whether the store's lock names this process: from then on it has a run to end in order."""
    lock = workplace.store / "lock"
    return lock.exists() and f'"pid": {pid},' in lock.read_text()


def test_rows_equal_those_of_the_inline_runner(workplace: Workplace, uninterrupted: Callable[..., Workplace]) -> None:
    done = workplace.run("run", "tiny.yaml")
    assert done.returncode == 0, done.stderr
    assert "6/6 trials, ETA 00:00" in done.stderr
    assert workplace.rows() == uninterrupted().rows()
    again = workplace.run("run", "tiny.yaml", "--json")
    assert (again.returncode, json.loads(again.stdout)["executed"]) == (0, 0)


@pytest.mark.timeout(900)
def test_a_killed_driver_run_again_ends_in_the_same_rows(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    workplace.fault_in_all("epoch", 5, "hold")  # within the second trial of each
    for _ in range(2):
        before = len(workplace.commits())
        driver = workplace.start("run", "tiny.yaml")
        wait_for(lambda before=before: len(workplace.commits()) > before)
        driver.send_signal(signal.SIGKILL)
        driver.communicate(timeout=HANG)
        wait_for(lambda: not workplace.family.pids())
    workplace.environment = {}
    killed = workplace.commits()
    assert len(killed) < 6
    told = json.loads(workplace.run("status", "results/tiny", "--json").stdout)
    assert (told["running"], told["driver"]["state"], told["complete"]) == (False, "gone", len(killed))
    done = workplace.run("run", "tiny.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["executed"] == 6 - len(killed)
    assert {trial_id: workplace.commits()[trial_id] for trial_id in killed} == killed
    assert workplace.rows() == uninterrupted().rows()


def test_stacks_of_a_killed_driver_go_on_as_they_were(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    stacks = ("--set", "seeds=3", "--stack", "4")
    workplace.fault_in_all("epoch", 2, "hold")
    driver = workplace.start("run", "tiny.yaml", *stacks, *EVERY_EPOCH)
    wait_for(lambda: states(workplace))
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=HANG)
    wait_for(lambda: not workplace.family.pids())
    workplace.environment = {}
    before = len(workplace.commits())
    done = workplace.run("run", "tiny.yaml", *stacks, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["executed"] == 9 - before
    assert workplace.rows() == uninterrupted(*stacks).rows()
    sizes = sorted(len(commit["stack"]) for commit in workplace.commits().values() if "stack" in commit)
    assert sizes == [2, 2, 3, 3, 3, 4, 4, 4, 4]
    assert not list((workplace.store / "checkpoints").glob("*"))


@pytest.mark.timeout(900)
def test_a_driver_killed_at_any_moment_leaves_nothing_and_resumes(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    moments = random.Random(4711)
    workplace.fault_in_all("batch", 0, "slow")
    for _ in range(4):
        driver = workplace.start("run", "tiny.yaml")
        time.sleep(moments.uniform(0.5, 10))
        driver.send_signal(signal.SIGKILL)
        driver.communicate(timeout=HANG)
        wait_for(lambda: not workplace.family.pids())
    workplace.environment = {}
    done = workplace.run("run", "tiny.yaml")
    assert done.returncode == 0, done.stderr
    assert workplace.run("verify", "results/tiny").returncode == 0
    assert workplace.rows() == uninterrupted().rows()


@pytest.mark.timeout(900)
def test_a_signal_ends_in_order_a_second_at_once_and_the_next_run_goes_on_from_the_states(workplace: Workplace) -> None:
    workplace.fault_in_all("epoch", 0, "slow")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        driver = workplace.start("run", "tiny.yaml", *ENDLESS, *OFTEN)
        goes_on(workplace)
        idle, training = (workplace.family.pids(f"ray::{state}") for state in ("IDLE", "ImplicitFunc"))
        assert len(training) == 2
        assert len(idle | training) <= len(os.sched_getaffinity(0)), "others train than those that imported torch early"
        driver.send_signal(number)
        out, err = driver.communicate(timeout=HANG)
        assert driver.returncode == code, err
        assert err.count(GOES_ON) == 1
        assert "Traceback" not in err
        assert out == ""
        assert len(states(workplace)) >= 2
        assert workplace.run("status", "results/tiny").returncode == 4
    driver = workplace.start("run", "tiny.yaml", *ENDLESS, *OFTEN)
    goes_on(workplace)
    driver.send_signal(signal.SIGINT)
    time.sleep(0.05)
    driver.send_signal(signal.SIGINT)
    _, err = driver.communicate(timeout=HANG)
    assert driver.returncode == 130
    assert GOES_ON not in err, "it took the time to end in order"
    assert "Traceback" not in err


def goes_on(workplace: Workplace) -> None:
    """Wait until a run that has just started trains both of its trials, from the states that the one before left."""
    left = {slot.parent.parent.name for slot in states(workplace)}
    before = workplace.events("trained")
    wait_for(lambda: len(workplace.events("trained")) == len(before) + 2)
    wait_for(lambda: len({slot.parent.parent for slot in states(workplace)}) == 2)
    resumed = workplace.events("trained")[len(before) :]
    assert len({line["trial"] for line in resumed}) == 2
    assert len(left) == (2 if before else 0)
    assert all((line["epoch"] > 1) == bool(before) for line in resumed), "it began anew"


def _on_a_terminal(workplace: Workplace, *arguments: str) -> "tuple[subprocess.Popen[bytes], int]":
    """A command that leads the session of a new terminal, and the terminal's other end."""
    master, slave = pty.openpty()
    driver = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, str(ENSWEEP), *arguments],
        cwd=workplace.folder,
        env=workplace.family.environment | workplace.environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    return driver, master


@pytest.mark.timeout(600)
def test_a_terminal_that_closes_ends_it_in_order_and_so_does_a_key_on_one(workplace: Workplace) -> None:
    workplace.fault_in_all("epoch", 0, "slow")
    driver, master = _on_a_terminal(workplace, "run", "tiny.yaml", *ENDLESS, *OFTEN)
    try:
        _read_until(master, bytearray(), lambda: len({slot.parent.parent for slot in states(workplace)}) == 2)
        os.close(master)  # tells every process of the terminal, Ray's too
        assert driver.wait(HANG) == 129
    finally:
        driver.kill()
        driver.wait()
    assert json.loads((workplace.store / "lock").read_text())["released"]
    before = len(workplace.events("trained"))
    driver, master = _on_a_terminal(workplace, "run", "tiny.yaml", *ENDLESS, *OFTEN)
    shown = bytearray()
    try:
        _read_until(master, shown, lambda: len(workplace.events("trained")) > before)
        assert workplace.events("trained")[before]["epoch"] > 1, "it began anew"
        os.write(master, b"\x03")  # to every process of the terminal, Ray's too
        _read_until(master, shown, lambda: driver.poll() is not None)
        assert driver.wait() == 130
    finally:
        driver.kill()
        driver.wait()
        os.close(master)
    text = shown.decode(errors="replace")
    assert "0/2 trials" in text
    assert text.count(GOES_ON) == 1
    assert "Traceback" not in text


def _read_until(terminal: int, shown: bytearray, condition: Callable[[], bool]) -> None:
    """Read what a terminal shows, as whoever sits there would, until the condition holds."""
    os.set_blocking(terminal, False)
    end = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < end, shown.decode(errors="replace")
        try:
            shown += os.read(terminal, 65536)
        except BlockingIOError:
            time.sleep(0.05)
        except OSError:  # the last process has closed it
            time.sleep(0.05)
    try:
        shown += os.read(terminal, 65536)
    except OSError:
        return


@pytest.mark.timeout(900)
def test_a_signal_at_any_moment_is_never_taken_for_success_or_a_defect(workplace: Workplace) -> None:
    moments = random.Random(4711)
    workplace.fault_in_all("batch", 0, "slow")
    for part, number in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * 2):
        driver = workplace.start("run", "tiny.yaml", *ENDLESS)
        wait_for(lambda pid=driver.pid: holds(workplace, pid))
        time.sleep(1.5 * (part + moments.random()))  # of nine seconds, somewhere in each sixth
        driver.send_signal(number)
        _, err = driver.communicate(timeout=HANG)
        assert driver.returncode == 128 + number, err
        assert err.count(GOES_ON) == 1
        assert "Traceback" not in err
        wait_for(lambda: not workplace.family.pids())
    assert not workplace.commits()


@pytest.mark.timeout(900)
def test_a_killed_worker_goes_on_from_its_state_in_the_same_sweep(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    go = workplace.fault_in_all("epoch", 6, "hold")
    driver = workplace.start("run", "tiny.yaml", *WITHIN, *EVERY_EPOCH, "--json")
    wait_for(lambda: len(states(workplace)) == 4)
    victim = workplace.events("trained")[0]
    os.kill(victim["pid"], signal.SIGKILL)
    go.touch()
    out, err = driver.communicate(timeout=500)
    assert driver.returncode == 0, err
    assert json.loads(out)["executed"] == 2
    began = [line for line in workplace.events("trained") if line["trial"] == victim["trial"]]
    assert [line["pid"] == victim["pid"] for line in began] == [True, False]
    assert began[1]["epoch"] > 1, "it began anew"
    assert workplace.rows() == uninterrupted(*WITHIN).rows()
