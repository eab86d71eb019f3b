"""How numbers are written, the same everywhere on the page."""

import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager

from reports.frames.frames import Frames
from reports.statistics.summaries import Summary
from specs import lambdas
from specs.sweep import INDEPENDENT, SYSTEM

DOMINANCE = (
    "Model dominance compares errors: the best member's, the mean of the others, the ensemble's and that of chance. It "
    "is the smaller of (others − best) / (chance − best) and (others − best) / (others − ensemble): 0 for equal "
    "members, 1 where one does the ensemble's work and the others guess."
)
"""The definition of :func:`reports.statistics.dominance.model_dominance`, wherever the number is shown."""
TIES_IN_RESAMPLES = "A resample in which several λs tie counts for each of them in equal parts."


def lambdas_told_apart(study: Sequence[Frames]) -> AbstractContextManager[None]:
    """Within the block, every text tells all λs of these stores apart."""
    return lambdas.told_apart({INDEPENDENT, SYSTEM}.union(*(frames.sweep.lambdas for frames in study)))


def bare(lam: float) -> str:
    """``0.95``: a λ in a column or list of λs. No two λs of a page are written alike."""
    return lambdas.written(lam)


def best(lam: float) -> str:
    """A chosen λ to four digits; a dash if there is none."""
    return "–" if math.isnan(lam) else lambdas.written(lam, digits=4)


def tied(lams: Sequence[float]) -> str:
    """The best λ as :func:`bare`, or all that tie for it: ``0 or 0.5 (tied)``; a dash if there is none."""
    written = [bare(lam) for lam in lams]
    if len(written) < 2:
        return "".join(written) or "–"
    return f"{', '.join(written[:-1])} or {written[-1]} (tied)"


def lam(value: float) -> str:
    """``λ = 0.95``, with non-breaking spaces."""
    return f"λ\u00a0=\u00a0{bare(value)}"


def percent(fraction: float) -> str:
    """A fraction as a percentage without its sign, to the hundredth; a dash where there is none."""
    return "–" if math.isnan(fraction) else true_minus(f"{100 * fraction:.2f}")


def number(value: float, digits: int = 4) -> str:
    """A number to so many significant digits; a dash where there is none."""
    return "–" if math.isnan(value) else true_minus(f"{value:.{digits}g}")


def printed(fraction: float, source: str) -> str:
    """A number of the paper in percent with its source: ``10.2 (Table 2)``; a dash where it prints none."""
    return "–" if math.isnan(fraction) else f"{100 * fraction:.1f} ({source})"


def percent_summary(summary: Summary) -> str:
    """``10.30 % [10.12, 10.48]``; one value says so."""
    if not summary.n:
        return "–"
    if not summary.has_interval:
        return f"{percent(summary.mean)} % [one seed]"
    return f"{percent(summary.mean)} % [{percent(summary.low)}, {percent(summary.high)}]"


def with_seeds(summary: Summary) -> str:
    """``10.30 % [10.12, 10.48], n = 5``: for a table whose cells may rest on different seeds."""
    return percent_summary(summary) + (f", n = {summary.n}" if summary.has_interval else "")


def points(difference: Summary) -> str:
    """A difference of two fractions, signed: ``−5.94 points [−6.20, −5.68]``."""
    if not difference.n:
        return "–"
    text = f"{signed(100 * difference.mean)} points"
    if not difference.has_interval:
        return f"{text} [one seed, no interval]"
    return f"{text} [{signed(100 * difference.low)}, {signed(100 * difference.high)}]"


def difference(summary: Summary) -> str:
    """For a table: ``−5.94 [−6.20, −5.68], n = 5``, in points."""
    if not summary.has_interval:
        return f"{signed(100 * summary.mean)} [one seed]" if summary.n else "–"
    return f"{points(summary).replace(' points', '')}, n = {summary.n}"


def signed(value: float) -> str:
    """A number with two decimals and always with its sign. A negative sign is a true minus."""
    return true_minus(f"{value:+.2f}")


def true_minus(number: str) -> str:
    """A written number with a true minus sign, as everywhere in texts for readers."""
    return number.replace("-", "−")


def probability(p: float) -> str:
    """``p = 0.062``, ``p < 0.0001``."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def listed(items: Sequence[str], most: int = 8) -> str:
    """``a, b and c``; beyond ``most`` items, how many more there are."""
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def count(n: int, noun: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """``5.5 days``, ``3.2 h``, ``12 min`` or ``45 s``."""
    if seconds >= 3 * 86_400:
        return f"{seconds / 86_400:,.1f} days"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def unbroken(text: str) -> str:
    """A text in which no interval in brackets and no ``n = 5`` is broken over lines."""
    return re.sub(r"\[[^\]]{1,40}\]| = ", lambda found: found.group().replace(" ", "\u00a0"), text)
