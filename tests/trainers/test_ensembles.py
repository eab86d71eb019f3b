import math
from types import SimpleNamespace

import pytest
import torch

from specs.architectures import ConvNet, DenseNet
from trainers.ensembles import build
from trainers.ensembles.convnet import ConvNetEnsemble
from trainers.ensembles.densenet import DenseNetEnsemble
from trainers.ensembles.mlp import MlpEnsemble

CIFAR = (3, 32, 32)


def trained(ensemble) -> dict[str, torch.Tensor]:
    return {name: weight for name, weight in ensemble.initial_weights(0).items() if name not in ensemble.buffers}


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


@pytest.mark.parametrize(
    ("filters", "parameters"),
    [
        ((16, 32, 32, 64, 64), 76_260),
        ((32, 64, 64, 128, 128), 290_660),
        ((48, 96, 96, 192, 192), 643_300),
        ((64, 128, 128, 256, 256), 1_134_180),
    ],
)
def test_convnets_have_the_sizes_of_their_specs(filters, parameters):
    architecture = ConvNet(kind="convnet", members=2, filters=filters)
    ensemble = build(architecture, CIFAR, 100)
    assert sum(weight[0].numel() for weight in trained(ensemble).values()) == parameters
    assert architecture.member_parameters(CIFAR, 100) == parameters
    assert ensemble.initial_weights(0)[ensemble.first_layer].shape == (2, filters[0], 3, 3, 3)
    assert ensemble.buffers == frozenset()


@pytest.mark.parametrize(
    ("depth", "growth", "members", "parameters"),
    [(100, 12, 4, 3_200_128), (82, 8, 8, 2_132_448), (64, 6, 16, 1_685_056)],
)
def test_the_papers_densenets_have_the_papers_sizes(depth, growth, members, parameters):
    architecture = DenseNet(kind="densenet", members=members, depth=depth, growth=growth)
    ensemble = build(architecture, CIFAR, 100)
    assert sum(weight.numel() for weight in trained(ensemble).values()) == parameters
    assert members * architecture.member_parameters(CIFAR, 100) == parameters
    assert ensemble.initial_weights(0)[ensemble.first_layer].shape == (members, 2 * growth, 3, 3, 3)


SMALL = [
    ConvNetEnsemble(members=2, image_shape=(1, 8, 8), filters=(4, 3), strides=(1, 2), classes=5),
    DenseNetEnsemble(members=2, image_shape=(1, 8, 8), depth=10, growth=2, classes=5),
]


@pytest.mark.parametrize("ensemble", SMALL, ids=lambda ensemble: type(ensemble).__name__)
def test_initial_weights_are_the_seeds_and_differ_between_members(ensemble):
    first, again, other = (ensemble.initial_weights(seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    for name in (name for name in first if name.endswith("weight")):
        assert not torch.equal(first[name], other[name])
        assert not torch.equal(first[name][0], first[name][1])
    assert {weight.dtype for weight in first.values()} == {torch.float32}
    assert ensemble.buffers <= first.keys() >= {ensemble.first_layer}


@pytest.mark.parametrize("ensemble", SMALL, ids=lambda ensemble: type(ensemble).__name__)
def test_float32_logits_of_two_trials_share_their_images(ensemble):
    drawn = ensemble.initial_weights(0)
    weights = {name: torch.stack([weight, weight]) for name, weight in drawn.items()}
    logits = ensemble.logits(weights, torch.randn(1, 7, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert logits.shape == (2, 2, 7, 5)
    assert logits.dtype == torch.float32
    assert torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[0, 0], logits[0, 1])


def test_convnets_start_uniform_within_one_over_the_root_of_fan_in():
    ensemble = ConvNetEnsemble(members=40, image_shape=CIFAR, filters=(16, 32), strides=(1, 2), classes=20)
    fan_ins = {"convolution1": 27, "convolution2": 144, "output": 32}
    for name, weight in ensemble.initial_weights(0).items():
        bound = 1 / math.sqrt(fan_ins[name.partition(".")[0]])
        assert weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_densenets_start_normal_with_normalisation_that_changes_nothing():
    weights = DenseNetEnsemble(members=40, image_shape=CIFAR, depth=16, growth=6, classes=20).initial_weights(0)
    for name, weight in weights.items():
        match name.rpartition(".")[2]:
            case "scale" | "variance":
                assert (weight == 1).all()
            case "shift" | "mean" | "bias":
                assert (weight == 0).all()
            case _ if name == "output.weight":
                bound = 1 / math.sqrt(weight.shape[-1])
                assert weight.abs().max() <= bound
                assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
            case _:
                side, filters = weight.shape[-1], weight.shape[1]
                assert weight.std().item() == pytest.approx(math.sqrt(2 / (side**2 * filters)), rel=0.05)


@pytest.mark.parametrize(
    ("ensemble", "least"),
    [
        (DenseNetEnsemble(16, CIFAR, 64, 6, 100), 2 * 72 * 32 * 32),
        (ConvNetEnsemble(16, CIFAR, (32, 64), (1, 2), 100), 32 * 30 * 30 + 64 * 14 * 14),
    ],
)
def test_a_chunk_of_examples_is_bounded_by_the_largest_activations(ensemble, least):
    assert least <= ensemble.numbers_per_example(torch.device("cpu")) <= 2 * least
    assert 16 * least <= ensemble.numbers_per_example(torch.device("cuda")) <= 32 * least, "all members at once"


def test_images_too_small_for_the_convolutions_are_refused():
    with pytest.raises(ValueError, match="2 convolutions leave nothing of images"):
        ConvNetEnsemble(members=1, image_shape=(1, 4, 8), filters=(2, 2), strides=(1, 1), classes=2)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind of member network: transformer"):
        build(SimpleNamespace(kind="transformer"), (1, 8, 8), 10)
