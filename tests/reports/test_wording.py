"""Numbers in words."""

import pytest

from reports import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (45, "45 s"),
        (720, "12 min"),
        (11_520, "3.2 h"),
        (200_000, "55.6 h"),
        (475_200, "5.5 days"),
        (1e9, "11,574.1 days"),
    ],
)
def test_a_duration_has_a_unit_that_fits(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


def test_an_interval_stays_on_one_line() -> None:
    assert wording.unbroken("10.3 % [10.1, 10.4], n = 5") == "10.3 % [10.1,\u00a010.4], n\u00a0=\u00a05"
    assert wording.unbroken("a [sentence in brackets that is far too long for one line] b").count("\u00a0") == 0
