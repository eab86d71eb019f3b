"""Options, arguments and printing that commands share."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from orchestrator.planning.plan import Plan
    from orchestrator.stores.store import Store
    from specs.format.commits import Commit
    from specs.sweep import SweepSpec

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
overrides = click.option(
    "--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Override any field of the spec; repeatable."
)
store_option = click.option(
    "--store", "place", metavar="STORE", help="A folder or s3://bucket/prefix; results/<sweep name> unless given."
)
store_argument = click.argument("place", metavar="STORE")
data_root = click.option("--data-root", type=click.Path(path_type=Path, file_okay=False), help="Folder with data sets.")
device = click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)

threads = click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads a worker."
)


def _stack_size(context: click.Context, option: click.Parameter, value: str) -> int | Literal["auto"]:
    if value == "auto":
        return "auto"
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither auto nor a number of trials from 1 on.")


stack = click.option(
    "--stack",
    callback=_stack_size,
    metavar="N|auto",
    default="auto",
    show_default=True,
    help="Most trials of one shape that are trained in one program. auto: on a GPU of this machine as many as fit in "
    "its free memory, which is measured first; one on a CPU, and on a cluster elsewhere (--address), where nothing can "
    "be measured.",
)
concurrency = click.option(
    "--concurrency", type=click.IntRange(min=1), help="Most stacks at once; as many as fit unless given."
)


def load(spec: str, overrides: tuple[str, ...]) -> "SweepSpec":
    """The sweep that a command names; claims that an override left behind are told of."""
    from specs.dropped_claims import describe
    from specs.loader import load_sweep

    return load_sweep(spec, overrides, lambda dropped: say(describe(dropped)))


def check_places() -> None:
    """Every process of a run imports the same ensweep.

    Raises:
        EnsweepError: another copy, or another package of that name, gets in between.
    """
    from orchestrator.base import places
    from specs.errors import EnsweepError

    if found := places.conflict():
        raise EnsweepError(str(found))


def store_of(place: str | None, sweep: "SweepSpec") -> "Store":
    """The store that a command names, or the sweep's own."""
    return open_store(place or Path("results") / sweep.name)


def open_store(place: str | Path) -> "Store":
    """The store that a command names; says so where a newer version of ensweep wrote it."""
    from orchestrator.stores.store import Store
    from specs.format.contents import why_newer

    store = Store.at(place)
    if why := why_newer(store.storage):
        say(f"warning: {why}. What this version does not know is left out")
    return store


def shown(place: str | None, store: "Store") -> str:
    """A store as its user would write it: relative where it was given so, or is its sweep's own."""
    if place is not None or store.storage.folder is None:
        return place or store.url
    return str(store.storage.folder.relative_to(Path.cwd()))


def describe(counts: Mapping[str, int]) -> str:
    """The counts of a plan in a line."""
    rest = ", ".join(f"{counts[state]} {state}" for state in ("todo", "failed", "diverged", "stale") if counts[state])
    return f"{counts['complete']} of {counts['planned']} trials complete" + (f" ({rest})" if rest else "")


def say(message: str) -> None:
    """A line for people, beside the data."""
    click.echo(message, err=True)


def show(data: object, text: str, as_json: bool) -> None:
    """The command's data."""
    click.echo(json.dumps(data, indent=1, ensure_ascii=False) if as_json else text)


def lambdas_told_apart(plan: "Plan", store: "Store") -> AbstractContextManager[None]:
    """What is written within the block tells all λs apart that a plan has, or had when its stale trials ran."""
    from orchestrator.stores import verification
    from specs.lambdas import told_apart

    before = verification.planned_anywhere(store).values() if plan.stale else ()
    return told_apart(trial.spec.lam for trial in (*before, *(trial for trial, _ in plan.states)))


def stale_rows(plan: "Plan", store: "Store", commits: Mapping[str, "Commit"]) -> list[dict[str, str]]:
    """What the spec no longer plans, and why."""
    from orchestrator.planning import staleness
    from orchestrator.stores import verification

    if not plan.stale:
        return []
    planned = [trial for trial, _ in plan.states]
    explained = staleness.explain(plan.stale, planned, verification.planned_anywhere(store), commits)
    return [{"trial_id": found.trial_id, "cell": found.cell, "why": found.why} for found in explained]
