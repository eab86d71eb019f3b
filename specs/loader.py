"""From a YAML file or a catalogue name to a validated sweep."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from specs.dropped_claims import Dropped, drop
from specs.explanations import explain
from specs.nodes import Node, shorten
from specs.overrides import apply
from specs.problems import Place, Problem, Source, SpecError, fault, printable
from specs.sweep import SweepSpec, expand
from specs.sweep_text import dump_sweep, sweep_digest
from specs.yaml12 import parse

__all__ = [
    "CatalogueEntry",
    "Problem",
    "SpecError",
    "catalogue",
    "catalogue_names",
    "dump_sweep",
    "load_sweep",
    "parse_sweep",
    "sweep_digest",
]

CATALOGUE = Path(__file__).parent / "catalogue"
MAX_BYTES = 1_000_000
STDIN, STDIN_NAME = "-", "<stdin>"
"""How a command names standard input, and how messages do."""


@dataclass(frozen=True)
class CatalogueEntry:
    """One sweep that ships with the program."""

    name: str
    """What ``load_sweep`` takes: ``smoke/digits``."""
    title: str
    serves: tuple[str, ...]
    """Figures, tables and claims that it yields the data of."""
    trials: int
    path: Path


def catalogue() -> tuple[CatalogueEntry, ...]:
    """All sweeps that ship with the program, by name."""
    return tuple(_entry(name, path) for name, path in _catalogue_paths().items())


def catalogue_names() -> tuple[str, ...]:
    """The names of those sweeps, without reading them."""
    return tuple(_catalogue_paths())


def load_sweep(
    reference: str, overrides: Sequence[str] = (), on_dropped: Callable[[Dropped], None] | None = None
) -> SweepSpec:
    """The sweep in a YAML file, on standard input (``-``), or of a catalogue name such as ``smoke/digits``.

    ``overrides`` are texts such as ``training.epochs=5``, applied in order before validation. A claim of the file that
    names what they no longer plan is an error, unless ``on_dropped`` is given: then it is left out, and that is called.

    Raises:
        SpecError: no such file or name, a file that cannot be read, or a spec with errors; the message says where
            and what to do.
    """
    if reference == STDIN:
        return parse_sweep(_decoded(_from_stdin(), STDIN_NAME), STDIN_NAME, overrides, on_dropped)
    path = _path(reference)
    return parse_sweep(_read(path), str(path), overrides, on_dropped)


def parse_sweep(
    text: str, source: str, overrides: Sequence[str] = (), on_dropped: Callable[[Dropped], None] | None = None
) -> SweepSpec:
    """The sweep in a text; ``source`` is its name in messages.

    Raises:
        SpecError: as for :func:`load_sweep`.
    """
    root = _tree(text, source, overrides)
    try:
        return _validated(root)
    except SpecError:
        dropped = _left_behind(root, text, source) if overrides and on_dropped else {}
        if not dropped or not on_dropped:
            raise
    sweep = _validated(root)
    on_dropped(dropped)
    return sweep


def parse_stored(text: str, source: str, *, newer: bool) -> SweepSpec:
    """The sweep in a text that a store keeps.

    Args:
        text: as :func:`specs.sweep_text.dump_sweep` wrote it, in this version of ensweep or in another.
        source: its name in messages.
        newer: whether a newer version wrote it. Then fields and claims that this one does not know are left out.
            Trials keep their ids where those fields hold the value that trials of this version always had.

    Raises:
        SpecError: as for :func:`load_sweep`.
    """
    root = _tree(text, source, ())
    while newer and (unknown := _first_unknown(root)):
        _leave_out(root, unknown)
    return _validated(root)


def _first_unknown(root: Node) -> tuple[str | int, ...]:
    """Where the first field, or claim, stands that this version does not know; empty where none does."""
    try:
        SweepSpec.model_validate(root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        for found in error.errors():
            if found["loc"][:1] == ("claims",) and len(found["loc"]) > 1:
                return found["loc"][:2]
            if found["type"] == "extra_forbidden":
                return found["loc"]
    return ()


def _leave_out(root: Node, location: tuple[str | int, ...]) -> None:
    """Remove what stands at a location of pydantic's, in which the tags of unions stand between keys."""
    parents = [root]
    for step in location[:-1]:
        if child := parents[-1].child(step):
            parents.append(child)
    node, last = parents[-1], location[-1]
    if isinstance(node.value, list) and isinstance(last, int):
        del node.value[last]
    elif isinstance(node.value, dict):
        del node.value[next(key for key in node.value if str(key) == str(last))]


def _left_behind(root: Node, text: str, source: str) -> Dropped:
    """Claims that the overrides took the ground from, taken out of the tree; none where the file itself is wrong."""
    try:
        file = _tree(text, source, ())
        return drop(root, file, _validated(file))
    except SpecError:
        return {}


def _tree(text: str, source: str, overrides: Sequence[str]) -> Node:
    root = parse(Source(source, text))
    if not isinstance(root.value, dict):
        empty = root.value is None
        got = "the file is empty" if empty else f"the top level is {root.describe()}"
        raise fault(root.place, f"{got}; expected a mapping with name, title, architectures, ...")
    for override in overrides:
        apply(root, override)
    _borrow_claims(root)
    return root


def _validated(root: Node) -> SweepSpec:
    try:
        return SweepSpec.model_validate(root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        raise explain(error, root, SweepSpec) from None


def _borrow_claims(root: Node) -> None:
    """``claims: paper/fashion-mlp`` states the claims of another sweep of the catalogue, without a copy of them."""
    claims = root.value.get("claims") if isinstance(root.value, dict) else None
    if claims is None or not isinstance(claims.value, str):
        return
    shipped = _catalogue_paths()
    if claims.value not in shipped:
        raise fault(
            claims.place,
            f"claims: no sweep is called {shorten(claims.value)!r}; expected a list, or one of {', '.join(shipped)}",
        )
    path = shipped[claims.value]
    lent = parse(Source(str(path), _read(path))).child("claims")
    claims.value = lent.value if lent is not None and isinstance(lent.value, list) else []


def _entry(name: str, path: Path) -> CatalogueEntry:
    sweep = load_sweep(str(path))
    return CatalogueEntry(name, sweep.title, sweep.serves, len(expand(sweep)), path)


def _catalogue_paths() -> dict[str, Path]:
    files = sorted(CATALOGUE.glob("*/*.yaml"))
    return {path.relative_to(CATALOGUE).with_suffix("").as_posix(): path for path in files}


def _path(reference: str) -> Path:
    shipped = _catalogue_paths()
    if reference in shipped:
        return shipped[reference]
    path = Path(reference)
    if path.suffix in (".yaml", ".yml") or _is_file(path):
        return path
    close = get_close_matches(reference[:64], shipped, n=3, cutoff=0.4)
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    names = "\n".join(f"  {name}" for name in shipped)
    shown = shorten(reference, 100)
    raise fault(None, f"no sweep is called {shown!r}{meant}\nGive the path of a YAML file, or one of:\n{names}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise fault(None, f"{printable(shorten(str(path), 1_000))}: cannot be read: {reason}") from None
    return _decoded(content, str(path))


def _from_stdin() -> bytes:
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except (AttributeError, OSError, ValueError):  # there is none, or it is closed
        raise fault(None, f"{STDIN_NAME}: cannot be read; give the spec by ensweep ... - < FILE") from None


def _decoded(content: bytes, source: str) -> str:
    if len(content) > MAX_BYTES:
        raise fault(None, f"{printable(source)}: larger than 1 MB; a sweep's YAML takes a few kilobytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace").splitlines() or [""]
        place = Place(Source(source, ""), len(before) - 1, len(before[-1]))
        raise fault(place, f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8") from None
