"""Orders and numbers as contrasts: one value a seed, whose mean is above 0, or within a margin of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy import stats

from reports import wording
from reports.claims.finding import ALPHA, Finding
from reports.statistics import power
from reports.statistics.significance import PValues, equivalent_to_zero, tends_above_zero
from reports.statistics.summaries import CONFIDENCE, interval, summarise

BySeed = dict[int, float]
FEWEST_FOR_SIGN_TEST = 6
"""Below it even seeds that all agree have a two-sided sign test of p > 0.05."""


@dataclass(frozen=True)
class Contrast:
    """What must be above 0 in the mean over seeds; with a margin, what must lie within it of 0."""

    label: str
    """What the value is, in words."""
    values: BySeed
    unit: str
    margin: float | None = None
    offset: float = 0.0
    """Added to what is shown: the number that a value is held against."""
    scale: float = 1.0
    """Multiplied with what is shown, before: −1 where a value must lie below a bound."""
    signed: bool = True
    """Whether what is shown is a difference."""

    @property
    def ordered(self) -> list[float]:
        """The values by seed."""
        return [self.values[seed] for seed in sorted(self.values)]

    def tested(self) -> PValues:
        """Its p values."""
        if self.margin is None:
            return tends_above_zero(self.ordered)
        return equivalent_to_zero(self.ordered, self.margin)

    def shown(self) -> tuple[float, float, float]:
        """Mean and interval as they are shown: in the unit and place of what was measured."""
        mean = summarise(self.ordered).mean
        low, high = sorted(self.scale * end + self.offset for end in interval(self.ordered, self.confidence))
        return self.scale * mean + self.offset, low, high

    @property
    def confidence(self) -> float:
        """Of the interval that its verdict rests on."""
        return CONFIDENCE if self.margin is None else 1 - 2 * ALPHA

    def filled(self, missing: Sequence[int], towards: float) -> "Contrast":
        """With every missing seed at one place of the observed ones' prediction interval, −1 and 1 its ends."""
        values = self.ordered
        n, summary = len(values), summarise(values)
        spread = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * summary.sd * (1 + 1 / n) ** 0.5
        return replace(self, values=self.values | dict.fromkeys(missing, summary.mean + towards * spread))


def find(contrasts: Sequence[Contrast]) -> Finding:
    """The finding of a claim that holds where all its contrasts do.

    It is confirmed by the largest p of its contrasts (an intersection-union test needs no correction), and refuted by
    the smallest p against one of them times their number (Bonferroni). The contrast that decides is shown.
    """
    tests = [contrast.tested() for contrast in contrasts]
    p_for = max(test.p_for for test in tests)
    p_against = min(1.0, len(tests) * min(test.p_against for test in tests))
    fewest = min(range(len(tests)), key=lambda i: len(contrasts[i].values))
    if len(contrasts[fewest].values) < 2:
        shown = fewest
    elif p_for <= p_against:
        shown = max(range(len(tests)), key=lambda i: tests[i].p_for)
    else:
        shown = min(range(len(tests)), key=lambda i: tests[i].p_against)
    decisive = contrasts[shown]
    mean, low, high = decisive.shown()
    n = len(decisive.values)
    return Finding(
        observed=_words(contrasts, shown, p_for <= p_against),
        p_for=p_for,
        p_against=p_against,
        corrected=any(contrast.margin is None for contrast in contrasts),
        estimate=mean if n else None,
        low=low if n > 1 else None,
        high=high if n > 1 else None,
        margin=decisive.margin,
        n=n,
        remark=_sign_test(n) if any(contrast.margin is None for contrast in contrasts) else "",
    )


def more_seeds(contrasts: Sequence[Contrast], factor: float) -> int | None:
    """Seeds that would settle every open contrast, with p values corrected by ``factor``; None where none would."""
    tests = [(contrast, contrast.tested()) for contrast in contrasts]
    found = [
        power.more_seeds(contrast.ordered, contrast.margin, ALPHA / max(factor, 1.0))
        for contrast, test in tests
        if min(test.p_for, test.p_against) * factor >= ALPHA
    ]
    needed = [number for number in found if number is not None]
    return max(needed) if len(needed) == len(found) > 0 else None


def _words(contrasts: Sequence[Contrast], shown: int, favourable: bool) -> str:
    contrast = contrasts[shown]
    n = len(contrast.values)
    if not n:
        return f"{contrast.label}: no complete seed."
    write = wording.signed if contrast.signed else _unsigned
    mean, low, high = map(write, contrast.shown())
    spread = (
        f"{100 * contrast.confidence:.0f} % interval [{low}, {high}], {n} seeds" if n > 1 else "one seed, no interval"
    )
    band = f"; margin ±{contrast.margin:g}" if contrast.margin is not None else ""
    band += f" around {contrast.offset:g}" if band and contrast.offset else ""
    band += f"; bound {contrast.offset:g}" if contrast.margin is None and contrast.offset else ""
    which = ""
    if len(contrasts) > 1:
        which = f" ({'the weakest' if favourable else 'the most contrary'} of {len(contrasts)} comparisons)"
    return f"{contrast.label}: {mean} {contrast.unit}, {spread}{band}{which}."


def _unsigned(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _sign_test(n: int) -> str:
    if not 1 < n < FEWEST_FOR_SIGN_TEST:
        return ""
    return (
        f"With {n} seeds no sign test can be significant (p ≥ {2 * 0.5**n:.2g}): this rests on differences being "
        "normally distributed."
    )
