import json
import math

import pytest
import torch

from specs.format.records import EPOCHS, ROBUSTNESS, TRIALS
from tests.trainers.folder import Folder
from trainers.training import choose_device, train

CPU = torch.device("cpu")
OF_THE_MACHINE = {"seconds", "seconds_per_epoch", "samples_per_second", "peak_memory", "device"}
PYTHON = {"string": str, "int": int, "float": float, "floats": list, "floats32": list, "ints": list}


def trained(specs, arrays, **options):
    return train(specs, arrays, device=CPU, **options)


def numbers(result):
    """A result without what depends on the machine and the hour."""
    rows = [result.trial, *result.epochs, *result.robustness]
    kept = [{name: value for name, value in row.items() if name not in OF_THE_MACHINE} for row in rows]
    return result.status, result.message, kept


def assert_close(first, second, tolerance):
    assert first[:2] == second[:2]
    for one, other in zip(first[2], second[2], strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            if name == "weights_sha256":  # of close numbers that are not equal
                continue
            exact = isinstance(value, (str, int, type(None)))
            assert other[name] == (value if exact else pytest.approx(value, abs=tolerance, rel=tolerance)), name


@pytest.mark.parametrize(
    ("table", "elsewhere"),
    [
        (TRIALS, {"trial_id", "sweep", "architecture", "environment"}),
        (EPOCHS, {"trial_id"}),
        (ROBUSTNESS, {"trial_id"}),
    ],
)
def test_rows_are_the_tables_columns(arrays, make_spec, table, elsewhere):
    (result,) = trained([make_spec(masks=("example", "shared"))], arrays)
    rows = {"trials": [result.trial], "epochs": result.epochs, "robustness": result.robustness}[table.name]
    for row in rows:
        assert row.keys() == {column.name for column in table.columns} - elsewhere
        for column in table.columns:
            if column.name == "hessian_condition":  # nobody asked for it
                assert row[column.name] is None
            elif column.name not in elsewhere:
                assert type(row[column.name]) is PYTHON[column.type], column.name
        json.dumps(row, allow_nan=False)
    keys = [tuple(row[name] for name in table.key if name != "trial_id") for row in rows]
    assert len(set(keys)) == len(keys)


def test_it_learns(arrays, make_spec):
    (result,) = trained([make_spec(epochs=5)], arrays)
    assert result.trial["test_error"] < 0.2
    assert result.trial["total_parameters"] == make_spec().total_parameters
    assert result.epochs[-1]["nll"] < result.epochs[0]["nll"]


def test_a_trial_in_a_stack_equals_the_trial_alone(arrays, make_spec):
    # 6 epochs of 10 batches, the last one short; seeds 0 and 1 with unequal numbers of λ and with equal ones.
    common = {"epochs": 6, "milestones": (4,), "weight_decay": 0.01}
    specs = [make_spec(lam, seed, learning_rate=rate, **common) for lam, seed, rate in
             [(0.0, 1, 0.3), (0.9, 0, 0.3), (1.0, 1, 0.1), (0.5, 0, 0.2), (0.5, 1, 0.3)]]  # fmt: skip
    for stack in (specs, specs[:4]):
        for spec, together in zip(stack, trained(stack, arrays, dtype=torch.float64), strict=True):
            (alone,) = trained([spec], arrays, dtype=torch.float64)
            assert (together.trial["lam"], together.trial["seed"]) == (spec.lam, spec.seed)
            assert_close(numbers(alone), numbers(together), 1e-9)


def test_trials_of_one_seed_start_from_the_same_weights_and_see_the_same_batches(arrays, make_spec):
    # With one member the loss is the same for every λ: whatever else differed would show.
    results = trained([make_spec(lam, members=1) for lam in (0.0, 0.5, 1.0)], arrays, dtype=torch.float64)
    alone = [trained([make_spec(lam, members=1)], arrays, dtype=torch.float64)[0] for lam in (0.0, 1.0)]
    for other in [*results[1:], *alone]:
        for one, two in zip(results[0].epochs, other.epochs, strict=True):
            assert two["nll"] == pytest.approx(one["nll"], abs=1e-12)
            assert two["member_distance_from_init"] == pytest.approx(one["member_distance_from_init"], abs=1e-12)


def test_a_diverged_trial_leaves_its_neighbours_of_any_size_and_seed_alone(arrays, make_spec):
    for seed in (0, 1):
        calm, other, wild = make_spec(0.5, seed), make_spec(1.0), make_spec(0.0, learning_rate=1e36)
        results = trained([calm, wild, other], arrays)
        assert [result.status for result in results] == ["complete", "diverged", "complete"]
        neighbours = trained([calm, make_spec(0.0), other], arrays)
        assert [numbers(result) for result in results[::2]] == [numbers(result) for result in neighbours[::2]]


def test_a_diverged_trial_says_when_and_why_and_gives_no_number(arrays, make_spec):
    (result,) = trained([make_spec(learning_rate=1e36)], arrays)
    assert result.message.startswith("diverged in epoch 1: ")
    assert result.trial["status"] == "diverged"
    assert (result.epochs, result.robustness) == ((), ())
    nullable = {column.name for column in TRIALS.columns if column.nullable}
    assert {name for name, value in result.trial.items() if value is None} == nullable


class StopError(Exception):
    """What a caller may raise to end a training."""


@pytest.mark.parametrize("stop", range(1, 5))
def test_a_stop_at_any_epoch_changes_nothing(arrays, make_spec, tmp_path, stop):
    common = {"epochs": 5, "milestones": (2,)}
    specs = [make_spec(0.5, **common), make_spec(1.0, seed=1, **common), make_spec(0.0, learning_rate=1e36, **common)]
    epochs = []

    def on_epoch(epoch: int) -> None:
        epochs.append(epoch)
        if epochs == list(range(1, stop + 1)):
            raise StopError

    options = {"checkpoint": Folder(tmp_path), "checkpoint_seconds": 0.0, "on_epoch": on_epoch}
    with pytest.raises(StopError):
        trained(specs, arrays, **options)
    resumed = trained(specs, arrays, **options)
    assert epochs == [1, 2, 3, 4, 5]
    for result, whole in zip(resumed, trained(specs, arrays), strict=True):
        assert numbers(result) == numbers(whole)


@pytest.mark.parametrize("stop", range(1, 5))
@pytest.mark.parametrize(
    "change",
    [{"method": "bagging"}, {"method": "stacking"}, {"augmentation": "flip-crop"}],
    ids=lambda change: next(iter(change.values())),
)
def test_a_stop_at_any_epoch_changes_no_draw(arrays, make_spec, tmp_path, stop, change):
    specs = [make_spec(0.0, seed, epochs=5, **change) for seed in (0, 1)]

    def on_epoch(epoch: int) -> None:
        if epoch == stop:
            raise StopError

    with pytest.raises(StopError):
        trained(specs, arrays, checkpoint=Folder(tmp_path), checkpoint_seconds=0.0, on_epoch=on_epoch)
    resumed = trained(specs, arrays, checkpoint=Folder(tmp_path), checkpoint_seconds=0.0)
    for result, whole in zip(resumed, trained(specs, arrays), strict=True):
        assert numbers(result) == numbers(whole)


def test_seconds_add_up_over_attempts(arrays, make_spec, tmp_path):
    def stop(epoch: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        trained([make_spec()], arrays, checkpoint=Folder(tmp_path), checkpoint_seconds=0, on_epoch=stop)
    (result,) = trained([make_spec()], arrays, checkpoint=Folder(tmp_path), checkpoint_seconds=0)
    assert result.trial["seconds"] >= sum({row["epoch"]: row["seconds"] for row in result.epochs}.values())


def test_a_checkpoint_of_other_data_is_not_gone_on_from(arrays, make_spec, tmp_path):
    from dataclasses import replace

    trained([make_spec()], arrays, checkpoint=Folder(tmp_path), checkpoint_seconds=0)
    epochs = []
    relabelled = replace(arrays, test_labels=arrays.test_labels.flip(0))
    trained([make_spec()], relabelled, checkpoint=Folder(tmp_path), checkpoint_seconds=0, on_epoch=epochs.append)
    assert epochs == [1, 2, 3]


def test_no_checkpoint_is_written_before_its_time(arrays, make_spec, tmp_path):
    trained([make_spec()], arrays, checkpoint=Folder(tmp_path), checkpoint_seconds=1000)
    assert list(tmp_path.iterdir()) == []


def rows_of(result, split):
    return {row["epoch"]: row for row in result.epochs if row["split"] == split}


@pytest.mark.parametrize("selection", ["validation", "final"])
def test_the_tested_epoch_is_the_selected_one(arrays, make_spec, selection):
    (result,) = trained([make_spec(epochs=6, learning_rate=1.5, selection=selection)], arrays)
    validation = {epoch: row["error"] for epoch, row in rows_of(result, "validation").items()}
    best = 6 if selection == "final" else min(validation, key=lambda epoch: (validation[epoch], epoch))
    assert validation[best] != validation[3]  # the choice shows
    test = rows_of(result, "test")[best]
    assert result.trial["best_epoch"] == best
    assert result.trial["validation_error"] == validation[best]
    assert (result.trial["test_error"], result.trial["test_nll"]) == (test["error"], test["nll"])
    assert result.trial["member_test_errors"] == test["member_errors"]
    assert result.trial["test_diversity"] == test["member_nll"] - test["nll"]


@pytest.mark.parametrize("mask", ["example", "shared"])
def test_dropping_nobody_is_the_test_error_and_dropping_all_but_one_a_mean_member(arrays, make_spec, mask):
    spec = make_spec(epochs=4, learning_rate=1.5, masks=(mask,), repeats=2000)
    (result,) = trained([spec], arrays)
    whole, _, one = result.robustness
    assert whole["accuracy"] == pytest.approx(1 - result.trial["test_error"], abs=1e-15)
    assert whole["accuracy_sd"] == 0
    # Both are float32 losses of the same logits, which are below 30: off by some 2 · 10 classes · eps · 30 at most.
    assert whole["nll"] == pytest.approx(result.trial["test_nll"], abs=20 * torch.finfo(torch.float32).eps * 30)
    error = 5 * one["accuracy_sd"] / math.sqrt(2000)
    assert one["accuracy"] == pytest.approx(1 - result.trial["test_member_error"], abs=error)


def test_one_repeat_has_no_standard_deviation_and_none_no_rows(arrays, make_spec):
    assert trained([make_spec(repeats=1)], arrays)[0].robustness[1]["accuracy_sd"] is None
    assert trained([make_spec(repeats=0)], arrays)[0].robustness == ()


def test_without_validation_images_the_final_epoch_is_tested(arrays, make_spec):
    (result,) = trained([make_spec(validation=0, selection="final", train_examples=0)], arrays)
    assert {row["split"] for row in result.epochs} == {"test"}
    assert result.trial["validation_error"] is None


def test_learning_rates_are_those_of_the_epochs(arrays, make_spec):
    (result,) = trained([make_spec(epochs=3, milestones=(1,), milestone_factor=0.5)], arrays)
    assert [row["learning_rate"] for row in rows_of(result, "test").values()] == [0.3, 0.15, 0.15]


def test_the_callers_random_state_and_settings_are_left_alone(arrays, make_spec):
    before = torch.get_rng_state(), torch.get_deterministic_debug_mode()
    trained([make_spec()], arrays)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_deterministic_debug_mode() == before[1]


def test_choose_device():
    assert choose_device("cpu") == CPU
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ValueError, match="unknown device"):
        choose_device("gpu")
    with pytest.raises(ValueError, match="not supported"):
        choose_device("meta")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_cuda_is_refused():
    with pytest.raises(ValueError, match="finds no CUDA"):
        choose_device("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_trains_as_the_cpu_does(arrays, make_spec):
    specs = [make_spec(lam, seed) for seed in (0, 1) for lam in (0.0, 1.0)]
    gpu = train(specs, arrays, device=torch.device("cuda"), dtype=torch.float64)
    for one, other in zip(trained(specs, arrays, dtype=torch.float64), gpu, strict=True):
        assert_close(numbers(one), numbers(other), 1e-9)
    again = train(specs, arrays, device=torch.device("cuda"), dtype=torch.float64)
    assert [numbers(result) for result in gpu] == [numbers(result) for result in again]
