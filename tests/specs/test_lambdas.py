"""No two λs that are shown together are written alike; one that looks like no other is written short."""

import pytest

from specs.lambdas import told_apart, written
from specs.loader import SpecError, parse_sweep
from tests.specs.texts import SWEEP

NEAR = 0.1 + 0.2


def test_a_lambda_is_short_unless_another_looks_the_same() -> None:
    assert [written(lam) for lam in (0, 0.95, 1.0, 1 / 3, NEAR)] == ["0", "0.95", "1", "0.333333", "0.3"]
    with told_apart([0.3, NEAR, 1 / 3, 0.33333333, 1, 0.99999999, 0.5]):
        assert [written(lam) for lam in (0.3, NEAR)] == ["0.3", "0.30000000000000004"]
        assert [written(lam) for lam in (1 / 3, 0.33333333)] == ["0.3333333333333333", "0.33333333"]
        assert [written(lam) for lam in (1.0, 0.99999999, 0.5)] == ["1", "0.99999999", "0.5"]
    assert written(NEAR) == "0.3"


def test_fewer_digits_make_more_of_them_alike() -> None:
    with told_apart([0.99995, 0.99996]):
        assert [written(lam, digits=4) for lam in (0.99995, 0.99996)] == ["0.99995", "0.99996"]
    assert written(0.123456, digits=4) == "0.1235"


def test_blocks_within_blocks_tell_all_of_them_apart() -> None:
    with told_apart([0.3]):
        with told_apart([NEAR]):
            assert written(NEAR) == "0.30000000000000004"
        assert written(NEAR) == "0.3"


def test_messages_tell_them_apart() -> None:
    text = SWEEP.replace("[0, 0.5, 1]", "[0, 0.30000000000000004, 1]") + (
        "claims: [{id: A1, sentence: s, source: t, predicate: {kind: order, steps: "
        "[[{architecture: 4x2.5H, lambda: 0.3}], [{architecture: 4x2.5H, lambda: 0}]]}}]\n"
    )
    with pytest.raises(SpecError, match=r"λ = 0\.3 is not planned, only 0, 0\.30000000000000004, 1;"):
        parse_sweep(text, "near.yaml")
    with pytest.raises(SpecError, match=r"must be within 0 and 1, got 1\.0000000000000002;"):
        parse_sweep(SWEEP.replace("[0, 0.5, 1]", "[0, 1.0000000000000002]"), "near.yaml")
