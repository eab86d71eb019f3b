"""A cluster of several nodes: they die or are drained, and the sweep goes on; who may speak to it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator import ray_environment
from tests.e2e.conftest import Workplace
from tests.processes import wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]

LONG = ("--set", "training.epochs=1200", "--set", "lambda=[1]", "--set", "seeds=1")
"""Two trials of many seconds each: a node dies while it trains."""
OFTEN = ("--checkpoint-seconds", "0.2")


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
        process.wait(60)


def test_trials_of_a_dead_and_of_a_drained_node_go_on_elsewhere(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    workplace.environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with cluster(workplace, nodes=3) as remote:
        driver = workplace.start(
            "run", "tiny.yaml", *LONG, *OFTEN, "--max-retries", "1", "--address", remote.address, "--json"
        )
        wait_for(lambda: len(list(workplace.store.glob("checkpoints/*/b/sha256"))) == 2, 200)
        killed, drained = workplace.events("trained")[:2]
        remote.tell("kill", killed["pid"])
        remote.tell("drain", drained["pid"])
        out, err = driver.communicate(timeout=250)
    assert driver.returncode == 0, err
    assert json.loads(out)["complete"] == 2
    again = workplace.events("trained")[2:]
    assert {line["trial"] for line in again} == {drained["trial"], killed["trial"]}
    assert all(line["epoch"] > 1 for line in again), "a trial began anew"
    assert not {line["pid"] for line in again} & {drained["pid"], killed["pid"]}
    assert workplace.rows() == uninterrupted(*LONG).rows()


def test_a_cluster_that_asks_for_no_token_is_refused(workplace: Workplace) -> None:
    workplace.environment = {"HOME": str(workplace.folder), "RAY_AUTH_MODE": ""}  # no token lies there
    done = workplace.run("run", "tiny.yaml", "--address", "192.0.2.1:6379")
    assert done.returncode == 2, done.stderr
    assert "whoever reaches that cluster can run code on it" in done.stderr
    assert "--trust-network" in done.stderr
    assert not workplace.commits()
    assert os.environ.get("RAY_AUTH_TOKEN") is None
