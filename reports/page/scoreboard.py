"""The claims on the page: counts by verdict, each claim with its evidence, and the seeds that would settle it."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reports import wording
from reports.claims import VERDICTS, Judgement
from reports.page.study import Section
from reports.tables import DisplayTable
from specs.claims import of_a_paper

SIGNS = {
    "reproduced": "✓",
    "not reproduced": "✕",
    "inconclusive": "?",
    "incomplete": "◐",
    "not run": "○",
    "not comparable": "≠",
    "checked by tests": "✓",
}
"""A sign beside each word, so that no verdict is shown by colour alone."""
STATES = {
    "reproduced": "full",
    "checked by tests": "full",
    "not reproduced": "bad",
    "inconclusive": "partial",
    "incomplete": "partial",
}
"""The name of each verdict's colour; the others have none."""


@dataclass(frozen=True)
class Verdict:
    """A verdict as it is shown."""

    word: str
    sign: str
    state: str


@dataclass(frozen=True)
class Claim:
    """One claim as it is shown."""

    id: str
    """Id of the claim's row on the page, made from its position and never from a spec's text."""
    name: str
    sweep: str
    """Label of the claim's store; empty if the page has only one store."""
    sentence: str
    source: str
    verdict: Verdict
    observed: str
    remark: str
    paper: str
    missing: str
    """What is missing, and whether it could change the verdict; empty if nothing is missing."""
    figure: str
    """Id of the element that shows the claim; empty if the page has none."""


@dataclass(frozen=True)
class Board:
    """All claims of a study."""

    claims: tuple[Claim, ...]
    to_decide: DisplayTable
    stores: int

    @property
    def title(self) -> str:
        """Whose claims these are: the paper's, the sweeps' own, or both."""
        of_the_paper = {of_a_paper(claim.source) for claim in self.claims}
        if of_the_paper == {True}:
            return "The paper's claims"
        sweeps = "this sweep" if self.stores == 1 else "these sweeps"
        return f"The claims of the paper and of {sweeps}" if True in of_the_paper else f"The claims of {sweeps}"

    @property
    def any_of_the_paper(self) -> bool:
        """Whether some claim has a number of the paper."""
        return any(claim.paper for claim in self.claims)

    @property
    def by_verdict(self) -> list[tuple[Verdict, list[Claim]]]:
        """The verdicts that some claim has, in the order of ``VERDICTS``, each with its claims."""
        groups = [(_verdict(name), [claim for claim in self.claims if claim.verdict.word == name]) for name in VERDICTS]
        return [(verdict, claims) for verdict, claims in groups if claims]

    def of(self, figure: str) -> list[Claim]:
        """The claims that a figure supports."""
        return [claim for claim in self.claims if claim.figure == figure]


def board(judgements: Sequence[Judgement], study: Sequence[Section], figures: AbstractSet[str]) -> Board:
    """The judgements of a study for its page.

    Args:
        judgements: in the order in which they are shown.
        study: the stores; a judgement belongs to the first one whose sweep has its name.
        figures: ids of the figures that the page has.
    """
    by_name = {part.frames.sweep.name: part for part in reversed(study)}
    claims = tuple(_claim(each, f"claim-{i}", by_name, figures) for i, each in enumerate(judgements, start=1))
    return Board(claims, to_decide(judgements), len(study))


def _claim(judgement: Judgement, element: str, by_name: dict[str, Section], figures: AbstractSet[str]) -> Claim:
    part = by_name.get(judgement.sweep)
    figure = part.id(judgement.figure) if part and judgement.figure else ""
    return Claim(
        id=element,
        name=judgement.id,
        sweep="" if part is None or part.alone else part.label,
        sentence=judgement.sentence,
        source=judgement.source,
        verdict=_verdict(judgement.verdict),
        observed=judgement.observed,
        remark=judgement.remark,
        paper=judgement.paper,
        missing=missing(judgement),
        figure=figure if figure in figures else "",
    )


def _verdict(name: str) -> Verdict:
    return Verdict(name, SIGNS[name], STATES.get(name, "none"))


def missing(judgement: Judgement) -> str:
    """What is missing of a claim's trials, what the others say, and whether what is missing could change that."""
    if not judgement.missing:
        return ""
    said = f"Missing: {judgement.missing.rstrip('.')}."
    if judgement.could_flip is None or judgement.here == "not run":
        return said
    able = "could" if judgement.could_flip else "cannot"
    return f"{said} The complete trials say {judgement.here}; what is missing {able} change that."


def to_decide(judgements: Iterable[Judgement]) -> DisplayTable:
    """For each inconclusive claim, the seeds that would settle it and what they cost."""
    rows = [
        (
            judgement.id,
            judgement.sweep,
            judgement.sentence,
            str(judgement.n),
            "no affordable number" if judgement.more_seeds is None else f"{judgement.more_seeds:,}",
            "–" if judgement.more_seconds is None else wording.duration(judgement.more_seconds),
        )
        for judgement in judgements
        if "inconclusive" in (judgement.verdict, judgement.here)
    ]
    headers = ("claim", "sweep", "what it says", "seeds so far", "more seeds that would settle it", "training time")
    return DisplayTable(headers, rows, total=len(rows))
