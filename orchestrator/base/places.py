"""From where ensweep is imported: by this process, and by those that it starts.

Its packages have common names, so that a folder of the user's, or a second copy of ensweep, may get in between. This
module imports none of them, for it is asked when one is not ours.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any, NamedTuple

PACKAGES = ("specs", "trainers", "reports", "orchestrator")
HOME = Path(__file__).resolve().parents[2]
"""The folder that holds the packages of the copy that runs here."""


class Conflict(NamedTuple):
    """Why processes could import other code than this one."""

    message: str
    """Names both places."""
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}"


def conflict() -> Conflict | None:
    """What is wrong with the places that this process would import ensweep's packages from; None where all is well."""
    for name in PACKAGES:
        if (place := _place(_winner(name))) not in (HOME, None):
            return Conflict(f"the package {name} would come from {place}, but ensweep runs from {HOME}", _remedy(place))
    if copy := next((place for place in _copies() if place != HOME), None):
        return Conflict(f"there are two copies of ensweep: {HOME}, which runs here, and {copy}", _remedy(copy))
    return None


def first_on_path() -> list[str]:
    """What another Python has to search first, to import what this one does.

    Nothing where ensweep is installed beside all other packages: put first, these would hide Python's own.
    """
    installed = Path(sysconfig.get_path("purelib")).resolve()
    return [] if installed == HOME else [str(HOME)]


def environment(before: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a Python process of this machine that is to import what this one does.

    An empty entry of ``PYTHONPATH`` means the working folder, which is never searched.
    """
    rest = [entry for entry in before.get("PYTHONPATH", "").split(os.pathsep) if entry]
    path = [*first_on_path(), *(entry for entry in rest if entry not in first_on_path())]
    return {**before, "PYTHONPATH": os.pathsep.join(path)}


def _winner(name: str) -> ModuleSpec | None:
    """What an import of the name would find."""
    return next((found for finder in _finders() if (found := finder.find_spec(name, None))), None)


def _finders() -> list[Any]:
    """What Python asks for a module, in this order; those of old kinds it does not ask any more."""
    return [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]


def _copies() -> Iterator[Path]:
    """The folders of all copies of ensweep that Python can find, whichever it takes."""
    beside = [finder.find_spec("orchestrator", None) for finder in _finders() if finder is not PathFinder]
    on_path = [PathFinder.find_spec("orchestrator", [entry]) for entry in sys.path]
    for place in map(_place, [*on_path, *beside]):
        if place is not None and _is_copy(place):
            yield place


def _is_copy(place: Path) -> bool:
    """Whether these packages are ensweep's, and not somebody's of the same name."""
    command = place / "orchestrator" / "cli.py"
    try:
        return all((place / name).is_dir() for name in PACKAGES) and b"ensweep" in command.read_bytes()
    except OSError:
        return False


def _place(found: ModuleSpec | None) -> Path | None:
    """The folder that a package or module lies in."""
    if found is None:
        return None
    own = next(iter(found.submodule_search_locations or ()), found.origin)
    return Path(own).resolve().parent if own else None


def _remedy(other: Path) -> str:
    named = [Path(entry).resolve() for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    if off := next((place for place in (other, HOME) if place in named), None):
        return f"take {off} off PYTHONPATH, and run the command again"
    return "leave one of them: uninstall the other, or take its folder off Python's search path (sys.path)"
