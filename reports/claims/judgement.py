"""The judgement of one claim: its verdict, the numbers that it rests on, and what is missing."""

from dataclasses import dataclass, replace
from typing import Literal

Verdict = Literal[
    "reproduced",
    "not reproduced",
    "inconclusive",
    "incomplete",
    "not run",
    "not comparable",
    "checked by tests",
]
"""``incomplete``: planned trials are missing or lost. ``not comparable``: complete, at a reduced scale. ``checked by
tests``: a theorem, of which no store holds evidence."""

VERDICTS: tuple[Verdict, ...] = (
    "reproduced", "not reproduced", "inconclusive", "incomplete", "not run", "not comparable", "checked by tests",
)  # fmt: skip
"""All verdicts, in the order in which a board counts them."""

MET: frozenset[Verdict] = frozenset({"reproduced", "checked by tests"})
"""The verdicts that count as met."""


@dataclass(frozen=True)
class Judgement:
    """One claim of one sweep, judged. Numbers are in the unit of the claim's measure: points for errors."""

    id: str
    sentence: str
    source: str
    """See :class:`specs.claims.Claim`."""
    figure: str
    """Key of the figure or table of the page that shows it."""
    sweep: str
    verdict: Verdict
    here: Verdict
    """The verdict of the complete trials alone, without regard to missing trials and a reduced scale."""
    observed: str
    """The numbers with their interval, in a sentence; the reason if there are none."""
    paper: str = ""
    """The paper's number, with its unit; empty where its text has none."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    """Ends of the interval: 95 % for orders, 90 % for numbers (two one-sided tests at 5 %)."""
    margin: float | None = None
    """Half the width of the equivalence band."""
    p: float | None = None
    p_holm: float | None = None
    """For orders: p corrected by Holm's method over all orders of the board."""
    n: int = 0
    """Replicates that the numbers rest on: seeds, or trials where trials are counted."""
    missing: str = ""
    """Which planned trials are missing or lost; empty where none is."""
    could_flip: bool | None = None
    """Whether the missing seeds could change ``here``; None where nothing is missing."""
    more_seeds: int | None = None
    """For an inconclusive claim: further seeds that would settle it; None if no affordable number would."""
    more_seconds: float | None = None
    """Training time of those seeds, one trial after another, by times measured in this store."""
    remark: str = ""
    """What else a reader must know: how a λ was picked, what so few seeds cannot show."""

    def but(self, **changes: object) -> "Judgement":
        """This judgement with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
