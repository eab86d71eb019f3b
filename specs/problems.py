"""What is wrong with a spec, and where: messages like a good compiler's."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from specs.errors import EnsweepError

LINE_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"
"""Where YAML ends a line."""
EXCERPT_WIDTH = 110
"""Characters of a source line that are shown."""


@dataclass(frozen=True)
class Source:
    """A text that is parsed: a file, or the value of one override."""

    name: str
    """As messages show it: the file's path, or ``--set training.epochs=5``."""
    text: str
    override: str | None = None
    """The dotted path that an override sets; None for a file."""

    @cached_property
    def lines(self) -> list[str]:
        # Ends lines where LINE_BREAK does, and ten times as fast: YAML allows none of the other signs it splits at.
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
        """The source line, and a caret under the column; nothing for an override, which is one line anyway."""
        if self.source.override is not None or not self.source.text.strip():
            return ""
        line = self.source.lines[self.line] if self.line < len(self.source.lines) else ""
        start = max(0, self.column - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
        shown = printable(line[start : start + EXCERPT_WIDTH])
        indent = "".join("\t" if sign == "\t" else " " for sign in shown[: self.column - start])
        return f"\n  {shown}\n  {indent}^"


def printable(text: str) -> str:
    """The text without control characters, which could rewrite the reader's terminal."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


@dataclass(frozen=True)
class Problem:
    """One thing to mend."""

    place: Place | None
    """None where no text is at fault, such as a file that cannot be read."""
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
