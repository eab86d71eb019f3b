"""What a driver started ends with it, even if the driver is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.driver import reaper
from tests.processes import HANG

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

DRIVER = """
import subprocess, sys, time
from pathlib import Path
from orchestrator.driver import reaper
with reaper.reaping(Path(sys.argv[2])) as folder:
    logs = folder / "session_1" / "logs"
    logs.mkdir(parents=True)
    code = "import time; print('said', flush=True); time.sleep(600)"
    with (logs / "out.log").open("w") as log:
        sleeper = subprocess.Popen([sys.executable, "-c", code], stdout=log, start_new_session=True)
        print(sleeper.pid, folder, flush=True)
        time.sleep(float(sys.argv[1]))
"""
"""Starts a process that logs as Ray's do, and holds its log open itself, as Ray's drivers do."""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def holds_soon(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + HANG
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def start(seconds: float, logs: Path) -> tuple["subprocess.Popen[str]", int, Path]:
    command = [sys.executable, "-c", DRIVER, str(seconds), str(logs)]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    pid, folder = driver.stdout.readline().split()
    driver.stdout.close()
    return driver, int(pid), Path(folder)


def test_a_killed_driver_takes_its_processes_along(tmp_path: Path) -> None:
    driver, pid, folder = start(600, tmp_path)
    kept = tmp_path / "session_1" / "out.log"
    assert holds_soon(lambda: (folder / "session_1" / "logs" / "out.log").read_text() == "said\n")
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert holds_soon(lambda: not is_alive(pid))
    assert holds_soon(lambda: not folder.exists())
    assert kept.read_text() == "said\n"


def test_kept_logs_tell_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "canary-4711")
    logs = tmp_path / "ray" / "session_1" / "logs"
    logs.mkdir(parents=True)
    (logs / "agent.log").write_bytes(b"created with canary-4711, \xff and no more\r\n")
    reaper.keep_logs(str(tmp_path / "ray"), tmp_path / "kept")
    assert (tmp_path / "kept" / "session_1" / "agent.log").read_bytes() == b"created with ***, \xff and no more\r\n"
    assert not (tmp_path / "ray").exists()


def test_the_end_of_the_block_leaves_nothing_behind_and_spares_the_driver(tmp_path: Path) -> None:
    driver, pid, folder = start(0.1, tmp_path)
    assert driver.wait(timeout=HANG) == 0
    assert not is_alive(pid)
    assert not folder.exists()


def test_other_processes_are_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "input()"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log) as bystander:
        assert holds_soon(lambda: bystander.pid in reaper.holders(str(tmp_path)))
        reaper.kill(f"{tmp_path}-other", spared=0)
        assert bystander.poll() is None
        bystander.communicate(b"\n")
