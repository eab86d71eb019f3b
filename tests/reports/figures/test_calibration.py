"""Calibration against λ: means, paired differences and words from numbers put in by hand."""

from dataclasses import replace

import pytest

from reports.figures import calibration
from reports.figures.calibration import FIGURE
from reports.frames.frames import Frames
from tests.reports.conftest import FramesOf


def measured(frames: Frames) -> Frames:
    """4x16H: the calibration error rises by 3 points in each seed, the Brier score falls by 0.02 in each. 20x4H: the
    error changes by −1, 0 and +1 points, the Brier score rises by 0.01."""
    trials = frames.trials.copy()
    big, end = trials["architecture"] == "4x16H", trials["lam"] == 1
    trials["test_ece"] = 0.02 + 0.001 * trials["seed"]
    trials.loc[big & end, "test_ece"] += 0.03
    trials.loc[~big & end, "test_ece"] += 0.01 * (trials["seed"] - 1)
    trials["test_brier"] = 0.2 + 0.001 * trials["seed"]
    trials.loc[big & end, "test_brier"] -= 0.02
    trials.loc[~big & end, "test_brier"] += 0.01
    return replace(frames, trials=trials)


def test_the_rows_are_means_over_seeds_of_both_measures(full_frames: Frames) -> None:
    data = calibration.data(measured(full_frames)).set_index(["measure", "architecture", "lam"])
    assert len(data) == 2 * 2 * 5
    assert data.loc[("test_ece", "4x16H", 1.0), "mean"] == pytest.approx(0.051)
    assert data.loc[("test_brier", "4x16H", 1.0), "mean"] == pytest.approx(0.181)
    assert data.loc[("test_brier", "20x4H", 0.0), "values"] == pytest.approx([0.2, 0.201, 0.202])


def test_the_words_follow_the_paired_differences_in_their_units(full_frames: Frames) -> None:
    data = calibration.data(measured(full_frames))
    assert FIGURE.titled(data).replace("\u00a0", " ") == (
        "From λ = 0 to λ = 1 the expected calibration error rises by 3.00 points for 4x16H; it does not change "
        "separably for 20x4H (+0.00 points)"
    )
    assert FIGURE.noted(data).replace("\u00a0", " ") == (
        "From λ = 0 to λ = 1 the Brier score falls by 0.0200 for 4x16H; it rises by 0.0100 for 20x4H."
    )


def test_each_measure_has_its_panel_and_unit(full_frames: Frames) -> None:
    figure = FIGURE.drawn(calibration.data(measured(full_frames)))
    ece, brier = (
        next(trace for trace in figure.data if trace.name == "4x16H" and trace.yaxis == axis) for axis in ("y", "y2")
    )
    assert ece.y[-1] == pytest.approx(5.1)
    assert brier.y[-1] == pytest.approx(0.181)
    assert "mean 5.10 %" in ece.text[-1]
    assert "mean 0.181<br>" in brier.text[-1]
    assert [figure.layout.yaxis.title.text, figure.layout.yaxis2.title.text] == ["error in %", "score, 0 to 2"]


def test_the_table_has_units(full_frames: Frames) -> None:
    table = FIGURE.tabled(calibration.data(measured(full_frames)))
    row = next(row for row in table.rows if row[:3] == ["Brier score", "4x16H", "1"])
    assert (row[3], row[5]) == ("0.181", "3 of 3 seeds")
    row = next(row for row in table.rows if row[:3] == ["expected calibration error", "4x16H", "1"])
    assert (row[3], row[6]) == ("5.10 %", "5.00 %, 5.10 %, 5.20 %")


def test_without_results_there_is_no_finding(frames_of: FramesOf) -> None:
    data = calibration.data(frames_of(lambda trial: None))
    assert (FIGURE.titled(data), FIGURE.noted(data)) == ("Calibration against λ", "")
