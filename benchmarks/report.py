"""The report of large stores: seconds to read and to build, peak memory, size of the page.

The stores are made up, and written by the program's own store: one of 364 trials at the paper's scale (the ensembles of
its Fashion-MNIST section, 200 epochs), one of 10,000 trials over a large grid (40 architectures, 25 λs, 20 epochs).
Each report is built in a process of its own, so that its peak memory is its own. Writing takes minutes, most of them
making numbers up; --folder keeps the stores for the next time.

    python benchmarks/report.py [--folder DIR] [--trials 364 10000] [--json]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the made-up numbers are those of the tests

from orchestrator.stores.store import Store  # noqa: E402
from specs.sweep import SweepSpec  # noqa: E402
from tests.reports.synthetic import sweep, write_store  # noqa: E402

GOALS = {364: 10.0, 10_000: 60.0}
"""Seconds that a report of so many trials may take."""
MOST_MEMORY, MOST_PAGE = 2000.0, 6.0
"""MB."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the stores are kept; a temporary one unless given")
    parser.add_argument("--trials", type=int, nargs="+", default=list(GOALS), help="any of 33, 364, 10000")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        rows = [measured(made(arguments.folder or Path(temporary), trials)) for trials in arguments.trials]
    print(json.dumps(rows)) if arguments.json else show(rows)


def made(folder: Path, trials: int) -> Path:
    """The store of so many trials, written unless it is there."""
    place = folder / str(trials)
    if not (place / "complete").exists():
        write_store(place, {33: sweep, 364: paper_scale, 10_000: large_grid}[trials]())
        (place / "complete").touch()
    return place


def paper_scale() -> SweepSpec:
    """28 cells of 13 seeds, each with 600 rows of up to 256 members."""
    sizes = ((1, 1024), (16, 64), (64, 16), (256, 4))
    return sweep(
        architectures={f"{members}x{hidden}H": _mlp(members, hidden) for members, hidden in sizes},
        methods=["joint", "bagging", "stacking"],
        seeds=13,
        dataset={"name": "fashion_mnist", "validation": 10_000},
        training={"epochs": 200, "batch_size": 100, "learning_rate": 0.1},
        **{"lambda": [0, 0.5, 0.8, 0.9, 0.95, 0.99, 1]},
    )


def large_grid() -> SweepSpec:
    """1,000 cells of 10 seeds, each with 60 rows of up to 16 members."""
    sizes = [(members, hidden) for members in (2, 4, 8, 16) for hidden in range(4, 14)]
    return sweep(
        architectures={f"{members}x{hidden}H": _mlp(members, hidden) for members, hidden in sizes},
        seeds=10,
        training={"epochs": 20, "batch_size": 100, "learning_rate": 0.1},
        **{"lambda": [i / 24 for i in range(25)]},
    )


def _mlp(members: int, hidden: int) -> dict[str, object]:
    return {"kind": "mlp", "members": members, "hidden": hidden}


def measured(place: Path) -> dict[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, __file__, "--measure", str(place)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(place: Path) -> dict[str, float]:
    """Read a store, build its page; imports are not counted."""
    from reports.frames.frames import load
    from reports.page.document import render

    started = time.perf_counter()
    frames = load(Store.at(place).storage)
    read = time.perf_counter()
    page = render([frames])
    done = time.perf_counter()
    return {
        "trials": len(frames.planned),
        "read_seconds": read - started,
        "page_seconds": done - read,
        "seconds": done - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "page_mb": len(page.encode()) / 1e6,
    }


def show(rows: list[dict[str, float]]) -> None:
    """One table, with the goals below."""
    print(f"{'trials':>8}{'read, s':>10}{'page, s':>10}{'in all, s':>11}{'peak, MB':>10}{'page, MB':>10}")
    for row in rows:
        print(
            f"{row['trials']:>8,}{row['read_seconds']:>10.1f}{row['page_seconds']:>10.1f}{row['seconds']:>11.1f}"
            f"{row['peak_mb']:>10,.0f}{row['page_mb']:>10.2f}"
        )
    goals = ", ".join(f"{trials:,} trials in {seconds:g} s" for trials, seconds in GOALS.items())
    print(f"goals: {goals}; {MOST_MEMORY:,.0f} MB of memory; a page of {MOST_PAGE:g} MB")


if __name__ == "__main__":
    main()
