"""What members do: errors per trial, early ranks, filters, droppable members, and what they cost."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from reports import wording
from reports.figures import capacities, droppable, early_ranks, filter_images, filters, member_errors
from reports.figures.member_marks import SPREAD
from reports.figures.robustness_curves import MASKS
from reports.frames.frames import Frames
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

CONVNET = {"kind": "convnet", "members": 3, "filters": [4, 8], "strides": [1, 2]}


def test_each_trial_stands_for_itself_on_test_and_training_images(full_frames: Frames) -> None:
    data = member_errors.data(full_frames)
    assert len(data) == 2 * 5 * 3 * 2
    trial = full_frames.trials.query("architecture == '4x16H' and lam == 1 and seed == 2").iloc[0]
    own = data[data["trial_id"] == trial["trial_id"]].set_index("split")
    assert own.loc["test", "ensemble"] == trial["test_error"]
    assert own.loc["test", "median"] == pytest.approx(np.median(trial["member_test_errors"]))
    epochs = full_frames.epochs[full_frames.epochs["trial_id"] == trial["trial_id"]]
    last = epochs.query("split == 'train' and epoch == 6").iloc[0]
    assert own.loc["train", "worst"] == max(last["member_errors"])
    assert own.loc["train", "offset"] == -data.query("seed == 0")["offset"].iloc[0]
    assert len(own.loc["test", "member_errors"]) == 4  # type: ignore[arg-type]


def test_members_are_dots_where_few_and_bars_where_many(full_frames: Frames) -> None:
    figure = member_errors.draw(member_errors.data(full_frames))
    shown = [trace for trace in figure.data if trace.visible is not False]
    (dots,) = (trace for trace in shown if trace.name == "one member")
    assert len(dots.x) == 4 * 5 * 3
    (bars,) = (trace for trace in shown if trace.name == SPREAD)
    assert len(bars.error_y.array) == 5 * 3
    assert all(trace.showlegend for trace in (dots, bars))


def test_lost_trials_are_crosses_and_missing_ones_hollow(partial_frames: Frames) -> None:
    figure = member_errors.draw(member_errors.data(partial_frames))
    assert [list(t.x) for t in figure.data if t.name == "failed, diverged or corrupt"] == [[4.0], [1.0]]
    assert [list(t.x) for t in figure.data if t.name == "no seed yet"] == [[2.0]]


def test_the_gap_in_the_title_is_the_mean_over_trials(full_frames: Frames) -> None:
    data = member_errors.data(full_frames)
    own = data.query("split == 'test' and lam == 1 and architecture == '20x4H'")
    gap = 100 * (own["median"] - own["best"]).mean()
    assert f"{gap:.1f} points in 20x4H" in member_errors.title(data)


def test_model_dominance_is_worked_out_for_each_split_whatever_the_store_calls_dominance(full_frames: Frames) -> None:
    ids = set(full_frames.trials.query("architecture == '4x16H' and lam == 1")["trial_id"])
    trials, epochs = full_frames.trials.copy(), full_frames.epochs.copy()
    for frame, column, own in ((trials, "member_test_errors", trials["trial_id"].isin(ids)),
                               (epochs, "member_errors", epochs["trial_id"].isin(ids))):  # fmt: skip
        frame.loc[own, column] = pd.Series([[0.75, 0.87, 0.87, 0.87]] * int(own.sum()), index=frame.index[own])
    trials.loc[trials["trial_id"].isin(ids), "test_error"] = 0.106
    epochs.loc[epochs["trial_id"].isin(ids), "error"] = 0.27
    data = member_errors.data(replace(full_frames, trials=trials, epochs=epochs))
    found = data[data["trial_id"].isin(ids)].groupby("split")["model_dominance"].unique()
    assert list(found["test"]) == pytest.approx([12 / 76.4])  # less than 12/15
    assert list(found["train"]) == pytest.approx([12 / 60])
    assert "λ\u00a0=\u00a01, mean model dominance is 0.16 for 4x16H and " in member_errors.note(data)
    assert {row[-1] for row in member_errors.table(data[data["trial_id"].isin(ids)]).rows} == {"0.157", "0.2"}
    assert member_errors.note(data).endswith(wording.DOMINANCE)


def test_ranks_put_the_lower_number_first_among_equals() -> None:
    assert list(early_ranks.ranks([0.3, 0.1, 0.3, 0.2])) == [3, 1, 4, 2]


def test_early_ranks_follow_members_to_their_final_rank(frames_of: FramesOf) -> None:
    frames = frames_of(spec=sweep(seeds=1, **{"lambda": [1]}))
    epochs = frames.epochs.copy()
    for at in epochs.index[(epochs["split"] == "test") & (epochs["member_errors"].map(len) == 4)]:
        early = epochs.at[at, "epoch"] == 3
        epochs.at[at, "member_errors"] = np.array([0.1, 0.2, 0.3, 0.4] if early else [0.4, 0.1, 0.2, 0.3])
    data = early_ranks.data(replace(frames, epochs=epochs))
    assert data.query("architecture == '4x16H'")["early_ranks"].iloc[0] == [2, 3, 4, 1]


def test_hits_carry_the_exact_binomial_probability() -> None:
    base = {"architecture": "8x", "lam": 1.0, "members": 8}
    data = pd.DataFrame([{**base, "early_rank": rank} for rank in (1, 1, 2, 1, 5)])
    (row,) = early_ranks.hits(data).to_dict("records")
    assert (row["hits"], row["n"]) == (3, 5)
    assert row["p"] == pytest.approx(binom.sf(2, 5, 1 / 8))


def test_a_hit_is_full_and_a_miss_hollow(full_frames: Frames) -> None:
    data = early_ranks.data(full_frames)
    data.loc[(data["architecture"] == "4x16H") & (data["seed"] == 1), "early_rank"] = 3
    figure = early_ranks.draw(data)
    best = next(t for t in figure.data if t.name.startswith("best member") and t.visible is not False)
    assert [symbol.endswith("-open") for symbol in best.marker.symbol] == [False, True, False]
    assert list(best.y) == [1, 3, 1]
    assert "2 of 3 trials in 4x16H and 3 of 3 trials in 20x4H" in early_ranks.title(data)


def test_filters_are_measured_from_their_initial_values(frames_of: FramesOf) -> None:
    spec = sweep(
        architectures={"3xC": CONVNET}, dataset={"name": "cifar100", "validation": 9}, evaluation={"filters": True}
    )
    frames = frames_of(spec=spec)
    kept = frames.filters.copy()
    for at, row in kept.iterrows():
        value = 0.0 if row["stage"] == "initial" else 3.0 if row["member"] == 0 else 1.0
        kept.at[at, "weights"] = np.full(4 * 27, value)  # type: ignore[index]
    data = filters.data(replace(frames, filters=kept))
    assert len(data) == 2 * 3 * 3
    assert list(data["distance"][:3]) == pytest.approx([3 * 108**0.5, 108**0.5, 108**0.5])
    assert list(filters.concentration(data, "norm")["ratio"]) == [3, 3]
    assert set(data.loc[data["pictured"], "seed"]) == {0}
    assert data["shape"].iloc[0] == [4, 3, 3, 3]
    assert set(data["lam"]) == {0, 1}


def test_filters_of_both_ends_are_drawn_on_one_scale(frames_of: FramesOf) -> None:
    spec = sweep(
        architectures={"3xC": CONVNET}, dataset={"name": "cifar100", "validation": 9}, evaluation={"filters": True}
    )
    figure = filters.draw(filters.data(frames_of(spec=spec)))
    pictures = [trace for trace in figure.data if trace.type == "image"]
    assert [np.shape(picture.z) for picture in pictures] == [(3 * 4 - 1, 4 * 4 - 1, 4)] * 2
    assert [trace.name for trace in figure.data if trace.type == "bar"] == ["λ\u00a0=\u00a00", "λ\u00a0=\u00a01"] * 2
    assert figure.layout.yaxis3.title.text == "norm"


def test_a_mosaic_puts_strong_filters_first_and_zero_is_grey() -> None:
    weak, strong = np.zeros((3, 2, 2)), np.full((3, 2, 2), -1.0)
    picture = filter_images.mosaic([np.stack([weak, strong])], strongest=1.0)
    assert picture.shape == (2, 5, 4)
    assert list(picture[0, 0]) == [1, 1, 1, 255]
    assert list(picture[0, 2]) == [0, 0, 0, 0]
    assert list(picture[0, 3]) == [128, 128, 128, 255]
    assert filter_images.scale([np.array([0.0, -2.0])]) == pytest.approx(1.98)


def test_droppable_members_are_counted_seed_by_seed_under_both_masks(full_frames: Frames) -> None:
    robustness = full_frames.robustness.copy()
    ids = list(full_frames.trials.query("architecture == '4x16H' and lam == 0").sort_values("seed")["trial_id"])
    for trial, curve in zip(ids, ([9, 9, 9, 9], [9, 9, 8, 9], [9, 8, 9, 9]), strict=True):
        own = (robustness["trial_id"] == trial) & (robustness["mask"] == "shared")
        robustness.loc[own, "accuracy"] = robustness.loc[own, "dropped"].map(lambda k, curve=curve: curve[k] / 10)
    data = droppable.data(replace(full_frames, robustness=robustness))
    row = data.query("architecture == '4x16H' and lam == 0 and mask == 'shared'").iloc[0]
    assert row["values"] == [3 / 4, 1 / 4, 0]
    assert row["mean"] == pytest.approx(1 / 3)
    assert set(data["mask"]) == {"example", "shared"}
    assert {trace.name for trace in droppable.draw(data).data} >= set(MASKS.values())


def test_both_ends_of_lambda_are_compared_by_droppable_members_over_the_seeds_that_both_have(
    full_frames: Frames,
) -> None:
    data = droppable.data(full_frames)
    data = data[(data["architecture"] == "4x16H") & (data["mask"] == "example")].reset_index(drop=True)
    data["seeds"], data["values"] = [[0, 1, 2]] * 4 + [[0, 2]], [[0.5, 1.0, 0.75]] * 4 + [[0.0, 0.25]]
    # Over λ = 0's own three seeds it would be 75 %.
    assert droppable.title(data).endswith("12 % and 62 % for 4x16H")
    data["seeds"] = [[1]] * 4 + [[0]]
    data["values"] = [[0.5]] * 5
    assert droppable.title(data) == ""


def test_capacities_hold_parameters_memory_and_seconds(full_frames: Frames) -> None:
    trials = full_frames.trials.assign(peak_memory=range(1, len(full_frames.trials) + 1))
    data = capacities.data(replace(full_frames, trials=trials)).set_index("architecture")
    assert data.loc["4x16H", ["member_parameters", "total_parameters"]].tolist() == [1210, 4840]
    assert data.loc["20x4H", "peak_memory"] == trials.query("architecture == '20x4H'")["peak_memory"].max()
    assert data.loc["1x64H", "seconds_per_epoch"] == 2
    assert (data["paper_memory"] == "").all()


def test_capacities_of_the_papers_networks_carry_its_table(frames_of: FramesOf) -> None:
    network = {"kind": "densenet", "members": 16, "depth": 64, "growth": 6}
    training = {"epochs": 1, "batch_size": 64, "learning_rate": 0.1, "selection": "final"}
    spec = sweep(architectures={"L": network}, dataset={"name": "cifar100", "validation": 0}, training=training)
    table = capacities.table(capacities.data(frames_of(lambda trial: None, spec)))
    (row,) = table.rows
    assert "densenet, depth 64, k = 6" in row
    assert "1,685,056 (paper: 1.7M, Table 1)" in row
    assert "– (paper: ∼12GB, Table 1)" in row
