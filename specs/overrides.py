"""``--set training.epochs=5``: changes to a parsed spec before it is validated."""

from typing import Any

from specs.nodes import Node, Scalar, shorten
from specs.problems import Place, Source, fault
from specs.scalars import resolve
from specs.yaml12 import MAX_DEPTH, parse


def apply(root: Node, override: str) -> None:
    """Set one value in the tree, in place. An existing key that contains dots counts as one key of the path.

    Missing keys are created, so that validation can judge them.

    Raises:
        SpecError: the override is not ``KEY=VALUE``, its value is no YAML, its key has an unprintable character or more
            than 50 dots, or its path leads through a scalar or to an entry that a list does not have.
    """
    path, equals, text = override.partition("=")
    source = Source(f"--set {shorten(override, 100)}", text, path)
    place = Place(source, 0, 0)
    if not equals or not path.strip():
        raise fault(place, "expected KEY=VALUE, such as training.epochs=5")
    if not path.isprintable():
        raise fault(place, "the key has a character that cannot be printed")
    if path.count(".") > MAX_DEPTH:
        raise fault(place, f"more than {MAX_DEPTH} levels of nesting")
    value = parse(source) if text.strip() else Node(place, None)
    value.key = place
    parent, rest = root, path.strip()
    while True:
        step, rest = _next_step(parent, rest, place)
        if not rest:
            break
        parent = _descend(parent, step, place)
    _put(parent, step, value)


def _next_step(parent: Node, path: str, place: Place) -> tuple[Scalar, str]:
    """The parent's longest key that begins the path, or else the path's first part; and the rest of the path."""
    first, _, remaining = path.partition(".")
    if isinstance(parent.value, list):
        if not (first.isdecimal() and first.isascii() and len(first) < 9 and int(first) < len(parent.value)):
            raise fault(place, f"the list has {len(parent.value)} entries, counted from 0; no entry {shorten(first)!r}")
        return int(first), remaining
    if not isinstance(parent.value, dict):
        raise fault(
            place, f"{shorten(first)!r} cannot be set inside {parent.describe()}; set the whole value as a mapping"
        )
    present = [key for key in parent.value if f"{path}.".startswith(f"{key}.")]
    if present:
        longest = max(present, key=lambda key: len(str(key)))
        return longest, path[len(str(longest)) + 1 :]
    try:
        return resolve(first), remaining
    except ValueError as error:
        raise fault(place, str(error)) from None


def _descend(parent: Node, step: Scalar, place: Place) -> Node:
    child = _get(parent, step)
    if child is None or child.value is None:
        child = Node(place, {}, key=place)
        _put(parent, step, child)
    return child


def _get(parent: Node, step: Scalar) -> Node | None:
    if isinstance(parent.value, list):
        return parent.value[step] if isinstance(step, int) else None
    return parent.value.get(step) if isinstance(parent.value, dict) else None


def _put(parent: Node, step: Scalar, value: Node) -> None:
    container: Any = parent.value
    container[step] = value
