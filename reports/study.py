"""What one page is of: one store, or several, each with names for its elements that no spec can choose."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from reports.loading import Frames
from specs.lambdas import told_apart
from specs.sweep import INDEPENDENT, SYSTEM


@dataclass(frozen=True)
class Part:
    """One store of a study."""

    frames: Frames
    number: int
    """Its place in the study, from 1."""
    alone: bool

    def id(self, key: str) -> str:
        """An element's id: the key itself on the page of one store, else with the store's number."""
        return key if self.alone else f"{key}-{self.number}"

    @property
    def label(self) -> str:
        """What its section is called; the number tells two stores of one sweep apart."""
        return self.frames.sweep.name if self.alone else f"{self.number}. {self.frames.sweep.name}"


def lambdas_told_apart(study: Sequence[Frames]) -> AbstractContextManager[None]:
    """What is written within the block tells all λs of these stores apart."""
    return told_apart({INDEPENDENT, SYSTEM}.union(*(frames.sweep.lambdas for frames in study)))


def parts(study: Sequence[Frames]) -> tuple[Part, ...]:
    """The stores of a study, in the order given.

    Raises:
        ValueError: there is none.
    """
    if not study:
        raise ValueError("a report is of at least one store")
    return tuple(Part(frames, number, len(study) == 1) for number, frames in enumerate(study, start=1))


def question(study: Sequence[Part]) -> str:
    """What was asked: a sweep's own title, or what several sweeps ask together."""
    if len(study) == 1:
        return study[0].frames.sweep.title
    return f"One system or an ensemble? {len(study)} sweeps"
