"""Model dominance against numbers worked out by hand, and how it must move with what it is made of."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.statistics.dominance import model_dominance

NAN = float("nan")


@pytest.mark.parametrize(
    ("ensemble", "members", "classes", "expected"),
    [
        (0.25, [0.26, 0.99, 0.99, 0.99], 100, 73 / 74),  # the paper's effect: 73/73 and 73/74
        (
            0.106,
            [0.75, *[0.87] * 255],
            10,
            12 / 76.4,
        ),  # 256 networks at λ = 1 do together what none can: 12/15, 12/76.4
        (0.103, [0.109, 0.105, 0.109], 10, 0.4 / 79.5),  # equal members, of whom one is best: 0.4/79.5 and 0.4/0.6
        (0.2, [0.3, 0.3, 0.3], 10, 0.0),
        (0.2, [0.2, 0.5, 0.7], 10, 4 / 7),  # the best is the ensemble: the first share alone, of 60 % on average
        (0.3, [0.2, 0.6, 0.6], 10, 4 / 7),  # the best errs less than the ensemble
        (0.8, [0.2, 0.6, 0.6], 10, 4 / 7),  # the others, too
        (0.1, [0.1, 1.0], 10, 1.0),  # worse than chance
        (0.1, [0.5, 1.0], 10, 5 / 9),  # also where the ensemble is far better
        (0.5, [0.9, 0.94], 10, 4 / 44),  # no member is better than chance: 4/0 and 4/44
        (0.1, [0.1], 10, NAN),
        (0.93, [0.95, 0.92], 10, NAN),  # nothing is better than chance
        (0.9, [0.9, 0.9], 10, NAN),
    ],
)
def test_it_is_what_one_works_out_by_hand(ensemble: float, members: list[float], classes: int, expected: float) -> None:
    assert model_dominance(ensemble, members, classes) == pytest.approx(expected, nan_ok=True)


def test_a_single_precision_list_of_the_store_will_do() -> None:
    assert model_dominance(0.25, np.array([0.26, 0.99], dtype="float32"), 100) == pytest.approx(73 / 74)


ERROR = st.integers(0, 1000).map(lambda count: count / 1000)
MEMBERS = st.lists(ERROR, min_size=2, max_size=6)
CLASSES = st.sampled_from([2, 10, 100])
ROUNDING = 1e-9


@given(ERROR, MEMBERS, CLASSES)
def test_it_is_a_share_or_undefined_and_no_member_has_a_place(
    ensemble: float, members: list[float], classes: int
) -> None:
    found = model_dominance(ensemble, members, classes)
    assert math.isnan(found) == (min(ensemble, *members) >= 1 - 1 / classes)
    assert math.isnan(found) or 0 <= found <= 1
    assert model_dominance(ensemble, members[::-1], classes) == pytest.approx(found, nan_ok=True)


@given(ERROR, MEMBERS, CLASSES, ERROR)
def test_it_never_rises_where_the_ensemble_gets_better(
    ensemble: float, members: list[float], classes: int, better: float
) -> None:
    before, after = (model_dominance(e, members, classes) for e in (ensemble, min(ensemble, better)))
    assert math.isnan(before) or after <= before + ROUNDING


@given(ERROR, MEMBERS, CLASSES, ERROR)
def test_it_never_falls_where_the_best_member_gets_better(
    ensemble: float, members: list[float], classes: int, better: float
) -> None:
    members = sorted(members)
    before, after = (model_dominance(ensemble, [best, *members[1:]], classes) for best in
                     (members[0], min(members[0], better)))  # fmt: skip
    assert math.isnan(before) or after >= before - ROUNDING


@given(ERROR, MEMBERS, CLASSES, st.lists(ERROR, min_size=6, max_size=6))
def test_it_never_falls_where_the_others_get_worse(
    ensemble: float, members: list[float], classes: int, more: list[float]
) -> None:
    best, *others = sorted(members)
    worse = [min(1.0, error + rise) for error, rise in zip(others, more, strict=False)]
    before, after = (model_dominance(ensemble, [best, *each], classes) for each in (others, worse))
    assert math.isnan(before) or after >= before - ROUNDING
