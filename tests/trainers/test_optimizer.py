from types import SimpleNamespace

import torch

from trainers.optimizer import StackedSGD


def stacked(momentum: float, rates: tuple[float, ...]):
    weights = [torch.ones(len(rates), 2, 3), torch.ones(len(rates), 2)]
    return weights, StackedSGD(weights, SimpleNamespace(momentum=momentum, weight_decay=0.0), rates)


def test_each_trial_steps_at_its_own_learning_rate():
    weights, optimizer = stacked(0.0, (0.1, 0.5, 0.1))
    optimizer.scale(0.5)
    optimizer.step([torch.ones_like(weight) for weight in weights])
    for weight in weights:
        for trial, expected in enumerate((0.95, 0.75, 0.95)):
            torch.testing.assert_close(weight[trial], torch.full_like(weight[trial], expected))


def test_momentum_by_hand():
    weights, optimizer = stacked(0.9, (0.1,))
    for _ in range(2):
        optimizer.step([torch.ones_like(weight) for weight in weights])
    torch.testing.assert_close(weights[0], torch.full_like(weights[0], 1 - 0.1 * 1 - 0.1 * 1.9))
    torch.testing.assert_close(optimizer.momentum[0], torch.full_like(weights[0], 1.9))


def test_a_frozen_trial_stays_and_the_others_go_on():
    weights, optimizer = stacked(0.9, (0.1, 0.1))
    optimizer.step([torch.ones_like(weight) for weight in weights])
    before = [weight.clone() for weight in weights]
    optimizer.freeze(0)
    optimizer.step([torch.ones_like(weight) for weight in weights])
    for weight, old in zip(weights, before, strict=True):
        assert torch.equal(weight[0], old[0])
        assert (weight[1] < old[1]).all()


def test_a_gradient_of_other_strides_moves_the_weights_it_belongs_to():
    weights, optimizer = stacked(0.0, (0.1,))
    gradient = torch.arange(6.0).reshape(1, 3, 2).mT
    assert not gradient.is_contiguous()
    optimizer.step([gradient, torch.zeros(1, 2)])
    torch.testing.assert_close(weights[0], 1 - 0.1 * gradient)
