"""Orders and numbers as contrasts: one value per seed, whose mean is held against a reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from reports import wording
from reports.claims.finding import ALPHA, Finding
from reports.statistics import power
from reports.statistics.ranges import ANY, Range
from reports.statistics.significance import PValues, lies_above, lies_between
from reports.statistics.summaries import CONFIDENCE, interval, spread, summarise

BySeed = dict[int, float]
FEWEST_FOR_SIGN_TEST = 6
"""With fewer seeds, a two-sided sign test has p > 0.05 even if all seeds agree."""


@dataclass(frozen=True)
class Contrast:
    """A value per seed whose mean must lie above or below a reference or, with a margin, within it of the reference."""

    label: str
    """What the value is, in words."""
    values: BySeed
    unit: str
    reference: float = 0.0
    margin: float | None = None
    below: bool = False
    """Without a margin: whether the mean must lie below the reference, and not above it."""
    within: Range = ANY
    """The range of the values, and their resolution."""
    signed: bool = True
    """Whether the number is a difference, and so is displayed with its sign."""

    @property
    def ordered(self) -> list[float]:
        """The values in the order of their seeds."""
        return [self.values[seed] for seed in sorted(self.values)]

    def tested(self) -> PValues:
        """The p values of its test."""
        if self.margin is not None:
            return lies_between(self.ordered, *self._band(self.margin), self.within)
        found = lies_above(self.ordered, self.reference, self.within)
        return PValues(found.p_against, found.p_for) if self.below else found

    def decided(self, means: np.ndarray, sds: np.ndarray, n: int, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Whether :meth:`tested` would confirm, and whether it would refute, at a level, given means and deviations.

        Means and standard deviations of n seeds each, of shape (simulation,).
        """
        one, two = (float(stats.t.isf(side, n - 1)) for side in (level, level / 2))
        if self.margin is None:
            t = self.within.t(means, sds, n, self.reference) * (-1 if self.below else 1)
            return t > two, t < -two
        low, high = (self.within.t(means, sds, n, bound) for bound in self._band(self.margin))
        return (low > one) & (high < -one), (low < -two) | (high > two)

    def _band(self, margin: float) -> tuple[float, float]:
        return self.reference - margin, self.reference + margin

    def shown(self) -> tuple[float, float, float]:
        """Mean and ends of the interval that the verdict rests on."""
        return (summarise(self.ordered).mean, *interval(self.ordered, self.confidence, self.within))

    @property
    def confidence(self) -> float:
        """Confidence of the interval that the verdict rests on: 95 %, or 90 % with a margin."""
        return CONFIDENCE if self.margin is None else 1 - 2 * ALPHA

    def filled(self, missing: Sequence[int], towards: float) -> "Contrast":
        """A copy with every missing seed at ``towards`` in the observed ones' prediction interval, from −1 to 1."""
        values = self.ordered
        n, mean = len(values), summarise(values).mean
        half = (
            float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * float(self.within.sd(spread(values))) * (1 + 1 / n) ** 0.5
        )
        likely = min(max(mean + towards * half, self.within.least), self.within.most)
        return replace(self, values=self.values | dict.fromkeys(missing, likely))


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
    n, ordered = len(decisive.values), any(contrast.margin is None for contrast in contrasts)
    return Finding(
        observed=_words(contrasts, shown, p_for <= p_against),
        p_for=p_for,
        p_against=p_against,
        corrected=ordered,
        estimate=mean if n else None,
        low=low if n > 1 else None,
        high=high if n > 1 else None,
        margin=decisive.margin,
        n=n,
        remark=" ".join(filter(None, [_resolution(decisive), _sign_test(n) if ordered else ""])),
    )


def more_seeds(contrasts: Sequence[Contrast], factor: float) -> int | None:
    """Further seeds that settle the claim in 80 % of runs, with p values times ``factor``; None if none would.

    Either verdict settles it, by the rule of :func:`find`: all contrasts confirm, or a single one refutes. Nothing can
    be said where a contrast has neither spread nor a known resolution.
    """
    if any(max(spread(each.ordered or [0.0]), each.within.least_sd) == 0 for each in contrasts):
        return None
    shared = sorted(set.intersection(*(set(contrast.values) for contrast in contrasts)))
    values = np.array([[contrast.values[seed] for contrast in contrasts] for seed in shared])
    level = ALPHA / max(factor, 1.0)

    def settled(means: np.ndarray, sds: np.ndarray, n: int) -> np.ndarray:
        columns = list(zip(contrasts, means.T, sds.T, strict=True))
        confirmed = [contrast.decided(mean, sd, n, level)[0] for contrast, mean, sd in columns]
        refuted = [contrast.decided(mean, sd, n, level / len(columns))[1] for contrast, mean, sd in columns]
        return np.asarray(np.all(confirmed, axis=0) | np.any(refuted, axis=0))

    return power.more_seeds(values, settled)


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
    if contrast.reference:
        band += f" around {contrast.reference:g}" if band else f"; bound {contrast.reference:g}"
    which = ""
    if len(contrasts) > 1:
        which = f" ({'the weakest' if favourable else 'the most contrary'} of {len(contrasts)} comparisons)"
    return f"{contrast.label}: {mean} {contrast.unit}, {spread}{band}{which}."


def _unsigned(value: float) -> str:
    return wording.true_minus(f"{value:.2f}")


def _resolution(contrast: Contrast) -> str:
    least = contrast.within.least_sd
    if len(contrast.values) < 2 or spread(contrast.ordered) >= least:
        return ""
    return (
        "The seeds agree more closely than test images can tell; their standard deviation is taken to be "
        f"{least:.2g} {contrast.unit}, one image for each error rate."
    )


def _sign_test(n: int) -> str:
    if not 1 < n < FEWEST_FOR_SIGN_TEST:
        return ""
    return (
        f"With {n} seeds no sign test can be significant (p ≥ {2 * 0.5**n:.2g}): this rests on differences being "
        "normally distributed."
    )
