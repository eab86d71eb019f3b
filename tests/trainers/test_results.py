import json
import statistics

import pytest
import torch

from specs.format.records import FILTERS, TRIALS
from specs.trial import Hessian
from trainers.progress import Progress
from trainers.results import Run, trial_row
from trainers.training import train

CPU = torch.device("cpu")


def with_evaluation(spec, **changes):
    return spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update=changes)})


def trained(spec, arrays):
    (result,) = train([spec], arrays, device=CPU)
    return result


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_early_ranks_are_of_epoch_3_or_the_last_of_a_shorter_training(arrays, make_spec, epochs):
    result = trained(make_spec(1.0, epochs=epochs, members=6, selection="final"), arrays)
    early = min(3, epochs)
    assert result.trial["early_epoch"] == early
    for split in ("test", "train"):
        errors = {row["epoch"]: row["member_errors"] for row in result.epochs if row["split"] == split}
        best = errors[epochs].index(min(errors[epochs]))
        order = sorted(range(6), key=errors[early].__getitem__)  # stable: of equals the lower number first
        assert result.trial[f"early_rank_{split}"] == order.index(best) + 1
        if epochs == early:
            assert result.trial[f"early_rank_{split}"] == 1


def test_a_single_network_has_no_ranks_and_an_unmeasured_split_none(arrays, make_spec):
    single = trained(make_spec(members=1), arrays).trial
    assert [single[name] for name in ("early_epoch", "early_rank_test", "early_rank_train")] == [None] * 3
    unmeasured = trained(make_spec(train_examples=0), arrays).trial
    assert unmeasured["early_rank_train"] is None
    assert unmeasured["early_rank_test"] in (1, 2, 3)


def test_seconds_per_epoch_are_the_trials_share_of_the_median_epoch(make_spec):
    progress = Progress(2, "final", epoch=4, seconds=[9.0, 2.0, 1.0, 3.0], messages=["diverged", "diverged"])
    run = Run(member_parameters=1, classes=10, seconds=20.0, examples=5, peak_memory=1, device="cpu")
    row = trial_row(make_spec(), progress, 0, run, {})
    assert (row["seconds"], row["seconds_per_epoch"]) == (10.0, 1.25)


def test_what_was_measured_on_the_tested_weights_takes_the_place_of_the_epochs_numbers(arrays, make_spec, monkeypatch):
    monkeypatch.setattr("trainers.final_measurements.columns", lambda *_: {0: {"test_error": 0.125}})
    assert trained(make_spec(), arrays).trial["test_error"] == 0.125


def test_the_trials_share_of_a_stacks_epochs(arrays, make_spec):
    results = train([make_spec(lam) for lam in (0.0, 1.0)], arrays, device=CPU)
    seconds = [row["seconds"] for row in results[0].epochs if row["split"] == "test"]
    assert results[1].trial["seconds_per_epoch"] == pytest.approx(statistics.median(seconds))


def test_filters_are_the_first_layer_before_training_and_as_tested(arrays, make_spec):
    spec = with_evaluation(make_spec(epochs=2), filters=True)
    result = trained(spec, arrays)
    assert [(row["stage"], row["member"]) for row in result.filters] == [
        (stage, member) for stage in ("initial", "final") for member in range(3)
    ]
    from trainers.ensembles import build

    drawn = build(spec.architecture, (1, 8, 8), 10).initial_weights(spec.seed)["hidden.weight"]
    for row in result.filters:
        assert row.keys() == {column.name for column in FILTERS.columns} - {"trial_id"}
        assert row["shape"] == [5, 64]
        assert all(type(size) is int for size in row["shape"])
        same = torch.equal(torch.tensor(row["weights"]).view(5, 64), drawn[row["member"]])
        assert same == (row["stage"] == "initial")
        json.dumps(row, allow_nan=False)


def test_the_final_filters_are_of_the_selected_epoch(arrays, make_spec):
    longer = make_spec(epochs=6, learning_rate=1.5)
    whole = trained(with_evaluation(longer, filters=True), arrays)
    best = whole.trial["best_epoch"]
    assert best < 6
    shorter = make_spec(epochs=best, learning_rate=1.5, selection="final")
    assert whole.filters == trained(with_evaluation(shorter, filters=True), arrays).filters


def test_filters_that_nobody_asks_for_are_not_kept_and_a_diverged_trial_has_none(arrays, make_spec):
    assert trained(make_spec(), arrays).filters == ()
    diverged = trained(with_evaluation(make_spec(learning_rate=1e36), filters=True), arrays)
    assert (diverged.status, diverged.filters) == ("diverged", ())


def test_a_row_has_every_column_that_is_not_the_stores(arrays, make_spec):
    names = {column.name for column in TRIALS.columns} - {"trial_id", "sweep", "architecture", "environment"}
    assert trained(make_spec(), arrays).trial.keys() == names


def test_the_hessians_condition_is_measured_where_it_is_asked_for(arrays, make_spec):
    asked = Hessian(examples=50, iterations=8)
    specs = [with_evaluation(make_spec(lam, seed), hessian=asked) for seed in (0, 1) for lam in (0.0, 0.9)]
    results = train(specs, arrays, device=CPU, dtype=torch.float64)
    conditions = [result.trial["hessian_condition"] for result in results]
    assert all(1 < condition < float("inf") for condition in conditions)
    for spec, condition in zip(specs, conditions, strict=True):  # each trial's own weights, images and λ
        (alone,) = train([spec], arrays, device=CPU, dtype=torch.float64)
        assert alone.trial["hessian_condition"] == pytest.approx(condition, rel=1e-4)
    assert len({round(condition, 3) for condition in conditions}) == 4
    more = with_evaluation(specs[0], hessian=Hessian(examples=50, iterations=16))
    (longer,) = train([more], arrays, device=CPU, dtype=torch.float64)
    assert longer.trial["hessian_condition"] > conditions[0]


def test_no_hessian_is_measured_otherwise(arrays, make_spec):
    assert trained(make_spec(), arrays).trial["hessian_condition"] is None
    asked = with_evaluation(make_spec(learning_rate=1e36), hessian=Hessian())
    assert trained(asked, arrays).trial["hessian_condition"] is None
