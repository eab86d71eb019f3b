import math

import pandas as pd
import pytest

from reports.figures import FIGURES, dominance, error_against_lambda, losses, robustness, scales, style
from reports.frames.frames import Frames
from tests.reports.claims.claimed import logit_interval
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep


def cell(data: pd.DataFrame, architecture: str, lam: float) -> pd.Series:
    return data[(data["architecture"] == architecture) & (data["lam"] == lam)].iloc[0]


def test_error_data_is_the_summary_of_the_complete_seeds(partial_frames: Frames) -> None:
    data = error_against_lambda.data(partial_frames)
    row = cell(data, "4x16H", 1)
    trials = partial_frames.trials.query("architecture == '4x16H' and lam == 1").sort_values("seed")
    assert row["seeds"] == [0, 2]
    assert row["values"] == list(trials["test_error"])
    assert row["low"] == pytest.approx(logit_interval(list(trials["test_error"]), 0.95, most=1)[0])
    assert (row["planned"], row["complete"], row["diverged"]) == (3, 2, 1)
    assert math.isnan(cell(data, "20x4H", 0.5)["mean"])


def test_error_figure_marks_missing_and_lost_seeds(partial_frames: Frames) -> None:
    figure = error_against_lambda.draw(error_against_lambda.data(partial_frames))
    means = [trace for trace in figure.data if trace.name == "mean over seeds"]
    assert [symbol.endswith("-open") for symbol in means[0].marker.symbol] == [False, False, True, False, True]
    crosses = [trace for trace in figure.data if trace.name == "failed, diverged or corrupt"]
    assert [trace.marker.symbol for trace in crosses] == ["x", "x"]
    assert [list(trace.x) for trace in crosses] == [[4.0], [1.0]]
    assert [list(trace.x) for trace in figure.data if trace.name == "no seed yet"] == [[2.0]]
    assert sum(len(trace.x) for trace in figure.data if trace.name == "one seed") == 22
    assert sum(trace.name == "single network 1x64H" for trace in figure.data) == 2


def test_error_hover_tells_everything_of_a_cell(partial_frames: Frames) -> None:
    figure = error_against_lambda.draw(error_against_lambda.data(partial_frames))
    text = next(trace for trace in figure.data if trace.name == "mean over seeds").text[4]
    trial_id = partial_frames.trials.query("architecture == '4x16H' and lam == 1 and seed == 0")["trial_id"].iloc[0]
    for part in ("4x16H", "mean ", "95 % interval", "2 of 3 seeds (1 diverged)", "learning rate 0.1", trial_id):
        assert part in text


def test_error_title_states_the_finding(full_frames: Frames) -> None:
    title = error_against_lambda.title(error_against_lambda.data(full_frames))
    assert "points for 20x4H" in title
    assert title.index("rises by") < title.index("falls by")


def test_error_bars_can_be_switched(full_frames: Frames) -> None:
    data = error_against_lambda.data(full_frames)
    figure = error_against_lambda.draw(data)
    switch = next(s for s in figure.layout.meta["switches"] if s["label"] == "error bars")
    up, sd, se = (next(each for path, each in o["set"].items() if path.endswith("array")) for o in switch["options"])
    down = next(each for path, each in switch["options"][0]["set"].items() if path.endswith("arrayminus"))
    assert sd[0] == pytest.approx(100 * cell(data, "4x16H", 0)["sd"], rel=1e-4)
    assert se[0] == pytest.approx(sd[0] / math.sqrt(3), rel=1e-4)
    own = cell(data, "4x16H", 0)
    low, high = logit_interval([100 * value for value in own["values"]], 0.95)
    assert (down[0], up[0]) == pytest.approx((100 * own["mean"] - low, high - 100 * own["mean"]), rel=1e-3)


def test_scales_put_lambda_one_beyond_the_last() -> None:
    assert scales.even([1, 0, 0.5]) == {0: 0.0, 0.5: 1.0, 1: 2.0}
    at = scales.logarithmic([0, 0.9, 0.99, 1.0])
    assert list(at.values()) == pytest.approx([0, 1, 2, 3])
    assert scales.logarithmic([1.0]) == {1.0: 0.0}


def test_a_lambda_has_one_style_in_every_figure(full_frames: Frames) -> None:
    frames = [f.data(full_frames) for f in FIGURES if f.applies(full_frames)]
    styles = [style.lambda_styles(data[data["members"] > 1]) for data in frames if "place" in data]
    assert all(styles[1][lam] == each[lam] for each in styles for lam in each)
    assert len({(s.color, s.symbol) for s in styles[1].values()}) == 5
    assert "#F0E442" not in {s.color for s in styles[1].values()}


def test_dominance_summarises_the_members_of_the_first_complete_seed(full_frames: Frames) -> None:
    data = dominance.data(full_frames)
    row = data.query("architecture == '20x4H' and lam == 1 and split == 'test' and epoch == 6").iloc[0]
    stored = full_frames.epochs[full_frames.epochs["trial_id"] == row["trial_id"]]
    errors = stored.query("epoch == 6 and split == 'test'")["member_errors"].iloc[0]
    assert row["seed"] == 0
    assert (row["best"], row["worst"]) == pytest.approx((min(errors), max(errors)), rel=1e-3)
    assert row["median"] == pytest.approx((sorted(errors)[9] + sorted(errors)[10]) / 2, rel=1e-3)
    assert row["member_errors"] == []
    assert set(data["split"]) == {"test", "train"}


def test_dominance_draws_few_members_one_by_one_and_many_as_a_band(full_frames: Frames) -> None:
    figure = dominance.draw(dominance.data(full_frames))
    shown = [trace for trace in figure.data if trace.visible is not False]
    assert sum(trace.name == "each member, test" for trace in shown) == 2 * 4
    assert sum(trace.name == "best to worst member, test" for trace in shown) == 2
    assert len(figure.layout.meta["switches"][0]["options"]) == 4
    assert len(figure.layout.annotations) == 4


def test_dominance_skips_an_incomplete_seed(frames_of: FramesOf) -> None:
    data = dominance.data(frames_of(lambda trial: "diverged" if trial.spec.seed == 0 else "complete"))
    assert set(data["seed"]) == {1}


def test_long_curves_are_thinned_but_keep_their_ends(frames_of: FramesOf) -> None:
    training = {"epochs": 100, "batch_size": 64, "learning_rate": 0.1}
    data = dominance.data(frames_of(spec=sweep(seeds=1, training=training, **{"lambda": [1]})))
    epochs = sorted(set(data["epoch"]))
    assert epochs[:3] == [1, 2, 3]
    assert epochs[-1] == 100
    assert len(epochs) == dominance.MOST_EPOCHS + dominance.EARLY - 1


def test_robustness_averages_over_seeds_within_a_mask(full_frames: Frames) -> None:
    data = robustness.data(full_frames)
    row = data.query("architecture == '4x16H' and lam == 0.9 and dropped == 2 and mask == 'shared'").iloc[0]
    ids = full_frames.trials.query("architecture == '4x16H' and lam == 0.9")["trial_id"]
    rows = full_frames.robustness.query("dropped == 2 and mask == 'shared'")
    assert row["mean"] == pytest.approx(rows[rows["trial_id"].isin(ids)]["accuracy"].mean(), rel=1e-5)
    assert (row["n"], row["planned"]) == (3, 3)
    assert "1x64H" not in set(data["architecture"])


def test_robustness_offers_both_masks_and_shows_the_papers_lambdas_first(full_frames: Frames) -> None:
    figure = robustness.draw(robustness.data(full_frames))
    (switch,) = figure.layout.meta["switches"]
    assert len(switch["options"]) == 4
    few, every = (option["set"] for option in switch["options"][:2])
    assert [trace.visible for trace in figure.data] == list(few.values())
    assert sum(every.values()) == len(figure.data) / 2
    shown = {trace.name for trace in figure.data if trace.visible}
    assert shown == {"λ\u00a0=\u00a00", "λ\u00a0=\u00a00.99", "λ\u00a0=\u00a01"}


def test_droppable_members_stop_at_the_first_fall_below_the_margin() -> None:
    assert robustness.droppable({0: 0.90, 1: 0.895, 2: 0.88, 3: 0.90}) == 1


def test_losses_check_the_sign_of_the_gap_row_by_row(full_frames: Frames) -> None:
    data = losses.data(full_frames)
    row = cell(data, "4x16H", 1)
    trials = full_frames.trials.query("architecture == '4x16H' and lam == 1")
    assert row["gap"] == pytest.approx((trials["test_member_nll"] - trials["test_nll"]).mean())
    assert (row["checked"], row["negative"]) == (3 + 3 * 6 * 3, 0)
    assert losses.note(data) == "The gap is at least 0 in 570 of 570 rows checked."


def test_a_negative_gap_is_shouted(full_frames: Frames) -> None:
    worse = full_frames.epochs.assign(member_nll=full_frames.epochs["nll"] - 0.1)
    changed = Frames(**{**vars(full_frames), "epochs": worse})
    assert "which cannot be" in losses.title(losses.data(changed))
