"""Runs the real command line on a real store, and reads from stores what tests compare."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from specs.format.records import TABLES
from tests import warm
from tests.e2e import faulty
from tests.processes import Family

ENSWEEP = Path(sys.executable).with_name("ensweep")

RUN_SECONDS = 600
"""Seconds after which a command is killed. The test's own time-out comes first, unless it was lengthened."""

SPEC = """\
name: tiny
title: One system or an ensemble, in seconds?
architectures:
  1x16H: {kind: mlp, members: 1, hidden: 16}
  4x4H: {kind: mlp, members: 4, hidden: 4}
lambda: [0, 1]
seeds: 2
dataset: {name: digits, validation: 237}
training: {epochs: 3, batch_size: 50, learning_rate: 0.1}
evaluation: {train_examples: 200, robustness: {repeats: 2}}
"""

LABELS = {"sweep", "architecture"}
INCIDENTAL = {column.name for table in TABLES.values() for column in table.columns if column.incidental} - LABELS
"""Columns in which two equal runs of one spec may differ."""


class Workplace:
    """A folder with a spec, in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = folder / "tiny.yaml"
        self.spec.write_text(SPEC)
        self.store = folder / "results" / "tiny"
        self.family = Family()
        """All processes that these commands start, with their descendants."""
        self.environment: dict[str, str] = {}
        """Variables for the commands, besides this process's."""
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command. It is killed at the end of the test if it still runs."""
        return self._start([str(ENSWEEP), *arguments])

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, with its imports behind it where that makes no difference."""
        environment = self.family.environment | self.environment
        on_ray = arguments[0] == "run" and "inline" not in arguments
        if on_ray or self.environment or not warm.suits(environment):
            return self._run([str(ENSWEEP), *arguments])
        return warm.ensweep(*arguments, folder=self.folder, environment=environment, seconds=RUN_SECONDS)

    def run_with_fault(
        self, place: str, number: int, fault: str, *arguments: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, with a fault in its process; see :mod:`tests.e2e.faulty`."""
        return warm.ensweep(
            *(place, str(number), fault, *arguments),
            folder=self.folder,
            environment=self.family.environment | self.environment,
            program="tests.e2e.faulty",
            seconds=RUN_SECONDS,
        )

    def fault_in_all(self, place: str, number: int, fault: str) -> Path:
        """Have a fault in each process of the commands from now on, Ray's workers too; see :mod:`tests.e2e.faulty`.

        Returns the file for which a ``hold`` waits.
        """
        go = self.folder / "go"
        self.environment |= {
            "PYTHONPATH": str(Path(__file__).with_name("faulty_workers")),
            "ENSWEEP_TEST_FAULT": f"{place} {number} {fault}",
            faulty.GO: str(go),
        }
        return go

    def _start(self, command: list[str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.family.environment | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill the started commands that still run."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        with self._start(command) as process:
            try:
                out, err = process.communicate(timeout=RUN_SECONDS)
            finally:
                process.kill()
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def events(self, event: str, store: Path | None = None) -> list[dict[str, Any]]:
        """The events of one kind that the workers of a store logged, by time."""
        files = ((store or self.store) / "logs" / "workers").glob("*.jsonl")
        found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        return sorted((line for line in found if line["event"] == event), key=lambda line: float(line["at"]))

    def commits(self, store: Path | None = None) -> dict[str, dict[str, Any]]:
        """The commits of a store, by trial id."""
        folder = (store or self.store) / "commits"
        return {path.stem: json.loads(path.read_text()) for path in folder.glob("[!.]*.json")}

    def rows(self, store: Path | None = None) -> dict[str, list[Mapping[str, Any]]]:
        """All committed rows of a store, by table and in a canonical order, without ``INCIDENTAL`` columns."""
        root = store or self.store
        found: dict[str, list[Mapping[str, Any]]] = {}
        for trial_id, commit in sorted(self.commits(root).items()):
            for table in sorted(commit["files"]):
                path = root / "attempts" / trial_id / commit["attempt"] / f"{table}.parquet"
                rows = pq.read_table(path, page_checksum_verification=True).to_pylist()
                found.setdefault(table, []).extend(
                    {name: value for name, value in row.items() if name not in INCIDENTAL} for row in rows
                )
        return found


@pytest.fixture(scope="session", autouse=True)
def heeding_keys() -> None:
    """Make commands react to Ctrl-C even if the tests are a job in the background, whose children would ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def equal_workers() -> None:
    """Run Ray's workers at the priority of all else. Ray's own, 15 lower, starves them while other tests compute; for
    workers that are late it starts more."""
    os.environ.setdefault("RAY_worker_niceness", "0")


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(tmp_path)
    yield place
    place.end()


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Workplace]:
    """A workplace whose sweep ran to its end without Ray, for the given arguments; made once for each."""
    made: dict[tuple[str, ...], Workplace] = {}

    def build(*arguments: str) -> Workplace:
        if arguments not in made:
            place = Workplace(tmp_path_factory.mktemp("uninterrupted"))
            done = place.run("run", "tiny.yaml", "--runner", "inline", *arguments)
            assert done.returncode == 0, done.stderr
            made[arguments] = place
        return made[arguments]

    return build
