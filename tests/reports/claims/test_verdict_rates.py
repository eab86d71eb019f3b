"""How often verdicts on counted errors are wrong, with the truth known: every outcome of few seeds, or a simulation.

Counts of wrong images are small integers. Each distribution here is of the images on which seeds disagree; the images
that all seeds classify alike add a constant. Where counts are small, all outcomes are enumerated, which leaves
nothing to chance.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np
import pytest

from reports.claims.contrasts import Contrast
from reports.statistics.ranges import Range

IMAGES = 360
POINT = 100 / IMAGES
"""One image, in points."""
SEEDS = (2, 3, 4, 5, 6, 8, 12)
MOST_OUTCOMES = 2_000
"""Distributions of more values are enumerated for fewer seeds."""
ALPHA = 0.05
RATE = Range(0.0, 100.0, least_sd=POINT)
"""The range of an error rate, in percent, as claims have it."""
APPROXIMATE = 0.005
"""By so much a t test may exceed its level with counts, which are not normally distributed."""
Distribution = Mapping[int, float]


def binomial(n: int, p: float) -> Distribution:
    return {k: comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)}


def difference(of: Distribution, against: Distribution) -> Distribution:
    found: dict[int, float] = {}
    for first, p in of.items():
        for second, q in against.items():
            found[first - second] = found.get(first - second, 0.0) + p * q
    return found


def outcomes(counts: Distribution, seeds: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every multiset of the seeds' counts, with its probability."""
    for drawn in combinations_with_replacement(sorted(counts), seeds):
        ways = factorial(seeds) // prod(factorial(drawn.count(value)) for value in set(drawn))
        yield drawn, ways * prod(counts[value] for value in drawn)


def mean(counts: Distribution) -> float:
    return sum(value * p for value, p in counts.items())


def difference_of(values: list[float], margin: float | None = None) -> Contrast:
    return Contrast("", dict(enumerate(values)), "points", margin=margin, within=RATE.difference())


FEW = {"one image": binomial(1, 0.5), "two": binomial(2, 0.5), "three": binomial(3, 0.5), "rare": binomial(3, 0.1)}


def cases(paired: bool) -> list[tuple[str, int]]:
    """Distributions and numbers of seeds that can be enumerated."""
    values = {name: 2 * len(counts) - 1 if paired else len(counts) for name, counts in FEW.items()}
    return [(name, n) for name in FEW for n in SEEDS if comb(values[name] + n - 1, n) <= MOST_OUTCOMES]


@pytest.mark.parametrize(("name", "seeds"), cases(paired=True))
def test_an_order_of_equal_networks_is_told_at_most_as_often_as_its_level(name: str, seeds: int) -> None:
    wrong = {"for": 0.0, "against": 0.0}
    for drawn, probability in outcomes(difference(FEW[name], FEW[name]), seeds):
        found = difference_of([value * POINT for value in drawn]).tested()
        wrong["for"] += probability * (found.p_for < ALPHA)
        wrong["against"] += probability * (found.p_against < ALPHA)
    assert max(wrong.values()) <= ALPHA / 2 + APPROXIMATE


@pytest.mark.parametrize("margin", [1, 2])
@pytest.mark.parametrize(("name", "seeds"), cases(paired=True))
def test_networks_a_margin_apart_are_seldom_called_equivalent(name: str, seeds: int, margin: int) -> None:
    wrong = 0.0
    for drawn, probability in outcomes(difference(FEW[name], FEW[name]), seeds):
        values = [(value + margin) * POINT for value in drawn]
        wrong += probability * (difference_of(values, margin * POINT).tested().p_for < ALPHA)
    assert wrong <= ALPHA + APPROXIMATE


@pytest.mark.parametrize("always", [0, 40])
@pytest.mark.parametrize(("name", "seeds"), cases(paired=False))
def test_a_rate_at_its_bound_is_seldom_told_to_be_on_one_side(name: str, seeds: int, always: int) -> None:
    counts, wrong = FEW[name], {"for": 0.0, "against": 0.0}
    for drawn, probability in outcomes(counts, seeds):
        values = dict(enumerate((value + always) * POINT for value in drawn))
        found = Contrast("", values, "%", (mean(counts) + always) * POINT, within=RATE).tested()
        wrong["for"] += probability * (found.p_for < ALPHA)
        wrong["against"] += probability * (found.p_against < ALPHA)
    assert max(wrong.values()) <= ALPHA / 2 + APPROXIMATE


def test_three_seeds_that_differ_by_one_image_prove_nothing_and_twelve_do() -> None:
    for seeds, told in ((2, False), (3, False), (4, False), (12, True)):
        found = difference_of([POINT] * seeds).tested()
        assert (found.p_for < ALPHA) is told, seeds
        assert found.p_against == 1


def test_seeds_that_are_all_equal_say_nothing_of_an_order() -> None:
    for seeds in SEEDS:
        found = difference_of([0.0] * seeds).tested()
        assert (found.p_for, found.p_against) == (1, 1)


SIMULATIONS = 100_000
FOUR_ERRORS = 4 * (0.025 * 0.975 / SIMULATIONS) ** 0.5


@pytest.mark.parametrize("wrong_images", [0.3, 1, 3, 8, 36])
@pytest.mark.parametrize("seeds", [2, 3, 5, 8, 12])
def test_rates_of_independent_images_are_seldom_told_to_be_beyond_their_bound(wrong_images: float, seeds: int) -> None:
    drawn = np.random.default_rng(seeds).binomial(IMAGES, wrong_images / IMAGES, (SIMULATIONS, seeds)) * POINT
    contrast = Contrast("", {}, "%", wrong_images * POINT, within=RATE)
    above, below = contrast.decided(drawn.mean(1), drawn.std(1, ddof=1), seeds, ALPHA)
    assert max(above.mean(), below.mean()) <= ALPHA / 2 + APPROXIMATE + FOUR_ERRORS


@pytest.mark.parametrize("images", [0.3, 1, 3, 20])
@pytest.mark.parametrize("seeds", [2, 3, 5, 8, 12])
def test_differences_of_skewed_counts_are_seldom_told_from_their_mean(images: float, seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    more, fewer = (generator.poisson(mean, (SIMULATIONS, seeds)) for mean in (4 * images, images))
    drawn = (more - fewer) * POINT
    contrast = Contrast("", {}, "points", 3 * images * POINT, within=RATE.difference())
    above, below = contrast.decided(drawn.mean(1), drawn.std(1, ddof=1), seeds, ALPHA)
    assert max(above.mean(), below.mean()) <= ALPHA / 2 + APPROXIMATE + FOUR_ERRORS


@pytest.mark.parametrize("reference", [0.0, 1.0])
@pytest.mark.parametrize("margin", [None, 0.4])
@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_decisions_on_arrays_are_those_of_the_test(
    reference: float, margin: float | None, below: bool, level: float
) -> None:
    drawn = np.random.default_rng(5).normal(1.1, 0.5, (200, 4)).clip(0)
    within = Range(0.0, 100.0, least_sd=0.2)
    of = [Contrast("", dict(enumerate(row)), "%", reference, margin, below, within) for row in drawn.tolist()]
    confirmed, refuted = of[0].decided(drawn.mean(1), drawn.std(1, ddof=1), 4, level)
    assert [each.tested().p_for < level for each in of] == confirmed.tolist()
    assert [each.tested().p_against < level for each in of] == refuted.tolist()
