"""A cluster of several nodes: they die or are drained, and the sweep goes on; who may speak to it."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.base import places
from orchestrator.driver import ray_environment
from tests.e2e.conftest import Workplace
from tests.processes import HANG, command_line, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]

TWO = ("--set", "training.epochs=12", "--set", "lambda=[1]", "--set", "seeds=1")
"""Two trials, which are held within so that nodes die while they train."""
ENDLESS = ("--set", "training.epochs=1000000", "--set", "lambda=[1]", "--set", "seeds=1")
"""Runs until it is interrupted: however long a stranger takes to be turned away, the cluster is there."""
DASHBOARD_PORT = 8265
EVERY_EPOCH = ("--checkpoint-seconds", "0")


@dataclass
class Cluster:
    """Nodes of a cluster in a process of their own, see :mod:`tests.e2e.nodes`."""

    process: "subprocess.Popen[str]"
    address: str

    def tell(self, command: str, pid: int) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(command, pid, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline().split() == [command]


@contextmanager
def cluster(workplace: Workplace, nodes: int) -> Iterator[Cluster]:
    environment = workplace.family.environment | ray_environment.QUIET | workplace.environment
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("nodes.py")), str(nodes)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Cluster(process, process.stdout.readline().strip())
        assert process.stdin is not None
        process.stdin.close()
        process.wait(HANG)


def test_workers_elsewhere_do_not_import_from_the_drivers_working_folder(workplace: Workplace) -> None:
    for name in places.PACKAGES:
        (workplace.folder / name).mkdir()
        (workplace.folder / name / "__init__.py").write_text("raise ImportError('the user has this one')")
    workplace.environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with cluster(workplace, nodes=1) as remote:
        done = workplace.run("run", "tiny.yaml", "--set", "seeds=1", "--address", remote.address, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"] == 3


@pytest.mark.timeout(900)
def test_trials_of_a_dead_and_of_a_drained_node_go_on_elsewhere(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    workplace.environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    go = workplace.fault_in_all("epoch", 6, "hold")
    with cluster(workplace, nodes=3) as remote:
        driver = workplace.start("run", "tiny.yaml", *TWO, *EVERY_EPOCH, "--address", remote.address, "--json")
        wait_for(lambda: len(list(workplace.store.glob("checkpoints/*/b/sha256"))) == 2)
        killed, drained = workplace.events("trained")[:2]
        remote.tell("kill", killed["pid"])
        remote.tell("drain", drained["pid"])
        # Ray's workers end a moment after their node; let go before, one would finish its trial.
        wait_for(lambda: not any(command_line(line["pid"]) for line in (killed, drained)))
        go.touch()
        out, err = driver.communicate(timeout=600)
    assert driver.returncode == 0, err
    assert json.loads(out)["complete"] == 2
    again = workplace.events("trained")[2:]
    assert {line["trial"] for line in again} == {drained["trial"], killed["trial"]}
    assert all(line["epoch"] > 1 for line in again), "a trial began anew"
    assert not {line["pid"] for line in again} & {drained["pid"], killed["pid"]}
    assert workplace.rows() == uninterrupted(*TWO).rows()


def test_a_cluster_that_asks_for_no_token_is_refused(workplace: Workplace) -> None:
    workplace.environment = {"HOME": str(workplace.folder), "RAY_AUTH_MODE": ""}  # no token lies there
    done = workplace.run("run", "tiny.yaml", "--address", "192.0.2.1:6379")
    assert done.returncode == 2, done.stderr
    assert "whoever reaches that cluster can run code on it" in done.stderr
    assert "--trust-network" in done.stderr
    assert not workplace.commits()
    assert os.environ.get("RAY_AUTH_TOKEN") is None


STRANGER = """
import sys
import ray
try:
    ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")
except Exception as error:
    print(type(error).__name__, error)
else:
    print("let in", ray.cluster_resources())
"""


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_a_local_cluster_answers_only_to_its_token_and_has_no_dashboard(workplace: Workplace) -> None:
    workplace.environment = {"RAY_AUTH_MODE": ""}
    workplace.fault_in_all("epoch", 0, "slow")
    driver = workplace.start("run", "tiny.yaml", *ENDLESS)
    wait_for(lambda: workplace.events("begun"))
    (raylet,) = workplace.family.pids("raylet/raylet ")
    address = re.search(r"--gcs-address=(\S+)", command_line(raylet))
    assert address is not None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    strangers = [
        subprocess.Popen(
            [sys.executable, "-c", STRANGER, address[1]],
            env=environment | {"HOME": str(workplace.folder)} | auth,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for auth in ({}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64})
    ]  # fmt: skip
    for stranger in strangers:  # at once: each waits long for a cluster that does not want it
        out, err = stranger.communicate(timeout=200)
        assert stranger.returncode == 0, err
        assert "let in" not in out
        assert "uthentication" in out + err
    assert DASHBOARD_PORT not in listening(workplace.family.pids())
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=HANG)
    assert driver.returncode == 130


def listening(pids: set[int]) -> set[int]:
    """TCP ports at which these processes listen."""
    sockets = set()
    for pid in pids:
        with suppress(OSError):
            sockets |= {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, condition, *_, inode = line.split()[:10]
            if condition == "0A" and f"socket:[{inode}]" in sockets:
                found.add(int(local.rpartition(":")[2], 16))
    return found


def test_more_threads_than_there_are_end_the_command_before_any_trial(workplace: Workplace) -> None:
    done = workplace.run("run", "tiny.yaml", "--threads", "100000")
    assert done.returncode == 2, done.stderr
    assert "--threads 100000 is more than this machine has: " in done.stderr
    assert not workplace.events("begun")
