"""Parsed YAML that remembers the place of each key and value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from specs.problems import Place

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A scalar, list or mapping with its place. ``key`` is the place of its key, if it is a value of a mapping."""

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
        """The node under a key of a mapping, or at an index of a list; None if there is none.

        ``step`` may spell a number key as text, as pydantic does.
        """
        if isinstance(self.value, list):
            return self.value[step] if isinstance(step, int) and step < len(self.value) else None
        if isinstance(self.value, dict):
            if step in self.value:
                return self.value[step]
            return next((item for key, item in self.value.items() if str(key) == str(step)), None)
        return None

    def describe(self) -> str:
        """The value in a few words, for messages."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return str(self.value).lower()
            case int() | float():
                return _describe_number(self.value)
            case str():
                return f"the text {shorten(self.value)!r}"
            case list():
                return "a list"
            case _:
                return "a mapping"


def _describe_number(number: float) -> str:
    if isinstance(number, float) and not math.isfinite(number):
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[str(number)]
    return shorten(str(number)) if abs(number) < 1e300 else "a huge number"


def shorten(text: str, width: int = 40) -> str:
    """The text, cut to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"
