"""What is said of one claim: its verdict, the numbers that it rests on, and what is missing for a better one."""

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
"""In the order in which a board counts them."""

MET: frozenset[Verdict] = frozenset({"reproduced", "checked by tests"})
"""The verdicts with which a strict reader is content."""


@dataclass(frozen=True)
class Judgement:
    """One claim of one sweep, judged. Numbers are in the unit of the claim's measure: points for errors."""

    id: str
    sentence: str
    source: str
    """Where the paper says it: ``Table 2``, ``Figure 3``, ``text``."""
    figure: str
    """Key of the figure or table of the page that shows it."""
    sweep: str
    verdict: Verdict
    here: Verdict
    """What the complete trials alone say, whatever is missing and however far the scale is reduced."""
    observed: str
    """The numbers with their interval, in a sentence; says why where there are none."""
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
    """Of orders: corrected by Holm's method over all orders of the board."""
    n: int = 0
    """Replicates that the numbers rest on: seeds, or trials where trials are counted."""
    missing: str = ""
    """Which planned trials are missing or lost; empty where none is."""
    could_flip: bool | None = None
    """Whether the missing seeds could change ``here``; None where nothing is missing."""
    more_seeds: int | None = None
    """Of an inconclusive claim: how many more seeds would settle it; None where no affordable number would."""
    more_seconds: float | None = None
    """What they would cost, at the seconds measured in this store, one trial after another."""
    remark: str = ""
    """What a reader must know besides: how a λ was picked, what so few seeds cannot show."""

    def but(self, **changes: object) -> "Judgement":
        """This judgement with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
