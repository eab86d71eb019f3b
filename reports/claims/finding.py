"""What complete trials say of one claim, before the board corrects it and missing trials are counted."""

from dataclasses import dataclass

from reports.claims.judgement import Verdict
from reports.statistics.summaries import CONFIDENCE

ALPHA = 1 - CONFIDENCE


@dataclass(frozen=True)
class Finding:
    """One claim's statistics. ``p_for`` is small where the data show that it holds, ``p_against`` that it does not."""

    observed: str
    p_for: float = 1.0
    p_against: float = 1.0
    corrected: bool = False
    """Whether it is an order, which Holm's method corrects over the board."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    n: int = 0
    tested: bool = True
    """Whether ``p_for`` and ``p_against`` are p values of a test, to be shown as such."""
    more_seeds: int | None = None
    """How many more seeds would settle it, were it inconclusive."""
    remark: str = ""

    @property
    def p(self) -> float:
        """The p with which the claim is confirmed or refuted, whichever the data are closer to."""
        return min(self.p_for, self.p_against)

    def verdict(self, factor: float = 1.0) -> Verdict:
        """Confirmed, refuted or neither at the 5 % level, each p times the board's correction."""
        if self.p_for <= self.p_against:
            return "reproduced" if self.p_for * factor < ALPHA else "inconclusive"
        return "not reproduced" if self.p_against * factor < ALPHA else "inconclusive"
