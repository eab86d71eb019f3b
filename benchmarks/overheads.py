"""What a sweep costs besides training: its start, what lies between trials, planning, dropping members.

A sweep of trials of some seconds each runs by the real command on a local Ray, a worker a core. The overhead is its
wall clock, from the first trial begun to the last committed, times the workers, over the sum of the trials' seconds.

    python benchmarks/overheads.py [--trials 20] [--seconds 5] [--json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from orchestrator.stores.store import Store
from reports.frames.frames import load
from trainers.allocator import keep_freed_memory
from trainers.robustness import DroppingSums

ENSWEEP = Path(sys.executable).with_name("ensweep")
EPOCHS_A_SECOND = 100
"""About so many epochs of the network below train in a second on one core; what they took is measured."""
SPEC: dict[str, Any] = {
    "name": "overheads",
    "title": "What does a sweep cost besides training?",
    "architectures": {"16x16H": {"kind": "mlp", "members": 16, "hidden": 16}},
    "dataset": {"name": "digits", "validation": 237},
    "training": {"batch_size": 50, "learning_rate": 0.1},
    "evaluation": {"train_examples": 0},
}
MEMBERS, EXAMPLES, REPEATS = 256, 10_000, 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0, help="about so long takes a trial")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = sweep_overhead(Path(folder), arguments.trials, arguments.seconds) | plan_seconds(Path(folder))
    found |= {f"robustness_{mask}_seconds": robustness_seconds(mask) for mask in ("example", "shared")}
    if arguments.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name.replace('_', ' '):36}{value:>10.3g}" for name, value in found.items()))


def written(folder: Path, **changes: object) -> Path:
    """The spec, changed."""
    path = folder / "overheads.yaml"
    path.write_text(json.dumps(SPEC | changes))
    return path


def sweep_overhead(folder: Path, trials: int, seconds: float) -> dict[str, float]:
    """Seconds from the command to the first epoch's end, and the overhead as a share of the training."""
    training = SPEC["training"] | {"epochs": max(2, round(seconds * EPOCHS_A_SECOND))}
    spec = written(folder, seeds=trials, training=training, **{"lambda": [0.5]})
    store, started = folder / "store", time.time()
    subprocess.run([ENSWEEP, "run", spec, "--store", store], check=True, capture_output=True)
    wall = time.time() - started
    events = [json.loads(line) for file in store.glob("logs/workers/*.jsonl") for line in file.open()]
    begun, trained, committed = (
        [event["at"] for event in events if event["event"] == kind] for kind in ("begun", "trained", "committed")
    )
    trained_seconds = float(load(Store.at(store).storage).trials["seconds"].sum())
    workers = min(os.cpu_count() or 1, trials)
    return {
        "trials": trials,
        "seconds_a_trial": trained_seconds / trials,
        "command_to_first_epoch_seconds": min(trained) - started,
        "overhead_between_trials": (max(committed) - min(begun)) * workers / trained_seconds - 1,
        "last_commit_to_end_seconds": started + wall - max(committed),
    }


def plan_seconds(folder: Path) -> dict[str, float]:
    """``ensweep plan`` of 10,000 trials."""
    lambdas = [place / 24 for place in range(25)]
    spec = written(folder, seeds=400, training=SPEC["training"] | {"epochs": 3}, **{"lambda": lambdas})
    started = time.monotonic()
    subprocess.run([ENSWEEP, "plan", spec, "--store", folder / "none"], check=True, capture_output=True)
    return {"plan_of_10000_trials_seconds": time.monotonic() - started}


def robustness_seconds(mask: str) -> float:
    """One trial of 256 members: all numbers dropped, 20 repeats, on all threads."""
    stream = torch.Generator().manual_seed(0)
    logits = torch.randn(1, MEMBERS, 10, EXAMPLES, generator=stream).mT
    labels = torch.randint(10, (1, EXAMPLES), generator=stream)
    keep_freed_memory()  # as every training does
    sums = DroppingSums((0,), mask, REPEATS, MEMBERS, torch.device("cpu"))
    started = time.monotonic()
    sums.add(logits, labels)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
