"""The statistics of one claim's complete trials, before the board corrects them and counts missing trials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.claims.judgement import Verdict
from reports.statistics.summaries import CONFIDENCE

ALPHA = 1 - CONFIDENCE


@dataclass(frozen=True)
class Finding:
    """One claim's statistics. ``p_for`` is small if the data support the claim, ``p_against`` if they refute it."""

    observed: str
    p_for: float = 1.0
    p_against: float = 1.0
    corrected: bool = False
    """Whether the claim states an order. Holm's method corrects those over the board."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    n: int = 0
    tested: bool = True
    """Whether ``p_for`` and ``p_against`` are p values of a test, to be shown as such."""
    more_seeds: int | None = None
    """Number of further seeds that would settle the claim if it is inconclusive; None if unknown."""
    remark: str = ""

    @property
    def p(self) -> float:
        """The p of the verdict that the data are closer to: the smaller one."""
        return min(self.p_for, self.p_against)

    def verdict(self, factor: float = 1.0) -> Verdict:
        """The verdict at the 5 % level, with p values times ``factor``, the board's correction."""
        if self.p_for <= self.p_against:
            return "reproduced" if self.p_for * factor < ALPHA else "inconclusive"
        return "not reproduced" if self.p_against * factor < ALPHA else "inconclusive"


def in_every_way(ways: Sequence[Finding]) -> Finding:
    """The finding of a claim that must hold, or fail, in every way to break a tie: the weakest of theirs.

    Both p values are the largest ones, so that a verdict is one for every way.
    """
    if len(ways) == 1:
        return ways[0]
    p_for, p_against = (max(getattr(way, name) for way in ways) for name in ("p_for", "p_against"))
    weakest = max(ways, key=lambda way: way.p_for if p_for <= p_against else way.p_against)
    agree = len({way.verdict() for way in ways}) == 1
    decides = "" if agree else "; a tie decides, for their uncorrected verdicts differ"
    return replace(
        weakest,
        observed=f"{weakest.observed} This is the weakest of {len(ways)} ways to break ties of the best λ{decides}.",
        p_for=p_for,
        p_against=p_against,
    )
