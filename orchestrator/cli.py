"""The ``ensweep`` command. It parses first, and imports torch, Ray and pandas only for the command that needs them.

Data goes to stdout, everything else to stderr; every command takes ``--json``.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestrator import signals
from orchestrator.errors import EnsweepError, Exit
from orchestrator.settings import Settings, default_cache

if TYPE_CHECKING:
    from specs.sweep import SweepSpec

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
overrides = click.option(
    "--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Override any field of the spec; repeatable."
)
store_option = click.option(
    "--store", "store", type=click.Path(path_type=Path), help="The store; results/<sweep name> unless given."
)


def main() -> None:
    """Run the command line and end with the product's exit codes."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except signals.InterruptedBySignal as interruption:
        code = interruption.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = Exit.SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        code = Exit.UNEXPECTED
    except Exception as error:
        code = _explain(error)
    sys.exit(code or Exit.COMPLETE)


def _explain(error: Exception) -> Exit:
    """Say what the user can mend in a line; let everything else be seen as the defect it is."""
    from specs.loading import SpecError

    if isinstance(error, SpecError):
        click.echo(f"error: {error}", err=True)
        return Exit.USAGE
    if isinstance(error, EnsweepError):
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    raise error


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ensweep")
def cli() -> None:
    """Should these networks be trained as one system or as an ensemble?

    SPEC is a YAML file or a catalogue name such as smoke/digits. STORE is the folder that holds a sweep's results.
    """


@cli.command()
@click.argument("spec")
@overrides
@store_option
@click.option("--data-root", type=click.Path(path_type=Path, file_okay=False), help="Folder with data sets.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads a worker.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Most stacks at once; as many as fit unless given.")
@click.option(
    "--gpus-per-stack", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="GPU share."
)
@click.option("--max-retries", type=click.IntRange(min=0), default=2, show_default=True)
@click.option("--retry-failed", is_flag=True, help="Run failed trials again.")
@click.option("--runner", type=click.Choice(["tune", "inline"]), default="tune", show_default=True)
@click.option("--address", default="local", show_default=True, help="Ray cluster; local starts one here.")
@as_json
def run(
    spec: str,
    overrides: tuple[str, ...],
    store: Path | None,
    retry_failed: bool,
    data_root: Path | None,
    as_json: bool,
    **how: Any,
) -> Exit:
    """Start, resume or extend a sweep: runs what its store does not hold yet."""
    from orchestrator.sweeping import run_sweep

    sweep = _load(spec, overrides)
    settings = Settings(data_root=data_root.absolute() if data_root else None, cache=default_cache(), **how)
    root = _root(store, sweep)
    try:
        with signals.orderly():
            outcome = run_sweep(sweep, root, settings, retry_failed=retry_failed)
    except signals.InterruptedBySignal as interruption:
        click.echo(f"\n{interruption}: stopped. What is committed is kept; run the same command to go on.", err=True)
        raise
    counts = outcome.plan.counts()
    _print(
        {"sweep": sweep.name, "store": str(root), "executed": outcome.executed, "seconds": outcome.seconds, **counts},
        f"{sweep.name}: {_describe(counts)}\n"
        f"executed {outcome.executed} trials in {outcome.seconds:.1f} s\n"
        f"store: {root}\nreport: ensweep report {root}",
        as_json,
    )
    return outcome.exit_code


@cli.command()
@click.argument("spec")
@overrides
@store_option
@as_json
def plan(spec: str, overrides: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Show what a run would do: done, to do, failed, stale."""
    from orchestrator.overview import describe_plan, plan_rows
    from orchestrator.plan import make_plan
    from orchestrator.store import Store
    from specs.sweep import expand

    sweep = _load(spec, overrides)
    root = _root(store, sweep)
    made = make_plan(expand(sweep), Store(root).commits())
    _print(
        {"sweep": sweep.name, "store": str(root), **made.counts(), "trials": plan_rows(made)},
        f"{sweep.name}: {_describe(made.counts())}\nstore: {root}\n\n{describe_plan(made)}",
        as_json,
    )


@cli.command()
@click.argument("spec")
@overrides
@as_json
def validate(spec: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check a spec, and say how many trials it makes."""
    from specs.sweep import expand

    sweep = _load(spec, overrides)
    trials = len(expand(sweep))
    _print({"sweep": sweep.name, "valid": True, "trials": trials}, f"{sweep.name}: valid, {trials} trials", as_json)


@cli.command("specs")
@as_json
def list_specs(as_json: bool) -> None:
    """List the catalogue of specs that ship with ensweep."""
    from specs.loading import catalogue

    entries = catalogue()
    _print(
        [{"name": e.name, "title": e.title, "trials": e.trials, "serves": list(e.serves)} for e in entries],
        "\n".join(f"{e.name:24} {e.trials:5} trials  {e.title}" for e in entries),
        as_json,
    )


@cli.command()
@click.argument("store", type=click.Path(path_type=Path))
@as_json
def status(store: Path, as_json: bool) -> Exit:
    """Say how far a store's sweep is; ends with the exit code that its run would end with."""
    from orchestrator.overview import describe_plan, plan_rows
    from orchestrator.plan import make_plan
    from orchestrator.store import Store
    from orchestrator.sweeping import exit_code
    from specs.loading import parse_sweep
    from specs.sweep import expand

    opened = Store(store)
    sweep = parse_sweep(opened.current_spec(), source=str(opened.layout.current))
    made = make_plan(expand(sweep), opened.commits())
    driven = opened.is_driven()
    _print(
        {"sweep": sweep.name, "store": str(store), "running": driven, **made.counts(), "trials": plan_rows(made)},
        f"{sweep.name}: {_describe(made.counts())}\n"
        f"{'a driver is at work' if driven else 'no driver is at work'}\n\n{describe_plan(made)}",
        as_json,
    )
    return exit_code(made)


@cli.command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="STORE/report.html unless given.")
@as_json
def report(store: Path, output: Path | None, as_json: bool) -> None:
    """Build the HTML report of a store, whatever it holds so far."""
    from reports.loading import StoreError
    from reports.page import build

    try:
        path = build(store, output)
    except StoreError as error:
        raise EnsweepError(str(error)) from error
    _print({"store": str(store), "report": str(path)}, str(path), as_json)


@cli.command()
@store_option
@click.option("--data-root", type=click.Path(path_type=Path), help="Folder with data sets.")
@click.option("--address", default="local", show_default=True, help="Ray cluster; local starts one here.")
@as_json
def doctor(store: Path | None, data_root: Path | None, address: str, as_json: bool) -> Exit:
    """Look for what could go wrong on this machine, and say how to mend it."""
    from orchestrator.doctor import examine

    findings = examine(data_root, default_cache(), store, address)
    _print([vars(finding) for finding in findings], "\n".join(map(str, findings)), as_json)
    return Exit.USAGE if any(finding.level == "error" for finding in findings) else Exit.COMPLETE


def _load(spec: str, overrides: tuple[str, ...]) -> "SweepSpec":
    from specs.loading import load_sweep

    return load_sweep(spec, overrides)


def _root(store: Path | None, sweep: "SweepSpec") -> Path:
    root = store or Path("results") / sweep.name
    if "://" in str(store) or str(store).startswith(("s3:", "gs:")):
        raise EnsweepError(f"{store}: stores on object storage cannot be used yet; give a folder")
    return root


def _describe(counts: dict[str, int]) -> str:
    rest = ", ".join(f"{counts[state]} {state}" for state in ("todo", "failed", "diverged", "stale") if counts[state])
    return f"{counts['complete']} of {counts['planned']} trials complete" + (f" ({rest})" if rest else "")


def _print(data: object, text: str, as_json: bool) -> None:
    click.echo(json.dumps(data, indent=1, ensure_ascii=False) if as_json else text)
