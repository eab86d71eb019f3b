"""Figure 4: the best λ of each ensemble, its ties, and the order of the best λs by the members' size."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest

from reports.figures import best_lambda as figure_4
from reports.frames.frames import Frames
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

SMALL, LARGE = "20x4H", "4x16H"
"""The ensembles by the size of their members."""


def validated(frames: Frames, wrong: Mapping[str, Mapping[float, int]]) -> Frames:
    """The same frames, with these numbers of wrong validation images in every seed, and 100 at all other λs."""
    trials = frames.trials
    counts = [
        wrong.get(name, {}).get(lam, 100) for name, lam in zip(trials["architecture"], trials["lam"], strict=True)
    ]
    return replace(frames, trials=trials.assign(validation_error=[count / 200 for count in counts]))


def drawn(data: pd.DataFrame) -> tuple[go.Scatter, dict[str, go.Scatter]]:
    """The rings on the left, and the marks on the right by ensemble."""
    figure = figure_4.draw(data)
    (rings,) = (trace for trace in figure.data if trace.name == "best λ")
    return rings, {trace.name: trace for trace in figure.data if trace.xaxis == "x2"}


def test_figure_4_chooses_by_validation_error(full_frames: Frames) -> None:
    trials = full_frames.trials.copy()
    trials.loc[trials["lam"] == 0.5, "validation_error"] = 0.0
    trials.loc[trials["lam"] == 0.9, "test_error"] = 0.0
    data = figure_4.data(replace(full_frames, trials=trials))
    assert list(data["best"]) == [[0.5]] * len(data)
    assert set(data["best_share"]) == {1}
    assert list(data["share"]) == [float(lam == 0.5) for lam in data["lam"]]
    assert "least mean validation error." in figure_4.note(data)
    without = figure_4.data(replace(full_frames, trials=trials.assign(validation_error=float("nan"))))
    assert list(without["best"]) == [[0.9]] * len(without)
    assert "picked on the test images themselves" in figure_4.note(without)


def test_figure_4_marks_the_best_lambda_and_shows_its_interval(full_frames: Frames) -> None:
    data = figure_4.data(full_frames)
    figure = figure_4.draw(data)
    rings, right = drawn(data)
    best = data[[row["lam"] in row["best"] for _, row in data.iterrows()]]
    assert len(best) == 2
    assert list(rings.y) == pytest.approx(list(100 * best["mean"]), rel=1e-4)
    sizes = sorted(set(data["member_parameters"]))
    assert {trace.x[0] for trace in right.values()} == set(sizes)
    assert list(figure.layout.xaxis2.tickvals) == sizes
    assert list(figure.layout.xaxis2.ticktext) == [f"{size:,}" for size in sizes]
    assert list(figure.layout.yaxis2.ticktext) == ["0", "0.5", "0.9", "0.99", "1"]
    assert figure.layout.yaxis2.matches is None


def test_every_tied_lambda_is_ringed_named_and_inside_the_bar(full_frames: Frames) -> None:
    data = figure_4.data(validated(full_frames, {SMALL: {0.9: 5}, LARGE: {0: 9, 0.9: 9}}))
    rings, right = drawn(data)
    assert sorted(rings.x) == [0, 2, 2]  # places of λ = 0 and 0.9
    tie, alone = right[LARGE], right[SMALL]
    assert (list(tie.x), list(tie.y)) == ([data["member_parameters"].max()] * 2, [0, 2])
    assert (tie.error_y.array[0], tie.error_y.arrayminus[0]) == (2, 0)
    assert (alone.error_y.array[0], alone.error_y.arrayminus[0]) == (0, 0)
    assert "best λ 0 or 0.9 (tied) by validation error" in tie.text[0]
    assert "0.9 for 20x4H and 0 or 0.9 (tied) for 4x16H" in figure_4.title(data)
    assert "100.0 % for 20x4H and 100.0 % for 4x16H. A resample in which several λs tie" in figure_4.note(data)
    cells = {tuple(row[:2]): row for row in figure_4.table(data).rows}
    column = list(figure_4.table(data).headers).index("best λ")
    assert cells["4x16H", "0"][column : column + 3] == ["0 or 0.9 (tied)", "0 to 0.9", "50.0"]
    assert cells["4x16H", "0.5"][column : column + 3] == ["", "", "0.0"]


def test_the_bar_of_one_seed_spans_its_ties(frames_of: FramesOf) -> None:
    frames = validated(frames_of(spec=sweep(seeds=1)), {SMALL: {0.9: 5}, LARGE: {0.5: 9, 1: 9}})
    data = figure_4.data(frames)
    _, right = drawn(data)
    assert (right[LARGE].error_y.array[0], right[LARGE].error_y.arrayminus[0]) == (3, 0)
    assert (right[SMALL].error_y.array[0], right[SMALL].error_y.arrayminus[0]) == (0, 0)
    assert "one seed: no interval" in right[LARGE].text[0]
    assert "resamples" not in figure_4.note(data)


@pytest.mark.parametrize(
    ("small", "large", "words"),
    [
        ([0.9], [0.5], "falls: 0.9 for"),
        ([0.9, 1], [0, 0.5], "falls: 0.9 or 1 (tied) for"),
        ([0.5], [0.5], "stays the same: 0.5 for"),
        ([0.5], [0.9, 1], "rises: 0.5 for"),
        ([0.9], [0.5, 0.9], "has no order, because λs tie: 0.9 for"),
        ([0.5, 0.9], [0.5, 0.9], "has no order, because λs tie: 0.5 or 0.9 (tied) for"),
    ],
)
def test_an_order_is_told_where_it_is_the_same_however_ties_are_broken(
    full_frames: Frames, small: list[float], large: list[float], words: str
) -> None:
    wrong = {SMALL: dict.fromkeys(small, 5), LARGE: dict.fromkeys(large, 5)}
    data = figure_4.data(validated(full_frames, wrong))
    assert f"From the smallest members to the largest, the best λ {words} 20x4H" in figure_4.title(data)


def test_figure_4_calls_a_fall_separable_only_where_intervals_do_not_meet(full_frames: Frames) -> None:
    data = figure_4.data(full_frames)
    assert "falls:" in figure_4.title(data)
    wide = data.assign(best_low=0.0, best_high=1.0)
    assert "falls, though not separably:" in figure_4.title(wide)


def test_figure_4_says_on_which_seeds_lambdas_are_compared(partial_frames: Frames) -> None:
    note = figure_4.note(figure_4.data(partial_frames))
    # 4x16H lacks seed 2 at λ = 0.9 and seed 1 at λ = 1; of 20x4H two λs have nothing.
    assert "λs are compared on the seeds that all have: 3 for 20x4H and 1 for 4x16H." in note
    nb = "\u00a0"
    assert f"Left out without any complete trial: 20x4H at λ{nb}={nb}0.5 and 20x4H at λ{nb}={nb}0.9." in note
    assert "least mean" in note


def test_figure_4_needs_two_ensembles(frames_of: FramesOf) -> None:
    one = frames_of(spec=sweep(architectures={"4x16H": {"kind": "mlp", "members": 4, "hidden": 16}}))
    assert not figure_4.applies(one)
