"""Commands about a store: how far it is, whether it is whole, what can go."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.base.settings import Settings, default_cache
from orchestrator.commands import common

if TYPE_CHECKING:
    from orchestrator.driver.reproduction import Reproduction
    from orchestrator.stores.verification import Problem
from specs.errors import Exit

WATCH_SECONDS = 2.0


@click.command()
@common.store_argument
@click.option("--watch", is_flag=True, help=f"Look every {WATCH_SECONDS:g} s until nothing is left to do.")
@common.as_json
def status(place: str, watch: bool, as_json: bool) -> Exit:
    """Say how far a store's sweep is; ends with the exit code that its run would end with."""
    code = _status(place, as_json)
    while watch and code == Exit.INCOMPLETE:
        time.sleep(WATCH_SECONDS)
        if not as_json:
            click.clear()  # nothing where stdout is no terminal
        code = _status(place, as_json)
    return code


def _status(place: str, as_json: bool) -> Exit:
    from orchestrator.driver.sweep import exit_code
    from orchestrator.planning import status
    from orchestrator.planning.overview import plan_rows

    found = status.look(common.open_store(place))
    counts = found.plan.counts()
    common.show(
        {"sweep": found.sweep.name, "store": place, **counts, **found.row(), "trials": plan_rows(found.plan)},
        f"{found.sweep.name}: {common.describe(counts)}\n{status.describe(found)}",
        as_json,
    )
    return exit_code(found.plan)


@click.command()
@common.store_argument
@common.as_json
def verify(place: str, as_json: bool) -> Exit:
    """Prove that a store is whole: one result a trial, each as it was committed. Ends with 6 where it is not."""
    from orchestrator.stores import verification

    store = common.open_store(place)
    problems = verification.verify(store)
    if not problems:
        store.current_spec()  # or there is no store at all
    commits = store.read_commits().readable
    lines = [problem.described() for problem in problems]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    verdict = f"{count}; {_remedy(problems)}" if problems else "whole"
    common.show(
        {
            "store": place,
            "whole": not problems,
            "commits": len(commits),
            "problems": [{"key": problem.key, "problem": problem.problem} for problem in problems],
        },
        "\n".join([*lines, f"{place}: {len(commits)} commits, {verdict}"]),
        as_json,
    )
    return Exit.CORRUPT if problems else Exit.COMPLETE


def _remedy(problems: "Sequence[Problem]") -> str:
    """What a run does about them: it takes back what is damaged, and what is intact only where it is asked to."""
    damaged = sum(problem.damaged for problem in problems)
    parts = ["ensweep run makes the damaged trials again"] if damaged else []
    parts += ["ensweep run --retry-failed trains the others again"] if damaged < len(problems) else []
    return ", ".join(parts)


@click.command()
@common.store_argument
@click.option("--delete", is_flag=True, help="Remove it; otherwise only say what would go.")
@click.option(
    "--older-than",
    "hours",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    help="Hours; what is younger may belong to a worker that still lives.",
)
@common.as_json
def gc(place: str, delete: bool, hours: float, as_json: bool) -> None:
    """Name what no commit needs, and with --delete remove it: attempts that lost, files whose writer died."""
    from orchestrator.stores import garbage

    store = common.open_store(place)
    store.current_spec()
    if delete:
        store.check_version()
    seconds = hours * 3600
    found = garbage.remove(store, seconds, common.say) if delete else garbage.garbage(store, seconds)
    size = sum(item.size for item in found)
    done = "removed" if delete else "would be removed; --delete removes them"
    common.show(
        {
            "store": place,
            "deleted": delete,
            "bytes": size,
            "files": [{"key": item.key, "bytes": item.size, "why": item.why} for item in found],
        },
        "\n".join([*(f"{item.key}: {item.why}" for item in found), f"{len(found)} files, {size / 1e6:.1f} MB: {done}"]),
        as_json,
    )


@click.command()
@common.store_argument
@click.argument("trial")
@common.data_root
@common.device
@common.as_json
def repro(place: str, trial: str, data_root: Path | None, device: str, as_json: bool) -> Exit:
    """Run one trial (its id, or how that begins) here, without Ray, and compare it with the stored rows.

    Ends with 0 where all rows are equal, 3 where they differ, the trial fails or nothing is stored, 6 where they
    differ although versions, device and threads are the same. The store is only read.
    """
    from orchestrator.driver import reproduction

    store = common.open_store(place)
    found = reproduction.find(store, trial)
    settings = Settings(data_root=data_root.absolute() if data_root else None, cache=default_cache(), device=device)  # type: ignore[arg-type]
    result = reproduction.reproduce(store, found, settings)
    common.show(
        {
            "trial_id": found.id,
            "stored": result.stored.status if result.stored else None,
            "now": result.again.status,
            "message": result.again.message,
            "equal": result.equal,
            "differences": list(result.differences),
            "elsewhere": list(result.elsewhere),
        },
        _describe(result),
        as_json,
    )
    if result.equal:
        return Exit.COMPLETE
    return Exit.CORRUPT if result.unexplained else Exit.FAILURES


def _describe(result: "Reproduction") -> str:
    from orchestrator.driver.reproduction import DIFFERENCES_SHOWN

    stored = result.stored.status if result.stored else "not committed"
    lines = [f"{result.trial.id}: {stored} in the store, {result.again.status} here"]
    lines += [f"  {difference}" for difference in result.differences[:DIFFERENCES_SHOWN]]
    if len(result.differences) > DIFFERENCES_SHOWN:
        lines.append(f"  and {len(result.differences) - DIFFERENCES_SHOWN} more (--json lists them)")
    lines += [f"  elsewhere: {difference}" for difference in result.elsewhere]
    lines += [f"  {line}" for line in result.again.message.splitlines()]
    return "\n".join([*lines, "all rows are equal" if result.equal else "not reproduced"])
