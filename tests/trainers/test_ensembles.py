import math
from types import SimpleNamespace

import pytest
import torch

from trainers.ensembles import build
from trainers.ensembles.mlp import MlpEnsemble


@pytest.mark.parametrize(
    ("members", "hidden", "parameters"), [(1, 1024, 814_090), (16, 64, 814_240), (64, 16, 814_720), (256, 4, 816_640)]
)
def test_the_papers_networks_have_the_papers_sizes(make_spec, members, hidden, parameters):
    spec = make_spec(members=members, hidden=hidden, name="fashion_mnist")
    weights = build(spec.architecture, (1, 28, 28), 10).initial_weights(0)
    assert sum(weight.numel() for weight in weights.values()) == parameters == spec.total_parameters
    assert {len(weight) for weight in weights.values()} == {members}


def test_initial_weights_are_uniform_within_one_over_the_root_of_fan_in():
    weights = MlpEnsemble(members=20, inputs=16, hidden=25, classes=10).initial_weights(0)
    for name, fan_in in {"hidden.weight": 16, "hidden.bias": 16, "output.weight": 25, "output.bias": 25}.items():
        bound, weight = 1 / math.sqrt(fan_in), weights[name]
        assert weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)
    assert not torch.equal(weights["hidden.weight"][0], weights["hidden.weight"][1])


def test_initial_weights_differ_by_seed():
    ensemble = MlpEnsemble(members=2, inputs=3, hidden=4, classes=5)
    assert torch.equal(ensemble.initial_weights(1)["output.bias"], ensemble.initial_weights(1)["output.bias"])
    assert not torch.equal(ensemble.initial_weights(1)["output.bias"], ensemble.initial_weights(2)["output.bias"])


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_trials_see_their_groups_images(groups):
    ensemble = MlpEnsemble(members=3, inputs=6, hidden=4, classes=5)
    drawn = [ensemble.initial_weights(seed) for seed in range(4)]
    weights = {name: torch.stack([one[name].double() for one in drawn]) for name in drawn[0]}
    images = torch.randn(groups, 7, 1, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    logits = ensemble.logits(weights, images)
    assert logits.shape == (4, 3, 7, 5)
    for trial in range(4):
        inputs = images[trial * groups // 4].flatten(1)
        for member in range(3):
            weight, bias, out, out_bias = (values[trial, member] for values in weights.values())
            expected = (inputs @ weight.T + bias).relu() @ out.T + out_bias
            torch.testing.assert_close(logits[trial, member], expected)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind of member network: transformer"):
        build(SimpleNamespace(kind="transformer"), (1, 8, 8), 10)
