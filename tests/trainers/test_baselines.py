"""Bagging and stacking as they run: what they share with independent training, and what they do not."""

import pytest
import torch

from specs.format.records import TRIALS
from trainers.methods import bagging
from trainers.methods.bagging import Resamples, resample
from trainers.stack_training import StackTraining
from trainers.stacks import Stack
from trainers.training import train

CPU = torch.device("cpu")
OF_THE_MACHINE = {"method", "seconds", "seconds_per_epoch", "samples_per_second", "peak_memory"}
OF_THE_COMBINER = {"test_error", "test_nll", "test_diversity", "test_ece", "test_brier"}


def without(row, names):
    return {name: value for name, value in row.items() if name not in names}


def final_weights(spec, arrays):
    training = StackTraining(Stack.of([spec]), arrays, CPU, torch.float32)
    while not training.finished:
        training.run_epoch()
    return {name: tensor for name, tensor in training.state()[0].items() if name.startswith(("weights", "momentum"))}


def rows(result, table):
    return [without(row, OF_THE_MACHINE) for row in getattr(result, table)]


def test_a_resample_has_as_many_draws_as_there_are_images():
    counts = torch.stack([resample(0, member, 5000) for member in range(20)])
    assert counts.sum(1).tolist() == [5000] * 20
    assert len({tuple(member.tolist()) for member in counts}) == 20
    # An image is left out with probability (1 − 1/n)^n = 0.3679; five standard errors of 20 × 5000 images.
    assert (counts == 0).double().mean().item() == pytest.approx(0.3679, abs=5 * 0.0015)
    assert counts.double().var().item() == pytest.approx(1, abs=0.03)


def test_a_resample_is_a_function_of_seed_and_member():
    assert torch.equal(resample(3, 1, 50), resample(3, 1, 50))
    assert not torch.equal(resample(3, 1, 50), resample(4, 1, 50))


def test_weights_are_the_counts_of_the_rows_asked_for():
    images = torch.stack([torch.randperm(9, generator=torch.Generator().manual_seed(seed))[:6] for seed in (0, 1)])
    resamples = Resamples(images, 9, (5, 6), 3, torch.float64)
    order = torch.tensor([[4, 0, 2], [1, 1, 5]])
    weights = resamples.weights(images.gather(1, order))
    assert (weights.shape, weights.dtype) == ((2, 3, 3), torch.float64)
    for group, seed in enumerate((5, 6)):
        for member in range(3):
            assert weights[group, member].tolist() == resample(seed, member, 6)[order[group]].tolist()


def test_bagging_differs_from_independent_training_in_its_resamples_alone(arrays, make_spec, monkeypatch):
    independent, bagged = make_spec(0.0, epochs=4), make_spec(0.0, epochs=4, method="bagging")
    assert not torch.equal(*(final_weights(spec, arrays)["weights.output.bias"] for spec in (independent, bagged)))
    monkeypatch.setattr(bagging, "resample", lambda seed, member, examples: torch.ones(examples, dtype=torch.int64))
    expected, weights = (final_weights(spec, arrays) for spec in (independent, bagged))
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())
    (one,), (other,) = (train([spec], arrays, device=CPU) for spec in (independent, bagged))
    assert without(one.trial, OF_THE_MACHINE) == without(other.trial, OF_THE_MACHINE)
    assert rows(one, "epochs") == rows(other, "epochs")
    assert one.robustness == other.robustness


def test_a_member_trains_on_its_own_resample_alone(arrays, make_spec):
    """The images that a member has not drawn may as well have other labels."""
    from dataclasses import replace

    spec = make_spec(0.0, method="bagging", validation=0, selection="final", train_examples=0)
    training = StackTraining(Stack.of([spec]), arrays, CPU, torch.float32)
    order = training._data.train.rows[0]
    for member in range(3):
        out = order[resample(0, member, len(order)) == 0]
        labels = arrays.train_labels.clone()
        labels[out] = (labels[out] + 1) % 10
        weights = [final_weights(spec, data) for data in (arrays, replace(arrays, train_labels=labels))]
        same = [torch.equal(*(w["weights.hidden.weight"][0, j] for w in weights)) for j in range(3)]
        assert same == [j == member for j in range(3)]


def test_bagging_in_a_stack_equals_bagging_alone(arrays, make_spec):
    specs = [make_spec(0.0, seed, method="bagging", learning_rate=0.1 + seed) for seed in (1, 0)]
    for spec, together in zip(specs, train(specs, arrays, device=CPU, dtype=torch.float64), strict=True):
        (alone,) = train([spec], arrays, device=CPU, dtype=torch.float64)
        assert together.trial["seed"] == spec.seed
        for one, other in zip(alone.epochs, together.epochs, strict=True):
            assert other["member_nlls"] == pytest.approx(one["member_nlls"], abs=1e-9)


def test_stacking_trains_members_as_independent_training_does(arrays, make_spec):
    specs = make_spec(0.0, epochs=5), make_spec(0.0, epochs=5, method="stacking")
    (independent,), (stacking,) = (train([spec], arrays, device=CPU) for spec in specs)
    ours = OF_THE_MACHINE | OF_THE_COMBINER
    assert without(independent.trial, ours) == without(stacking.trial, ours)
    assert rows(independent, "epochs") == rows(stacking, "epochs")
    assert stacking.robustness == ()
    assert stacking.trial["test_diversity"] is None
    assert stacking.trial["test_nll"] != independent.trial["test_nll"]
    assert stacking.trial.keys() == independent.trial.keys()
    assert {column.name for column in TRIALS.columns if column.nullable} > {"test_diversity"}


@pytest.mark.parametrize("seeds", [(1, 0), (1, 0, 1)])
def test_stacking_in_a_stack_equals_stacking_alone(arrays, make_spec, seeds):
    specs = [
        make_spec(0.0, seed, method="stacking", learning_rate=0.3 + place / 10) for place, seed in enumerate(seeds)
    ]
    for spec, together in zip(specs, train(specs, arrays, device=CPU, dtype=torch.float64), strict=True):
        (alone,) = train([spec], arrays, device=CPU, dtype=torch.float64)
        for name in ("test_nll", "test_error"):
            assert together.trial[name] == pytest.approx(alone.trial[name], abs=1e-5)


def test_a_diverged_trial_is_not_combined(arrays, make_spec):
    specs = [make_spec(0.0, method="stacking", learning_rate=rate) for rate in (0.3, 1e36)]
    results = train(specs, arrays, device=CPU)
    assert [result.status for result in results] == ["complete", "diverged"]
    assert results[1].trial["test_error"] is None
