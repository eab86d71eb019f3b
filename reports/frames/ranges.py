"""The range and resolution of each measured column of ``trials``, from the data set that it was measured on."""

from reports.frames.frames import Frames
from reports.statistics.ranges import ANY, FRACTION, POSITIVE, Range
from specs.datasets import facts_of

RANGES = {
    "validation_error": FRACTION, "test_member_error": FRACTION, "test_ece": FRACTION, "dominance": FRACTION,
    "test_brier": Range(0.0, 2.0),
    **dict.fromkeys(("test_nll", "test_member_nll", "test_diversity"), POSITIVE),
}  # fmt: skip
"""Ranges of measured columns, but for ``test_error``, whose resolution depends on the data set."""


def error_range(frames: Frames) -> Range:
    """The range of a fraction of test images.

    Its resolution is one image: a standard deviation below that says that few seeds agreed by chance. With it, every
    kind of verdict on counts errs at most at its nominal rate (tests/reports/claims/test_verdict_rates.py).
    """
    return Range(0.0, 1.0, least_sd=1 / facts_of(frames.sweep.dataset).test)


def column_range(frames: Frames, column: str) -> Range:
    """The range of a column of ``trials``."""
    return error_range(frames) if column == "test_error" else RANGES.get(column, ANY)
