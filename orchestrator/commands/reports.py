"""Commands that read stores and tell: the page, the tables, what changed between two stores."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from orchestrator.commands import common
from specs import files
from specs.errors import EnsweepError
from specs.format.records import TABLES

if TYPE_CHECKING:
    from reports.comparison import Change, Compared
    from reports.export import Format

PAGE_OF_SEVERAL = Path("report.html")
EXPORTED = (*TABLES, "claims")
"""The tables that a store holds, and the one that is made of them."""


STDOUT = 1


@contextmanager
def _whole(output: Path) -> Iterator[BinaryIO]:
    """A file to write into that is there whole afterwards, or not at all; a device or a pipe takes what comes.

    Raises:
        EnsweepError: it cannot be written.
    """
    descriptor = _descriptor(output)
    try:
        if descriptor is not None:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                yield file
        elif output.is_char_device() or output.is_fifo():
            with output.open("wb") as file:
                yield file
        else:
            with _staged(output) as file:
                yield file
    except OSError as error:
        raise EnsweepError(
            f"cannot write {output}: {error.strerror or error}; give --output a place that can be written"
        ) from error


@contextmanager
def _staged(output: Path) -> Iterator[BinaryIO]:
    """A file that is there whole afterwards, or not at all, and then nothing else is either."""
    place = output.resolve()
    if place.exists() and not place.is_file():
        raise EnsweepError(f"cannot write {output}: it is no regular file; give --output another place")
    place.parent.mkdir(parents=True, exist_ok=True)
    with files.staged(place) as temporary:
        with temporary.open("wb") as file:
            yield file
            files.force(file)
        temporary.replace(place)


def _descriptor(output: Path | None) -> int | None:
    """The file that this process holds open and a path such as ``/dev/stdout`` stands for: nothing to be replaced."""
    opened = Path(f"/proc/{os.getpid()}/fd")
    while output is not None and os.path.exists(output) and output.is_symlink():  # noqa: PTH110 - raises nothing
        if output.parent.resolve() == opened:
            return int(output.name)
        output = output.parent / output.readlink()
    return None


@click.command()
@click.argument("places", metavar="STORE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"STORE/report.html unless given; of several stores ./{PAGE_OF_SEVERAL}.",
)
@common.as_json
def report(places: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Build the HTML report of a store, or one of several, whatever they hold so far."""
    from reports.page.document import build
    from specs.format.layout import REPORT

    to_stdout = _descriptor(output) == STDOUT
    if to_stdout and as_json:
        raise click.UsageError(f"--json and --output {output} both write to stdout; leave one of them out")
    stores = [common.open_store(place) for place in places]
    into_store = output is None and len(stores) == 1
    if into_store:
        stores[0].check_version()
    if len({store.url for store in stores}) < len(stores):
        raise click.UsageError("a store is named twice")
    content = build([store.storage for store in stores])
    if into_store:
        stores[0].storage.replace(REPORT, content)
        path = f"{places[0].rstrip('/')}/{REPORT}"
    else:
        with _whole(output or PAGE_OF_SEVERAL) as file:
            file.write(content)
        path = str(output or PAGE_OF_SEVERAL)
    if not to_stdout:
        common.show({"stores": list(places), "report": path}, path, as_json)


@click.command()
@common.store_argument
@click.option("--table", "name", type=click.Choice(EXPORTED), default="trials", show_default=True)
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark: Excel takes it for UTF-8 then.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; stdout unless given.")
@common.as_json
def export(place: str, name: str, form: "Format", bom: bool, output: Path | None, as_json: bool) -> None:
    """Write one table of a store, verified rows of complete trials only; lists are JSON in CSV.

    The table trials gets one more column, model_dominance, as the page defines it. What is left out is said on
    stderr. With --json the rows are JSON on stdout, or with --output an account of them.
    """
    from reports import export as exporting
    from reports.frames.verified import read

    if _descriptor(output) == STDOUT:
        output = None
    if bom and (form != "csv" or (as_json and output is None)):
        raise click.UsageError("--bom is for CSV; leave it out")
    if form == "parquet" and output is None and not as_json and sys.stdout.isatty():
        raise click.UsageError("Parquet is no text for a terminal; give --output FILE, or redirect stdout")
    reading = read(common.open_store(place).storage)
    if name == exporting.CLAIMS:
        from reports.claims import judge
        from reports.frames.frames import framed

        rows = exporting.claims_table(judge([framed(reading)]))
    else:
        rows = exporting.table(reading, name)
    common.say(f"{name}: {rows.num_rows:,} rows; {exporting.account(reading)}")
    found = {"store": place, "table": name, "rows": rows.num_rows, "left_out": exporting.left_out(reading)}
    if output is not None:
        with _whole(output) as file:
            exporting.write(rows, form, file, bom=bom)
        common.show({**found, "output": str(output)}, str(output), as_json)
    elif as_json:
        common.show({**found, "rows": exporting.json_rows(rows)}, "", as_json)
    else:
        exporting.write(rows, form, sys.stdout.buffer, bom=bom)


@click.command()
@click.argument("first", metavar="STORE")
@click.argument("second", metavar="STORE")
@common.as_json
def compare(first: str, second: str, as_json: bool) -> None:
    """Say which verdicts and mean test errors changed from one store to another, and why."""
    from reports.claims import judge
    from reports.comparison import compare as compared
    from reports.frames.frames import load
    from reports.wording import lambdas_told_apart

    before, after = (load(common.open_store(place).storage) for place in (first, second))
    with lambdas_told_apart([before, after]):
        found = compared(before, after, judge([before]), judge([after]))
    common.show({"stores": [first, second], **asdict(found)}, _described(found, first, second), as_json)


def _described(found: "Compared", first: str, second: str) -> str:
    trials = found.trials
    lines = [
        f"first:  {first}, {trials.complete[0]} of {trials.planned[0]} trials complete",
        f"second: {second}, {trials.complete[1]} of {trials.planned[1]} trials complete",
        f"planned in both: {trials.shared}; complete in both: {trials.both}, of them equal: {trials.equal}",
    ]
    lines += [f"warning: {warning}" for warning in found.warnings]
    lines += _section("spec", [each.described() for each in found.spec])
    lines += _section("versions and machines", [each.described() for each in found.environments])
    lines += _changes(f"verdicts that changed, of {found.claims} claims", found.verdicts)
    lines += _changes(f"mean test errors that changed, of {found.cells} cells", found.numbers)
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"{title}: {len(lines) or 'no'} difference{'' if len(lines) == 1 else 's'}", *(f"  {x}" for x in lines)]


def _changes(title: str, changes: "Sequence[Change]") -> list[str]:
    lines = ["", f"{title}: {len(changes)}"]
    for change in changes:
        lines += [f"  {change.what}", f"    first:  {change.before}", f"    second: {change.after}"]
        lines += [f"    because {why}" for why in change.why]
    return lines
