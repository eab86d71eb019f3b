"""Parsed YAML that remembers where each key and value stands."""

from __future__ import annotations

from dataclasses import dataclass

from specs.problems import Place

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A scalar, list or mapping with its place; ``key`` is the place of its key inside a mapping."""

    place: Place
    value: Scalar | list[Node] | dict[Scalar, Node]
    key: Place | None = None

    def plain(self) -> object:
        """The value as Python's own types."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value

    def child(self, step: str | int) -> Node | None:
        """The value under a key, as pydantic spells it (numbers as text), or at an index of a list."""
        if isinstance(self.value, list):
            return self.value[step] if isinstance(step, int) and step < len(self.value) else None
        if isinstance(self.value, dict):
            return next((item for key, item in self.value.items() if key == step or str(key) == str(step)), None)
        return None

    def describe(self) -> str:
        """What stands there, in a few words."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return str(self.value).lower()
            case int() | float():
                return shorten(str(self.value) if abs(self.value) < 1e300 else "a huge number")
            case str():
                return f"the text {shorten(self.value)!r}"
            case list():
                return "a list"
            case _:
                return "a mapping"


def shorten(text: str, width: int = 40) -> str:
    """The text, cut to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"
