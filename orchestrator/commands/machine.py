"""Commands about this machine."""

from pathlib import Path

import click

from orchestrator.base.settings import default_cache
from orchestrator.commands import common
from specs.errors import Exit


@click.command()
@click.option("--store", metavar="STORE", help="A folder or s3://bucket/prefix; the folder results unless given.")
@click.option("--data-root", type=click.Path(path_type=Path), help="Folder with data sets.")
@click.option("--address", default="local", show_default=True, help="Ray cluster; local starts one here.")
@common.as_json
def doctor(store: str | None, data_root: Path | None, address: str, as_json: bool) -> Exit:
    """Look for what could go wrong on this machine, and say how to mend it."""
    from orchestrator.doctor import examine

    findings = examine(data_root, default_cache(), store, address)
    common.show([vars(finding) for finding in findings], "\n".join(map(str, findings)), as_json)
    return Exit.USAGE if any(finding.level == "error" for finding in findings) else Exit.COMPLETE
