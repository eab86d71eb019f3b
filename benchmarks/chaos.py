"""Kill a sweep again and again, and check that its results are those of an uninterrupted sweep.

    python benchmarks/chaos.py --minutes 10

Each round starts a sweep of 64 short trials on a local Ray and interrupts it after a random time: it kills the driver
or one of the workers, or it sends SIGTERM or SIGINT. It starts the sweep again until the sweep is complete. Then the
store must hold the same rows as that of an uninterrupted sweep, ``ensweep verify`` must find nothing, and the workers'
journal must show no trial that was begun after its commit. The script prints one line per event on stderr, and the
result as JSON.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from orchestrator.stores.storage.local import LocalStorage
from reports.frames.frames import load
from specs.format.records import TABLES

ENSWEEP = Path(sys.executable).with_name("ensweep")
SPEC = """\
name: chaos
title: Does a killed sweep end like one that was left alone?
architectures:
  1x32H: {kind: mlp, members: 1, hidden: 32}
  4x8H: {kind: mlp, members: 4, hidden: 8}
  8x4H: {kind: mlp, members: 8, hidden: 4}
  16x2H: {kind: mlp, members: 16, hidden: 2}
lambda: [0, 0.5, 0.8, 0.95, 1]
seeds: 4
dataset: {name: digits, validation: 237}
training: {epochs: 25, batch_size: 25, learning_rate: 0.1}
evaluation: {train_examples: 200, robustness: {repeats: 2}}
"""
FAULTS = ("driver", "driver", "worker", "worker", "SIGTERM", "SIGINT")


class Chaos:
    """Runs sweeps, and interrupts them with random faults."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._spec = folder / "chaos.yaml"
        self._spec.write_text(SPEC)
        self.faults: Counter[str] = Counter()
        self.starts = 0
        self.signal_to_end = 0.0
        """The most seconds that a driver took to end after a signal; ten are promised."""

    def run(self, store: Path, *arguments: str) -> "subprocess.Popen[str]":
        command = [str(ENSWEEP), "run", str(self._spec), "--store", str(store), *arguments]
        return subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def round(self, store: Path) -> None:
        """Start the sweep and interrupt it, again and again, until it is complete."""
        while True:
            self.starts += 1
            driver = self.run(store)
            try:
                driver.wait(timeout=self._random.uniform(1, 40))
            except subprocess.TimeoutExpired:
                self._attack(driver, store)
            asked = time.monotonic()
            _, said = driver.communicate(timeout=600)
            if driver.returncode in (130, 143):
                self.signal_to_end = max(self.signal_to_end, time.monotonic() - asked)
            if driver.returncode == 0:
                return
            if driver.returncode not in (-signal.SIGKILL, 4, 130, 143):
                raise SystemExit(f"the driver ended with {driver.returncode}:\n{said}")

    def _attack(self, driver: "subprocess.Popen[str]", store: Path) -> None:
        fault = self._random.choice(FAULTS)
        self.faults[fault] += 1
        print(f"{time.strftime('%H:%M:%S')} {fault}, {commits(store)} commits", file=sys.stderr, flush=True)
        if fault == "worker":
            for pid in workers(store)[:1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                driver.wait(timeout=self._random.uniform(1, 25))
                return
            driver.kill()
        else:
            driver.send_signal(signal.SIGKILL if fault == "driver" else signal.Signals[fault])


def workers(store: Path) -> list[int]:
    """Process ids of living workers that are in the middle of a trial, from their logs."""
    found = []
    for log in sorted((store / "logs" / "workers").glob("*.jsonl")):
        last = json.loads(log.read_text().splitlines()[-1])
        if last["event"] == "begun" and Path(f"/proc/{last['pid']}").exists():
            found.append(last["pid"])
    return found


def commits(store: Path) -> int:
    """Number of committed trials."""
    return len(list((store / "commits").glob("[!.]*.json")))


def rows(store: Path) -> dict[str, pd.DataFrame]:
    """All verified rows by table, in a canonical order, without columns in which two equal trainings may differ."""
    frames = load(LocalStorage(store))
    found = {}
    for name, table in TABLES.items():
        kept = [column.name for column in table.columns if not column.incidental]
        found[name] = getattr(frames, name)[kept].sort_values(list(table.key)).reset_index(drop=True)
    return found


def journal(store: Path) -> list[dict[str, Any]]:
    """The events in the logs of all workers."""
    return [json.loads(line) for log in (store / "logs" / "workers").glob("*.jsonl") for line in log.open()]


def executed_again(store: Path) -> list[str]:
    """Ids of trials that a process began after they were committed."""
    lines = journal(store)
    committed = {line["trial"]: line["at"] for line in lines if line["event"] == "committed"}
    begun = [(line["trial"], line["at"]) for line in lines if line["event"] == "begun"]
    return [trial for trial, at in begun if at > committed.get(trial, at)]


def compare(store: Path, reference: dict[str, pd.DataFrame]) -> dict[str, object]:
    """Compare a store with the rows of the uninterrupted sweep, and count what the interruptions cost."""
    verified = subprocess.run([str(ENSWEEP), "verify", str(store)], capture_output=True, text=True, check=False)
    attempts = Counter(path.parent.name for path in (store / "attempts").glob("*/*"))
    found = rows(store)
    return {
        "trials": len(found["trials"]),
        "rows_equal": all(found[name].equals(frame) for name, frame in reference.items()),
        "verify": verified.returncode,
        "executed_again_after_commit": executed_again(store),
        "overtaken_while_training": sum(line["event"] == "late" for line in journal(store)),
        "attempts_without_commit": sum(attempts.values()) - len(attempts),
    }


def main() -> None:
    """Run rounds for the given time, and judge each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ensweep-chaos-") as folder:
        chaos = Chaos(Path(folder), options.seed)
        left_alone = chaos.run(Path(folder) / "left-alone", "--runner", "inline")
        if left_alone.wait() != 0:
            raise SystemExit("the sweep that was left alone did not end well")
        reference = rows(Path(folder) / "left-alone")
        end, results = time.monotonic() + options.minutes * 60, []
        while time.monotonic() < end:
            store = Path(folder) / f"round-{len(results)}"
            chaos.round(store)
            results.append(compare(store, reference))
            print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    good = all(r["rows_equal"] and r["verify"] == 0 and not r["executed_again_after_commit"] for r in results)
    found = {"starts": chaos.starts, "faults": chaos.faults, "signal_to_end_seconds": chaos.signal_to_end}
    print(json.dumps({"good": good} | found | {"rounds": results}, indent=1))
    sys.exit(not good)


if __name__ == "__main__":
    main()
