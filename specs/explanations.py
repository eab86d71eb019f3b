"""From pydantic's findings to problems: the place in the text, plain words and the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from specs.base import PlacedError
from specs.nodes import Node, shorten
from specs.problems import Place, Problem, SpecError, printable
from specs.wording import EXPECTED, WRONG_KIND, did_you_mean, in_words, kinds_with, known_keys

MAX_FINDINGS = 20
"""Most of pydantic's errors that are explained: explaining thousands takes a second and helps nobody."""


@dataclass(frozen=True)
class LocatedError:
    """One of pydantic's errors, and the part of the text that it is about."""

    kind: str
    details: Mapping[str, Any]
    node: Node
    path: tuple[str | int, ...]
    """Keys and indices from the top of the text to ``node``."""
    fork: tuple[tuple[str | int, ...], str] | None
    """Where pydantic tried several types: the path of that value, and the name of this branch."""

    @property
    def off_kind(self) -> bool:
        """The value is not of this branch's kind at all: a list where the branch is a number."""
        return self.fork is not None and self.path == self.fork[0] and self.kind in WRONG_KIND


_UNKNOWN_KEY = ("extra_forbidden", "invalid_key")
"""A key that no field has, and one that no field can have because it is no text."""


def explain(error: ValidationError, root: Node, model: type[BaseModel]) -> SpecError:
    """The problems of a text that does not fit the model, in the order of the text: all, unless there are very many."""
    flat = _flatten(error)
    findings = _without_idle_branches([_locate(details, root) for details in flat[:MAX_FINDINGS]])
    meant: set[tuple[str | int, ...]] = set()
    problems: list[Problem] = []
    for finding in sorted(findings, key=lambda finding: finding.kind not in _UNKNOWN_KEY):
        if finding.kind in _UNKNOWN_KEY:
            problems.append(_unknown_key(finding, root, model, meant))
        elif finding.kind != "missing" or (*finding.path, finding.details["loc"][-1]) not in meant:
            problems.append(_problem(finding))
    more = [Problem(None, "and more; mend these first")] if len(flat) > MAX_FINDINGS else []
    return SpecError(*sorted(dict.fromkeys(problems), key=_order), *more)


def _order(problem: Problem) -> tuple[bool, int, int]:
    place = problem.place
    return (False, 0, 0) if place is None else (place.source.override is not None, place.line, place.column)


def _flatten(error: ValidationError) -> list[Mapping[str, Any]]:
    """The errors, those inside a validator's own ValidationError included, each with the whole path to its value."""
    flat: list[Mapping[str, Any]] = []
    for details in error.errors(include_url=False):
        inner = details.get("ctx", {}).get("error")
        if isinstance(inner, ValidationError):
            flat += [{**inside, "loc": (*details["loc"], *inside["loc"])} for inside in _flatten(inner)]
        elif isinstance(inner, PlacedError):
            flat.append({**details, "loc": (*details["loc"], *inner.path)})
        else:
            flat.append({**details})
    return flat


def _locate(details: Mapping[str, Any], root: Node) -> LocatedError:
    node, path, tagged = root, list[str | int](), root
    fork: tuple[tuple[str | int, ...], str] | None = None
    steps = details["loc"][:-1] if details["type"] == "missing" else details["loc"]
    for step in steps:
        if node is not tagged and step == _tag(node):
            tagged = node  # pydantic names the kind of network after the value that has it
        elif (child := node.child(step)) is not None:
            node = child
            path.append(step)
        elif step != "[key]" and fork is None:
            fork = (tuple(path), str(step))
    if details["type"] == "value_error":
        node, path = _sharpen(node, path, str(details["ctx"]["error"]).split()[0].rstrip(":"))
    if details["type"] == "union_tag_invalid":
        node, path = _sharpen(node, path, "kind")
    if details["loc"][-1:] == ("[key]",):
        node = Node(node.key or node.place, details["input"])
    return LocatedError(details["type"], details, node, tuple(path), fork)


def _tag(node: Node) -> object:
    """The kind that a mapping says it is of."""
    kind = node.child("kind") if isinstance(node.value, dict) else None
    return None if kind is None else kind.value


def _sharpen(node: Node, path: list[str | int], dotted: str) -> tuple[Node, list[str | int]]:
    """Follow a validator's message that begins with a path, ``training.selection: ...``, as far as the text has it."""
    for step in dotted.split("."):
        child = node.child(step)
        if child is None:
            break
        node, path = child, [*path, step]
    return node, path


def _without_idle_branches(findings: list[LocatedError]) -> list[LocatedError]:
    """Of a value that may have several types, keep the findings of the type that it looks like.

    Where it looks like none of them, one finding remains that names them all.
    """
    forks: dict[tuple[str | int, ...], list[LocatedError]] = {}
    for finding in findings:
        if finding.fork is not None:
            forks.setdefault(finding.fork[0], []).append(finding)
    kept = [finding for finding in findings if finding.fork is None]
    for branches in forks.values():
        alike = [finding for finding in branches if not finding.off_kind]
        kept += alike or [_merged(branches)]
    return kept


def _merged(branches: list[LocatedError]) -> LocatedError:
    expected = dict.fromkeys(EXPECTED[finding.kind] for finding in branches)
    first = branches[0]
    details = {**first.details, "expected": " or ".join(expected)}
    return LocatedError(first.kind, details, first.node, first.path, None)


def _problem(finding: LocatedError) -> Problem:
    message = in_words(finding.kind, finding.details, finding.node)
    place = (finding.node.key if finding.kind == "missing" else None) or finding.node.place
    return Problem(place, _with_path(place, finding.path, message))


def _unknown_key(
    finding: LocatedError, root: Node, model: type[BaseModel], meant: set[tuple[str | int, ...]]
) -> Problem:
    """Names the key, and the known key that looks like it, which is then not reported as missing."""
    place = finding.node.key or finding.node.place
    parents = finding.path[:-1]
    key = finding.path[-1] if finding.path else ""
    known = known_keys(model, parents, _tag(_descend(root, parents)))
    close = "" if kinds_with(model, parents, str(key)) else did_you_mean(str(key), known)
    meant.update((*parents, name) for name in known if f"'{name}'" in close)
    remedy = close or _elsewhere(str(key), parents, model) or f"; known keys: {', '.join(known)}"
    return Problem(place, _with_path(place, parents, f"unknown key {_quoted(key)}{remedy}"))


def _quoted(key: str | int) -> str:
    return repr(shorten(key) if isinstance(key, str) else key)


def _descend(node: Node, path: tuple[str | int, ...]) -> Node:
    for step in path:
        node = node.child(step) or node
    return node


def _elsewhere(key: str, parents: tuple[str | int, ...], model: type[BaseModel]) -> str:
    if kinds := kinds_with(model, parents, key):
        return f"; it is of kind {' or '.join(kinds)}"
    homes = [name for name in known_keys(model, ()) if key in known_keys(model, (name,))]
    return f"; it belongs under {' or '.join(homes)}" if homes else ""


def _with_path(place: Place, path: tuple[str | int, ...], message: str) -> str:
    dotted = ""
    for step in path:
        shown = printable(shorten(str(step)))
        dotted += f"[{shown}]" if isinstance(step, int) else f".{shown}" if dotted else shown
    override = place.source.override
    said_already = override is not None and (override == dotted or override.startswith(f"{dotted}.") or not dotted)
    if not dotted or said_already or message.startswith(dotted):
        return message
    return f"{dotted}: {message}"
