"""Safe YAML with the core schema of version 1.2, read event by event: no recursion, no aliases, no tags.

``1e-4`` is a number. ``no``, ``on`` and ``12:30`` are text. ``012`` is twelve. Only ``true`` and ``false``, also as
``True`` or ``TRUE``, are booleans.
"""

import re
from typing import Any

import yaml

from specs.nodes import Node, Scalar, shorten
from specs.problems import LINE_BREAK, Place, Source, SpecError, fault, printable
from specs.scalars import resolve

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 5_000

# If PyYAML was built with libyaml, use it: it gives the same events ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAINER = {
    "found character that cannot start any token": "this character cannot stand here; indent with spaces, not tabs, "
    "and put text that begins with a sign in quotes",
    "found character '\\t' that cannot start any token": "indent with spaces, not tabs",
    "mapping values are not allowed here": "a ':' cannot stand here; check the indentation, or put the text in quotes",
    "mapping values are not allowed in this context": "a ':' cannot stand here; check the indentation, "
    "or put the text in quotes",
    "could not find expected ':'": "expected ':' after this key",
    "did not find expected key": "expected a key here; check the indentation",
    "did not find expected ',' or ']'": "expected ',' or ']'",
    "did not find expected ',' or '}'": "expected ',' or '}'",
    "did not find expected node content": "expected a value here",
}


def parse(source: Source) -> Node:
    """The one document of a source, as a tree with places.

    Raises:
        SpecError: the text is empty or no YAML, or it uses YAML that a spec may not use (tags, anchors, aliases,
            duplicate keys, several documents, more than 50 levels, more than 5,000 values, more than a million
            characters).
    """
    _check_characters(source)
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = builder.place(mark) if mark else Place(source, 0, 0)
        problem = error.problem or "this is no YAML"
        raise fault(place, _PLAINER.get(problem, problem)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise fault(Place(source, 0, 0), f"this is no YAML: {error}") from None
    if builder.root is None:
        raise fault(Place(source, 0, 0), "the text is empty; expected a mapping of keys to values")
    return builder.root


def _check_characters(source: Source) -> None:
    if len(source.text) > MAX_CHARACTERS:
        raise fault(Place(source, 0, 0), f"more than {MAX_CHARACTERS:,} characters; a spec takes a few thousand")
    if found := _FORBIDDEN.search(source.text):
        before = re.split(LINE_BREAK, source.text[: found.start()])
        place = Place(source, len(before) - 1, len(before[-1]))
        raise fault(place, f"the character U+{ord(found.group()):04X} is not allowed in YAML")


class _Builder:
    """Builds the tree in ``root`` from the parser's events."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.open: list[Node] = []
        self.keys: list[tuple[Scalar, Place] | None] = []
        self.nodes = 0
        self.documents = 0

    def place(self, mark: Any) -> Place:
        return Place(self.source, mark.line, mark.column)

    def take(self, event: yaml.Event) -> None:
        """Add one event to the tree.

        Raises:
            SpecError: the event belongs to YAML that a spec may not use.
        """
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise fault(self.place(event.start_mark), "a second document; a spec is one document")
            case yaml.AliasEvent():
                raise fault(self.place(event.start_mark), "aliases (*) are not supported; write the value out")
            case yaml.NodeEvent():
                self._take_node(event)
            case yaml.CollectionEndEvent():
                self.open.pop()
                self.keys.pop()

    def _take_node(self, event: yaml.NodeEvent) -> None:
        place = self.place(event.start_mark)
        self._check(event, place)
        if isinstance(event, yaml.ScalarEvent):
            self._add(Node(place, self._scalar(event, place)))
            return
        node = Node(place, {} if isinstance(event, yaml.MappingStartEvent) else [])
        self._add(node)
        self.open.append(node)
        self.keys.append(None)
        if len(self.open) > MAX_DEPTH:
            raise fault(place, f"more than {MAX_DEPTH} levels of nesting")

    def _check(self, event: yaml.NodeEvent, place: Place) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise fault(place, f"more than {MAX_NODES:,} values; a spec takes a few hundred")
        if event.anchor is not None:
            raise fault(place, f"anchors (&{shorten(event.anchor)}) are not supported; write the value out")
        if (tag := getattr(event, "tag", None)) is not None:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            raise fault(place, f"tags are not supported; remove {printable(shorten(shown, 100))}")

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Scalar:
        if _SURROGATE.search(event.value):
            raise fault(place, "an escape for half a character (\\ud800 to \\udfff)")
        try:
            return resolve(event.value) if event.implicit[0] else str(event.value)
        except ValueError as error:
            raise fault(place, str(error)) from None

    def _add(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1].value
        if isinstance(parent, list):
            parent.append(node)
        elif isinstance(parent, dict) and (key := self.keys[-1]) is not None:
            node.key = key[1]
            parent[key[0]] = node
            self.keys[-1] = None
        else:
            self.keys[-1] = self._key(node)

    def _key(self, node: Node) -> tuple[Scalar, Place]:
        siblings = self.open[-1].value
        if isinstance(node.value, list | dict):
            raise fault(node.place, f"a key must be one word or number, not {node.describe()}")
        if isinstance(siblings, dict) and (first := siblings.get(node.value)) is not None:
            raise _duplicate(node, first)
        return node.value, node.place


def _duplicate(node: Node, first: Node) -> SpecError:
    earlier = first.key or first.place
    where = "" if earlier.source.override is not None else f" at line {earlier.line + 1}, column {earlier.column + 1}"
    key = shorten(node.value) if isinstance(node.value, str) else node.value
    return fault(node.place, f"key {key!r} stands twice, first{where}; keep one of them")
