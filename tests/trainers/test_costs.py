import math

import pytest
import torch

from trainers import costs
from trainers.costs import Cost, calibrate, peak

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    monkeypatch.setattr(costs, "SECONDS_OF_MEASURING", 0.1)


def test_a_trials_seconds_by_hand(make_spec):
    """Digits: 1,437 training images of which 40 are held out, 360 test images; 30 training images are measured."""
    cost = Cost(trained=2.0, measured=0.5, tested=3.0, once=7.0, memory=1)
    epoch = 2.0 * 1397 + 0.5 * (30 + 40 + 360)
    assert cost.epoch_seconds(make_spec()) == pytest.approx(epoch)
    assert cost.trial_seconds(make_spec(epochs=4)) == pytest.approx(4 * epoch + 7.0 + 3.0 * 360)


def test_fewer_training_images_cost_less(make_spec):
    spec = make_spec()
    fewer = spec.model_copy(update={"dataset": spec.dataset.model_copy(update={"train_examples": 50})})
    cost = Cost(trained=1.0, measured=0.0, tested=0.0, once=0.0, memory=1)
    assert cost.epoch_seconds(fewer) == 50


@pytest.mark.parametrize(
    "changes", [{}, {"method": "bagging", "lam": 0.0}, {"method": "stacking", "lam": 0.0}], ids=str
)
def test_a_calibration_gives_plausible_costs_and_leaves_determinism_as_it_was(make_spec, changes):
    before = torch.get_deterministic_debug_mode()
    cost = calibrate(make_spec(**changes), CPU)
    assert torch.get_deterministic_debug_mode() == before
    assert 0 < cost.trained < 10  # seconds an image, of which a thousandth is needed
    assert all(math.isfinite(part) and part >= 0 for part in (cost.measured, cost.tested, cost.once))
    assert cost.memory > 50e6


def test_a_larger_network_is_found_to_cost_more(make_spec):
    small, large = (calibrate(make_spec(members=members, hidden=400), CPU) for members in (1, 256))
    assert large.trained > 2 * small.trained  # some sixty times, the fastest of several epochs


@pytest.mark.parametrize("trials", [1, 3])
@pytest.mark.parametrize("changes", [{}, {"method": "bagging", "lam": 0.0}, {"precision": "bf16"}], ids=str)
def test_the_peak_of_a_stack_is_measured_through_all_its_parts(make_spec, monkeypatch, changes, trials):
    seen = []
    results = costs.StackTraining.results

    def noting(training):
        seen.append((training.progress.trials, training.progress.epoch))
        return results(training)

    monkeypatch.setattr(costs.StackTraining, "results", noting)
    assert peak(make_spec(validation=237, **changes), trials, CPU) > 50e6
    assert seen == [(trials, 1)]
