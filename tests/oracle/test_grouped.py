"""Networks at once, as on a GPU, against networks in turn, as on a CPU: the same function in float64."""

from functools import partial

import pytest
import torch

from trainers.ensembles.bfloat16 import InBfloat16
from trainers.ensembles.convnet import ConvNetEnsemble
from trainers.ensembles.convolutional import WAYS, way_on
from trainers.ensembles.densenet import DenseNetEnsemble
from trainers.ensembles.gradients import gradients, gradients_in_parts
from trainers.ensembles.grouped import AllNetworks, at_once
from trainers.ensembles.network_loop import in_turn
from trainers.ensembles.network_products import products
from trainers.hessian import JointHessian
from trainers.losses import joint_gradient
from trainers.optimizer import StackedSGD
from trainers.pool import Part, Pool, for_trials

ENSEMBLES = {
    "convnet": ConvNetEnsemble(members=3, image_shape=(2, 12, 11), filters=(4, 5, 3), strides=(1, 2, 1), classes=6),
    "convnet of one": ConvNetEnsemble(members=1, image_shape=(1, 7, 8), filters=(4, 3), strides=(2, 1), classes=6),
    "densenet": DenseNetEnsemble(members=3, image_shape=(2, 8, 8), depth=16, growth=2, classes=6),
    "densenet of one": DenseNetEnsemble(members=1, image_shape=(3, 4, 8), depth=10, growth=3, classes=6),
}
TRIALS, EXAMPLES = 4, 6
LAMBDAS, RATES = torch.tensor([0.0, 0.5, 0.9, 1.0], dtype=torch.float64), (0.3, 0.1, 0.3, 0.2)
EXACT = {"atol": 1e-11, "rtol": 1e-11}
ROUTES = {
    "one graph": gradients,
    "in parts of two": partial(gradients_in_parts, 2),
    "one by one": partial(gradients_in_parts, 1),
}
BOTH = ("in turn", in_turn), ("at once", at_once)


class Settings:
    momentum, weight_decay = 0.9, 0.01


@pytest.fixture(params=ENSEMBLES.values(), ids=ENSEMBLES)
def ensemble(request):
    return request.param


@pytest.fixture(params=[1, 2, TRIALS], ids="{} groups".format)
def groups(request):
    return request.param


def weights_of(ensemble, trials=TRIALS, dtype=torch.float64):
    """Weights drawn by one seed per trial. Normalisation is moved from its start, so that a mistaken order shows."""
    drawn = [ensemble.initial_weights(seed) for seed in range(trials)]
    weights = {name: torch.stack([one[name].to(dtype) for one in drawn]) for name in drawn[0]}
    stream = torch.Generator().manual_seed(1)
    for weight in weights.values():
        weight.add_(0.1 * torch.rand(weight.shape, generator=stream, dtype=dtype))
    return {name: weight.requires_grad_(name not in ensemble.buffers) for name, weight in weights.items()}


def trained(ensemble, weights):
    return [weight for name, weight in weights.items() if name not in ensemble.buffers]


def batch(ensemble, groups, number=0, dtype=torch.float64):
    """Images (group, example, …), and labels and bagging's counts of every trial."""
    stream = torch.Generator().manual_seed(number)
    images = torch.randn(groups, EXAMPLES, *ensemble.image_shape, generator=stream, dtype=dtype)
    labels = torch.randint(0, 6, (groups, EXAMPLES), generator=stream)
    counts = torch.randint(0, 3, (TRIALS, ensemble.members, EXAMPLES), generator=stream).to(dtype)
    return images, for_trials(labels, TRIALS), counts


def assert_equal(first, second, **tolerances):
    for name, weight in first.items():
        torch.testing.assert_close(
            weight, second[name], **(tolerances or EXACT), equal_nan=True, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_the_weights_device_decides():
    assert way_on(torch.device("cpu")) is in_turn
    assert way_on(torch.device("cuda", 1)) is at_once


@pytest.mark.parametrize("training", [True, False])
def test_logits_and_running_statistics(ensemble, groups, training):
    images, _, _ = batch(ensemble, groups)
    one, other = weights_of(ensemble), weights_of(ensemble)
    logits = in_turn(ensemble.forward, one, images, training)
    assert logits.shape == (TRIALS, ensemble.members, EXAMPLES, 6)
    torch.testing.assert_close(at_once(ensemble.forward, other, images, training), logits, **EXACT)
    assert_equal(one, other)
    start = weights_of(ensemble)
    moved = {name for name, weight in other.items() if not torch.equal(weight, start[name])}
    assert moved == (ensemble.buffers if training else set())


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_gradients_and_running_statistics(ensemble, groups, route, monkeypatch):
    images, labels, _ = batch(ensemble, groups)
    found = {}
    for name, way in BOTH:
        monkeypatch.setitem(WAYS, "cpu", way)
        weights = weights_of(ensemble)
        known = lambda logits: joint_gradient(logits, labels, LAMBDAS)  # noqa: E731
        found[name] = dict(enumerate(route(ensemble, weights, images, known))) | weights
    assert_equal(found["in turn"], found["at once"])


@pytest.mark.parametrize("method", ["joint", "bagging"])
def test_two_steps_of_a_stack_of_seeds_and_lambdas(ensemble, groups, method, monkeypatch):
    lam = LAMBDAS if method == "joint" else torch.zeros_like(LAMBDAS)
    found = {}
    for name, way in BOTH:
        monkeypatch.setitem(WAYS, "cpu", way)
        weights = weights_of(ensemble)
        optimizer = StackedSGD(trained(ensemble, weights), Settings(), RATES)
        for number in range(2):
            images, labels, counts = batch(ensemble, groups, number)
            counts = counts if method == "bagging" else None
            known = partial(joint_gradient, labels=labels, lam=lam, weights=counts)
            optimizer.step(gradients(ensemble, weights, images, known))
        found[name] = {name: weight.detach() for name, weight in weights.items()}
    assert_equal(found["in turn"], found["at once"])


def test_a_frozen_trial_keeps_its_weights_and_moves_its_statistics(ensemble, groups, monkeypatch):
    """NaN in a trial's weights stays there: its neighbours have the numbers that they have in turn."""
    found = {}
    for name, way in BOTH:
        monkeypatch.setitem(WAYS, "cpu", way)
        weights = weights_of(ensemble)
        optimizer = StackedSGD(trained(ensemble, weights), Settings(), RATES)
        for number in range(3):
            if number == 1:
                weights["output.weight"].detach()[1] = torch.nan
                weights[ensemble.first_layer].detach()[3] = torch.inf
                optimizer.freeze(1)
                optimizer.freeze(3)
            images, labels, _ = batch(ensemble, groups, number)
            optimizer.step(gradients(ensemble, weights, images, partial(joint_gradient, labels=labels, lam=LAMBDAS)))
        found[name] = {name: weight.detach() for name, weight in weights.items()}
    assert_equal(found["in turn"], found["at once"])
    for weight in found["at once"].values():
        assert torch.isfinite(weight[[0, 2]]).all()


@pytest.mark.parametrize("kind", ["convnet", "densenet"])
def test_products_of_the_hessian(kind, monkeypatch):
    ensemble = ENSEMBLES[kind]
    images, labels, _ = batch(ensemble, 1)
    part = Part(Pool(images[0], labels[0], lambda pixels: pixels), torch.arange(EXAMPLES).unsqueeze(0))
    weights = weights_of(ensemble, trials=1)
    found = []
    for _, way in BOTH:
        monkeypatch.setitem(WAYS, "cpu", way)
        product = JointHessian(ensemble, weights, part, 0.5)
        found.append(product(product.start(torch.Generator().manual_seed(0))))
    torch.testing.assert_close(*found, **EXACT)
    assert found[0].norm() > 1e-3


@pytest.mark.parametrize("kind", ["convnet", "densenet"])
def test_bfloat16_rounds_no_more_than_in_turn(kind, monkeypatch):
    """Both ways round the same factors and features, so their errors are alike (of deep networks, some 20 %)."""
    ensemble = ENSEMBLES[kind]
    images, labels, _ = batch(ensemble, 2, dtype=torch.float32)
    known = partial(joint_gradient, labels=labels, lam=LAMBDAS.float())

    def found(way, rounded):
        monkeypatch.setitem(WAYS, "cpu", way)
        weights = weights_of(ensemble, dtype=torch.float32)
        parts = gradients(rounded(ensemble), weights, images, known)
        assert {part.dtype for part in parts} == {torch.float32}
        return torch.cat([part.flatten() for part in parts])

    exact = found(in_turn, lambda plain: plain)
    errors = {name: (found(way, InBfloat16) - exact).norm() for name, way in BOTH}
    assert 0 < errors["at once"] < 2 * errors["in turn"] < exact.norm()


def test_a_product_of_every_network_its_gradients_and_theirs():
    stream = torch.Generator().manual_seed(0)
    rows = torch.randn(5, 3, 4, generator=stream, dtype=torch.float64, requires_grad=True)
    matrices = torch.randn(3, 2, 4, generator=stream, dtype=torch.float64, requires_grad=True)
    found = products(rows, matrices)
    torch.testing.assert_close(found, torch.einsum("rni,nci->rnc", rows, matrices), **EXACT)
    assert found.is_contiguous()
    assert torch.autograd.gradcheck(products, (rows, matrices))
    assert torch.autograd.gradgradcheck(products, (rows, matrices))


def test_groups_of_trials_share_the_first_convolution(monkeypatch):
    """One seed has an ordinary first convolution, and two seeds have two groups; the others have one per network."""
    seen = []
    plain = torch.nn.functional.conv2d
    monkeypatch.setattr(
        torch.nn.functional,
        "conv2d",
        lambda *arguments, **options: seen.append(options["groups"]) or plain(*arguments, **options),
    )
    ensemble = ENSEMBLES["convnet"]
    for groups in (1, 2):
        at_once(ensemble.forward, weights_of(ensemble), batch(ensemble, groups)[0], True)
    assert seen == [1, 12, 12, 2, 12, 12]


@pytest.mark.parametrize("kind", ["convnet", "densenet"])
def test_features_of_every_layer_lie_channels_last(kind, monkeypatch):
    seen = []
    for name in ("convolved", "normalised", "joined", "halved"):
        plain = getattr(AllNetworks, name)

        def looking(self, *arguments, _plain=plain, **options):
            found = _plain(self, *arguments, **options)
            seen.append(found.is_contiguous())
            return found

        monkeypatch.setattr(AllNetworks, name, looking)
    ensemble = ENSEMBLES[kind]
    images, _, _ = batch(ensemble, 2, dtype=torch.float32)
    at_once(ensemble.forward, weights_of(ensemble, dtype=torch.float32), images, True)
    assert len(seen) > 2
    assert all(seen)
