"""Run all benchmarks with small settings, and print one table: measured value, limit or goal, and the share of it.

The scripts run one after the other, each in its own process. Each script's own file describes what it measures. A share
of a limit should be large, and a share of a goal at most 100 %. A share of a limit above 100 % means that another
program ran at the same time.

    python benchmarks/all.py [--json]
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SMALL = {
    "training": ["--seconds", "0.3"],
    "convolutions": ["--seconds", "0.2", "--only", "4x76K", "DN-higher"],
    "overheads": ["--trials", "6", "--seconds", "2"],
    "report": ["--trials", "33"],
}
"""Arguments of each script, by its name."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    measured: float
    unit: str
    bound: float | None = None
    """The machine's limit, or the goal."""
    bound_is: str = ""
    """``limit`` or ``goal``."""

    @property
    def share(self) -> float | None:
        """The measured value as a share of the limit or the goal."""
        return self.measured / self.bound if self.bound else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {}
    for script, small in SMALL.items():
        print(f"{script}.py {' '.join(small)}", file=sys.stderr, flush=True)
        found[script] = said(script, small)
    rows = rows_of(found)
    print(json.dumps([asdict(row) | {"share": row.share} for row in rows]) if arguments.json else table(rows))


def said(script: str, arguments: list[str]) -> Any:
    """The JSON that a script prints."""
    command = [sys.executable, str(HERE / f"{script}.py"), *arguments, "--json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1])


def rows_of(found: dict[str, Any]) -> list[Row]:
    """The table's lines from the scripts' JSON."""
    rows = []
    for script, what in (("training", "whole epochs of {}"), ("convolutions", "steps of {}")):
        for name, rates in found[script]["samples_per_second"].items():
            rows.append(Row(what.format(name), rates["ensweep"], "samples/s", rates["limit"], "limit"))
    costs = found["overheads"]
    dropping = costs["robustness_example_seconds"] + costs["robustness_shared_seconds"]
    return [
        *rows,
        Row("sweep besides its training", 100 * costs["overhead_between_trials"], "% more", 5, "goal"),
        Row("from the command to the first epoch", costs["command_to_first_epoch_seconds"], "s", 6, "goal"),
        Row("plan of 10,000 trials", costs["plan_of_10000_trials_seconds"], "s", 2, "goal"),
        Row("members dropped, both ways", dropping, "s", 10, "goal"),
        *(Row(f"report of {report['trials']:,} trials", report["seconds"], "s") for report in found["report"]),
    ]


def table(rows: list[Row]) -> str:
    """The table as text."""
    lines = [f"{'':40}{'measured':>12} {'':12}{'limit or goal':>20}{'share':>8}"]
    for row in rows:
        bound = f"{row.bound_is} {figure(row.bound)}" if row.bound else "–"
        share = f"{row.share:.0%}" if row.share is not None else "–"
        lines.append(f"{row.what:40}{figure(row.measured):>12} {row.unit:12}{bound:>20}{share:>8}")
    return "\n".join(lines)


def figure(value: float) -> str:
    """A number with three significant digits, or as an integer from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
