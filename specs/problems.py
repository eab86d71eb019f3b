"""Problems of a spec with their places in the text, as messages like those of a good compiler."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from specs.errors import EnsweepError

LINE_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"
"""Pattern of YAML's line ends."""
EXCERPT_WIDTH = 110
"""Characters of a source line that are shown."""


@dataclass(frozen=True)
class Source:
    """A text that is parsed: a file, or the value of one override."""

    name: str
    """The name in messages: the file's path, or ``--set training.epochs=5``."""
    text: str
    override: str | None = None
    """The dotted path that an override sets; None for a file."""

    @cached_property
    def lines(self) -> list[str]:
        # This splits where LINE_BREAK does, ten times as fast: YAML allows none of the other characters it splits at.
        return self.text.splitlines()


class Place(NamedTuple):
    """A position in a source; line and column count from 0."""

    source: Source
    line: int
    column: int

    def __str__(self) -> str:
        if self.source.override is not None:
            return printable(self.source.name)
        return f"{printable(self.source.name)}:{self.line + 1}:{self.column + 1}"

    def excerpt(self) -> str:
        """The source line with a caret under the column; empty for an override, which is a single line anyway."""
        if self.source.override is not None or not self.source.text.strip():
            return ""
        line = self.source.lines[self.line] if self.line < len(self.source.lines) else ""
        start = max(0, self.column - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
        shown = printable(line[start : start + EXCERPT_WIDTH])
        indent = "".join("\t" if sign == "\t" else " " for sign in shown[: self.column - start])
        return f"\n  {shown}\n  {indent}^"


def printable(text: str) -> str:
    """The text with a replacement for each control character, since these could rewrite the reader's terminal."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


@dataclass(frozen=True)
class Problem:
    """One problem to correct."""

    place: Place | None
    """None if no text is at fault, for example if a file cannot be read."""
    message: str

    def __str__(self) -> str:
        return self.message if self.place is None else f"{self.place}: {self.message}{self.place.excerpt()}"


class SpecError(EnsweepError):
    """A spec that cannot be used; the message names each problem, its place and the remedy."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def fault(place: Place | None, message: str) -> SpecError:
    """The error for one problem."""
    return SpecError(Problem(place, message))
