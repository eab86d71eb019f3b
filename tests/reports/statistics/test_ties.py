"""Shares of the ways to break ties, against all ways written out."""

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest

from reports.statistics import ties

LAMBDAS = 4
TIED = np.random.default_rng(12).random((200, 3, LAMBDAS)) < 0.4
TIED[~TIED.any(-1), 0] = True  # something is always the best
ENSEMBLES = [TIED[:, i] for i in range(3)]
INSIDE = np.array([False, True, True, False])


def share(holds: Callable[[tuple[int, ...]], bool]) -> list[float]:
    """The share of ways in which a statement about the places of the best λs holds, row by row."""
    rows = [list(product(*(np.flatnonzero(own) for own in row))) for row in TIED]
    return [float(np.mean([holds(way) for way in ways])) for ways in rows]


def steps(way: tuple[int, ...]) -> list[int]:
    return [after - before for before, after in pairwise(way)]


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        (ties.alike(ENSEMBLES), lambda way: not any(steps(way))),
        (ties.falling(ENSEMBLES), lambda way: max(steps(way)) <= 0 and any(steps(way))),
        (ties.rising(ENSEMBLES), lambda way: min(steps(way)) >= 0 and any(steps(way))),
        (ties.all_among(ENSEMBLES, [INSIDE] * 3), lambda way: all(INSIDE[place] for place in way)),
    ],
)
def test_shares_are_those_of_all_ways(found: np.ndarray, holds: Callable[[tuple[int, ...]], bool]) -> None:
    expected = share(holds)
    assert found == pytest.approx(expected)
    # What holds in every way, or in none, is told exactly.
    assert [value in (0, 1) for value in found] == [value in (0, 1) for value in expected]
