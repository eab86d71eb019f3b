"""The stores that a page shows, each with ids for its elements that no spec can choose."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.frames.frames import Frames
from specs.claims import of_a_paper


@dataclass(frozen=True)
class Section:
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
        """Title of the store's section. The number distinguishes two stores of one sweep."""
        return self.frames.sweep.name if self.alone else f"{self.number}. {self.frames.sweep.name}"


def sections(study: Sequence[Frames]) -> tuple[Section, ...]:
    """The stores of a study, in the order given.

    Raises:
        ValueError: there is none.
    """
    if not study:
        raise ValueError("a report is of at least one store")
    return tuple(Section(frames, number, len(study) == 1) for number, frames in enumerate(study, start=1))


def question(study: Sequence[Section]) -> str:
    """The question of the page: a sweep's own title, or what several sweeps ask together."""
    if len(study) == 1:
        return study[0].frames.sweep.title
    return f"One system or an ensemble? {len(study)} sweeps"


def about_the_paper(study: Sequence[Section]) -> bool:
    """Whether some sweep serves a figure or table of the paper (``Figure 3``, ``trial of Table 2``), or states a claim
    of it."""
    sweeps = [part.frames.sweep for part in study]
    named = [name for sweep in sweeps for each in sweep.serves for name in (each, each.rpartition(" of ")[2])]
    return any(map(of_a_paper, [*named, *(claim.source for sweep in sweeps for claim in sweep.claims)]))
