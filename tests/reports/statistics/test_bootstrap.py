"""The best λ, its ties and its bootstrap, against all resamples of a few seeds."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest

from reports.statistics.bootstrap import best_lambda, compared, least, resampled_sums

GRID = [0.0, 0.5, 0.9, 1.0]


def table(*rows: list[float]) -> pd.DataFrame:
    """Numbers of wrong images: a row per seed."""
    return pd.DataFrame(rows, columns=GRID[: len(rows[0])], dtype=float)


def test_resampled_sums_are_those_of_whole_seeds_and_always_the_same() -> None:
    wrong = np.array([[1, 10], [2, 20], [4, 40]])
    sums = resampled_sums(wrong, 2_700)
    assert sums.shape == (2_700, 2)
    assert np.array_equal(sums[:, 1], 10 * sums[:, 0])  # a seed's columns stay together
    assert np.array_equal(sums, resampled_sums(wrong, 2_700))
    assert set(sums[:, 0]) == {sum(drawn) for drawn in product([1, 2, 4], repeat=3)}
    assert np.mean(sums[:, 0] == 3) == pytest.approx(1 / 27, abs=0.015)


def test_ties_are_told_by_whole_numbers_alone() -> None:
    assert least(np.array([[3, 1, 1], [0, 0, 0], [2, 1, 3]])).tolist() == [
        [False, True, True],
        [True] * 3,
        [False, True, False],
    ]
    with pytest.raises(TypeError, match="whole numbers"):
        least(np.array([0.1 + 0.2, 0.3]))


def test_lambdas_are_compared_over_the_seeds_that_every_measured_one_has() -> None:
    nan = float("nan")
    wrong = pd.DataFrame({0.0: [1, 3, 0], 0.5: [2, 1, nan], 0.9: [nan] * 3}, index=[4, 7, 9])
    assert compared(wrong).to_dict() == {0.0: {4: 1, 7: 3}, 0.5: {4: 2, 7: 1}}
    found = best_lambda(wrong)
    assert found is not None
    assert (found.tied, found.seeds) == ((0.5,), (4, 7))  # 4 against 3 images; seed 9 would turn it
    # of four equally probable resamples, (4, 4) alone prefers λ = 0
    assert found.share == pytest.approx(0.75, abs=0.02)
    assert (found.low, found.high) == (0, 0.5)


def test_one_seed_chooses_but_has_no_interval_and_none_chooses_nothing() -> None:
    found = best_lambda(table([20, 10, 10]))
    assert found is not None
    assert (found.tied, found.seeds) == ((0.5, 0.9), (0,))
    assert all(math.isnan(number) for number in (found.low, found.high, found.share))
    nan = float("nan")
    assert best_lambda(table([nan, nan])) is None
    assert best_lambda(table([1, nan], [nan, 2])) is None
    assert best_lambda(pd.DataFrame()) is None


def test_all_lambdas_with_equal_errors_tie() -> None:
    found = best_lambda(table([6, 6, 7], [2, 2, 2], [8, 8, 9]))
    assert found is not None
    assert found.tied == (0, 0.5)
    # Both tie in every resample. In 1 of 27 all three seeds are the second, where λ = 0.9 ties too.
    assert found.shares == pytest.approx({0: 1 / 2 - 1 / 162, 0.5: 1 / 2 - 1 / 162, 0.9: 1 / 81}, abs=0.005)
    assert found.share == pytest.approx(1 - 1 / 81, abs=0.005)
    assert (found.low, found.high) == (0, 0.5)


def test_the_interval_holds_every_tied_lambda_even_one_that_resamples_hardly_choose() -> None:
    # The sum at λ = 0 always lies between the two others, so a resample chooses it only where all three tie.
    apart = [1, 2, 4, 8, 16, 32, 64, 128, 256, -511]
    found = best_lambda(table(*([1000, 1000 + d, 1000 - d] for d in apart)))
    assert found is not None
    assert found.tied == (0, 0.5, 0.9)
    assert found.shares[0] < 0.01
    assert (found.low, found.high) == (0, 0.9)


@pytest.mark.parametrize("seed", range(4))
def test_shares_are_those_of_all_resamples_of_three_seeds_with_ties_in_parts(seed: int) -> None:
    wrong = np.random.default_rng(seed).integers(8, 12, (3, 4))
    parts = np.zeros(4)
    for drawn in product(range(3), repeat=3):
        sums = wrong[list(drawn)].sum(0)
        parts += (sums == sums.min()) / np.sum(sums == sums.min()) / 27
    found = best_lambda(table(*wrong.tolist()))
    assert found is not None
    assert list(found.shares.values()) == pytest.approx(list(parts), abs=0.02)  # four standard errors
    assert sum(found.shares.values()) == pytest.approx(1)
    sums = wrong.sum(0)
    assert found.tied == tuple(lam for lam, own in zip(GRID, sums, strict=True) if own == min(sums))
    assert found.low <= found.tied[0] <= found.tied[-1] <= found.high
    # The percentile interval leaves out at most 2.5 % on either side.
    assert sum(part for lam, part in found.shares.items() if lam < found.low) < 0.025 + 1e-9
    assert sum(part for lam, part in found.shares.items() if lam > found.high) < 0.025 + 1e-9
