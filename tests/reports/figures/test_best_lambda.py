"""The best λ, its bootstrap over seeds, and Figure 4."""

import math
from dataclasses import replace

import pytest

from reports.figures import best_lambda as figure_4
from reports.frames.frames import Frames
from reports.statistics.bootstrap import best_lambda
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep


def test_best_lambda_is_the_least_mean_over_the_seeds_that_all_share() -> None:
    found = best_lambda({0: {0: 1.0, 1: 3.0, 2: 0.0}, 0.5: {0: 2.0, 1: 1.0}, 1: {}})
    assert found is not None
    # over the seeds 0 and 1: 2.0 against 1.5
    assert (found.lam, found.n) == (0.5, 2)
    # of four equally probable resamples, (0, 0) alone prefers λ = 0
    assert found.share == pytest.approx(0.75, abs=0.02)
    assert (found.low, found.high) == (0, 0.5)


def test_one_seed_chooses_but_has_no_interval_and_none_chooses_nothing() -> None:
    found = best_lambda({0: {3: 0.2}, 1: {3: 0.1}})
    assert found is not None
    assert (found.lam, found.n) == (1, 1)
    assert math.isnan(found.low)
    assert best_lambda({0: {}, 1: {}}) is None
    assert best_lambda({0: {1: 0.2}, 1: {2: 0.1}}) is None


def test_of_equal_means_the_smaller_lambda_is_the_best() -> None:
    found = best_lambda({1: {0: 0.3, 1: 0.1 + 0.2}, 0.5: {0: 0.1 + 0.2, 1: 0.3}})
    assert found is not None
    assert (found.lam, found.low, found.high, found.share) == (0.5, 0.5, 0.5, 1)


def test_figure_4_chooses_by_validation_error(full_frames: Frames) -> None:
    trials = full_frames.trials.copy()
    trials.loc[trials["lam"] == 0.5, "validation_error"] = 0.0
    trials.loc[trials["lam"] == 0.9, "test_error"] = 0.0
    data = figure_4.data(replace(full_frames, trials=trials))
    assert set(data["best"]) == {0.5}
    assert set(data["best_share"]) == {1}
    assert "least mean validation error." in figure_4.note(data)
    without = figure_4.data(replace(full_frames, trials=trials.assign(validation_error=float("nan"))))
    assert set(without["best"]) == {0.9}
    assert "picked on the test images themselves" in figure_4.note(without)


def test_figure_4_marks_the_best_lambda_and_shows_its_interval(full_frames: Frames) -> None:
    data = figure_4.data(full_frames)
    figure = figure_4.draw(data)
    (rings,) = (trace for trace in figure.data if trace.name == "best λ")
    best = data[data["lam"] == data["best"]]
    assert list(rings.y) == pytest.approx(list(100 * best["mean"]), rel=1e-4)
    right = [trace for trace in figure.data if trace.xaxis == "x2"]
    sizes = sorted(set(data["member_parameters"]))
    assert {trace.x[0] for trace in right} == set(sizes)
    assert list(figure.layout.xaxis2.tickvals) == sizes
    assert list(figure.layout.xaxis2.ticktext) == [f"{size:,}" for size in sizes]
    assert list(figure.layout.yaxis2.ticktext) == ["0", "0.5", "0.9", "0.99", "1"]
    assert figure.layout.yaxis2.matches is None


def test_figure_4_calls_a_fall_separable_only_where_intervals_do_not_meet(full_frames: Frames) -> None:
    data = figure_4.data(full_frames)
    assert "falls:" in figure_4.title(data)
    wide = data.assign(best_low=0.0, best_high=1.0)
    assert "falls, though not separably:" in figure_4.title(wide)


def test_figure_4_needs_two_ensembles(frames_of: FramesOf) -> None:
    one = frames_of(spec=sweep(architectures={"4x16H": {"kind": "mlp", "members": 4, "hidden": 16}}))
    assert not figure_4.applies(one)
