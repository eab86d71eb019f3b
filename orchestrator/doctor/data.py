"""Data sets: found, to be downloaded, damaged, or not what their name says."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.base.errors import DataError
from orchestrator.data import decoded, sources
from orchestrator.doctor.checks import Check, error, ok, size, warning
from specs.datasets import DATASETS

if TYPE_CHECKING:
    from orchestrator.data.check import Checked

TOPIC = "data"

STANDINGS = {
    "published": ", the published data",
    "unknown": ", which cannot be compared with the published data",
}
"""What is said of data that are there, by :data:`orchestrator.data.decoded.Standing`."""


def examine(data_root: Path | None, cache: Path, checked: "Mapping[str, Checked] | None" = None) -> Iterator[Check]:
    """Where a run would take each data set from, and whether it could.

    Args:
        data_root: as of ``run``.
        cache: folder of downloads.
        checked: what :mod:`orchestrator.data.check` found out of those that are there. Without it files are only
            looked for.
    """
    if data_root is not None and not data_root.is_dir():
        yield error(TOPIC, f"{data_root}: no such folder", "create it, or mend --data-root")
        return
    root = data_root or cache / "downloads"
    for name in DATASETS:
        try:
            yield _checked(name, checked[name]) if checked and name in checked else _looked_for(name, root)
        except DataError as fault:
            yield _fault(str(fault))


def _checked(name: str, found: "Checked") -> Check:
    if found["fault"]:
        return _fault(found["fault"])
    where = f"part of {package}" if (package := sources.source_of(name).package) else found["place"]
    if said := decoded.warning(name, found["standing"]):
        message, _, remedy = said.partition(". ")
        return warning(TOPIC, f"{name}: {where}: {message}", remedy)
    return ok(TOPIC, f"{name}: {where}{STANDINGS[found['standing']]}")


def _fault(message: str) -> Check:
    """A message of a data set's reader ends with the remedy."""
    said, _, remedy = message.partition("; ")
    return error(TOPIC, said, remedy or "mend that, then ask again")


def _looked_for(name: str, root: Path) -> Check:
    source, place = sources.source_of(name), sources.place(name, root)
    if source.package:
        if place:
            return ok(TOPIC, f"{name}: part of {source.package}")
        remedy = f"pip install --force-reinstall {source.package}"
        return error(TOPIC, f"{name}: missing, it is part of {source.package}", remedy)
    if place:
        return ok(TOPIC, f"{name}: {place}")
    if source.origin is None:
        return ok(TOPIC, f"{name}: not in {root}; a run needs a folder that has it, named by --data-root")
    download = size(source.origin.size)
    return ok(TOPIC, f"{name}: not in {root}; a run downloads {download}, or name a folder that has it by --data-root")
