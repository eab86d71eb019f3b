"""Commands about a spec: run it, plan it, check it, list those that ship."""

from pathlib import Path
from typing import Any

import click

from orchestrator.base.settings import Settings, default_cache
from orchestrator.commands import common
from orchestrator.driver import signals
from specs.errors import Exit

STALE_SHOWN = 20
"""Most stale trials that ``plan`` prints one by one."""


@click.command()
@click.argument("spec")
@common.overrides
@common.store_option
@common.data_root
@common.device
@common.threads
@common.concurrency
@common.stack
@click.option(
    "--gpus-per-stack",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="GPU share of a stack: 0.5 runs two at once on each GPU, as far as --threads leave CPU cores for them.",
)
@click.option("--max-retries", type=click.IntRange(min=0), default=2, show_default=True, help="After an error.")
@click.option(
    "--checkpoint-seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Least time between a stack's checkpoints: so much work a kill may cost.",
)
@click.option("--retry-failed", is_flag=True, help="Run failed trials again.")
@click.option("--runner", type=click.Choice(["tune", "inline"]), default="tune", show_default=True)
@click.option("--address", default="local", show_default=True, help="Ray cluster; local starts one here.")
@click.option("--trust-network", is_flag=True, help="Use a cluster that asks for no token.")
@click.option(
    "--lease-seconds",
    type=click.FloatRange(min=1, max=3600),
    default=30.0,
    show_default=True,
    help="Silence after which a driver that may be alive loses the store.",
)
@common.as_json
def run(
    spec: str,
    overrides: tuple[str, ...],
    place: str | None,
    retry_failed: bool,
    data_root: Path | None,
    as_json: bool,
    **how: Any,
) -> Exit:
    """Start, resume or extend a sweep: runs what its store does not hold yet."""
    common.check_places()
    from orchestrator.driver.sweep import run_sweep

    sweep = common.load(spec, overrides)
    settings = Settings(data_root=data_root.absolute() if data_root else None, cache=default_cache(), **how)
    store = common.store_of(place, sweep)
    try:
        with signals.orderly(_how_to_go_on(spec, common.shown(place, store))) as block:
            outcome = run_sweep(sweep, store, settings, retry_failed=retry_failed, say=common.say, block=block)
    except signals.InterruptedBySignal as interruption:
        common.say(f"\n{interruption}")
        raise
    counts, where = outcome.plan.counts(), common.shown(place, store)
    common.show(
        {"sweep": sweep.name, "store": where, "executed": outcome.executed, "seconds": outcome.seconds, **counts},
        f"{sweep.name}: {common.describe(counts)}\n"
        f"executed {outcome.executed} {'trial' if outcome.executed == 1 else 'trials'} in {outcome.seconds:.1f} s\n"
        f"store: {where}\nreport: ensweep report {where}",
        as_json,
    )
    return outcome.exit_code


def _how_to_go_on(spec: str, store: str) -> str:
    """What to tell a user whose run has stopped; what came by standard input must come again."""
    from specs.loader import STDIN

    return f"give the same spec to ensweep run - --store {store} to go on" if spec == STDIN else signals.GO_ON


@click.command()
@click.argument("spec")
@common.overrides
@common.store_option
@click.option(
    "--seeds-to-decide",
    "to_decide",
    is_flag=True,
    help="Also judge the spec's claims, and say how many more seeds would settle the inconclusive ones.",
)
@click.option(
    "--estimate",
    "estimated",
    is_flag=True,
    help="Also estimate time and memory, from trials in the store or from a calibration of some seconds a cell.",
)
@common.threads
@common.concurrency
@common.as_json
def plan(
    spec: str,
    overrides: tuple[str, ...],
    place: str | None,
    to_decide: bool,
    estimated: bool,
    threads: int,
    concurrency: int | None,
    as_json: bool,
) -> None:
    """Show what a run would do: done, to do, failed, and what is stale because of which change."""
    from orchestrator.planning.overview import describe_plan, plan_rows
    from orchestrator.planning.plan import make_plan
    from specs.format import layout
    from specs.sweep import expand

    sweep = common.load(spec, overrides)
    store = common.store_of(place, sweep)
    found = store.read_commits()
    made = make_plan(expand(sweep), found.readable)
    click.get_current_context().with_resource(common.lambdas_told_apart(made, store))
    stale = common.stale_rows(made, store, found.readable)
    where = common.shown(place, store)
    parts = [f"{sweep.name}: {common.describe(made.counts())}\nstore: {where}", describe_plan(made)]
    if damaged := [layout.commit(trial_id) for trial_id in found.unreadable]:
        parts.append(f"{len(damaged)} commits are damaged; a run makes them again (ensweep verify {where})")
    parts += [_describe_stale(stale)] if stale else []
    rows: dict[str, Any] = {"sweep": sweep.name, "store": where, **made.counts()}
    rows |= {"damaged": damaged, "stale_trials": stale, "trials": plan_rows(made)}
    if to_decide:
        from orchestrator.planning import seeds_to_decide

        open_claims = seeds_to_decide.look(sweep, store)
        parts.append(open_claims.text())
        rows["to_decide"] = open_claims.row()
    if estimated:
        from orchestrator.planning import costs

        estimate = costs.estimate(made, store, found.readable, threads, concurrency)
        parts.append(estimate.text())
        rows["estimate"] = estimate.row()
    common.show(rows, "\n\n".join(parts), as_json)


def _describe_stale(stale: list[dict[str, str]]) -> str:
    lines = [f"  {row['trial_id']} {row['cell']}: {row['why']}" for row in stale[:STALE_SHOWN]]
    if len(stale) > STALE_SHOWN:
        lines.append(f"  and {len(stale) - STALE_SHOWN} more (--json lists them)")
    return "\n".join([f"stale, kept but not counted ({len(stale)}):", *lines])


@click.command()
@click.argument("spec")
@common.overrides
@common.as_json
def validate(spec: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check a spec, and say how many trials it makes."""
    from specs.sweep import expand

    sweep = common.load(spec, overrides)
    trials = len(expand(sweep))
    common.show(
        {"sweep": sweep.name, "valid": True, "trials": trials}, f"{sweep.name}: valid, {trials} trials", as_json
    )


@click.command("specs")
@common.as_json
def list_specs(as_json: bool) -> None:
    """List the catalogue of specs that ship with ensweep."""
    from specs.loader import catalogue

    entries = catalogue()
    common.show(
        [{"name": e.name, "title": e.title, "trials": e.trials, "serves": list(e.serves)} for e in entries],
        "\n".join(f"{e.name:24} {e.trials:5} trials  {e.title}" for e in entries),
        as_json,
    )
