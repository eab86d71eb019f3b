"""One driver a store; a dead owner's lock is free at once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator import lock
from orchestrator.errors import Exit, StoreInUseError

HOLD = """
import sys, time
from pathlib import Path
from orchestrator import lock
with lock.exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def owner(tmp_path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_the_second_is_told_who_holds_it(tmp_path: Path, owner: "subprocess.Popen[str]") -> None:
    assert lock.is_held(tmp_path / "lock")
    with pytest.raises(StoreInUseError, match=f"process {owner.pid} on ") as caught, lock.exclusive(tmp_path / "lock"):
        pass
    assert caught.value.exit_code == Exit.IN_USE
    owner.kill()
    owner.wait()


def test_a_killed_owner_leaves_the_lock_free(tmp_path: Path, owner: "subprocess.Popen[str]") -> None:
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert not lock.is_held(tmp_path / "lock")
    with lock.exclusive(tmp_path / "lock"):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()


def test_an_unreadable_owner_is_still_an_owner(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("not json")
    assert lock.describe_owner(tmp_path / "lock") == "another process"


def test_age_is_never_negative_when_the_clock_steps_back(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(json.dumps({"pid": 1, "host": "h", "since": time.time() + 3600}))
    assert lock.describe_owner(tmp_path / "lock") == "process 1 on h, for 0 min"
