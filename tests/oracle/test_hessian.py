"""Hessian products and Lanczos' method against whole matrices and another library's eigenvalues."""

import itertools

import pytest
import scipy.linalg
import torch

from specs.architectures import ConvNet, DenseNet, Mlp
from trainers.ensembles import build
from trainers.hessian import JointHessian, condition, exact, lanczos
from trainers.losses import joint_loss
from trainers.pool import Part, Pool

ENSEMBLE = build(Mlp(kind="mlp", members=3, hidden=4), (1, 2, 3), 3)
LAMBDAS = [0.0, 0.5, 0.95, 1.0, 1.3]


def as_they_are(images):
    return images


def drawn(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def product(lam: float) -> JointHessian:
    weights = {name: 2 * weight.unsqueeze(0) for name, weight in ENSEMBLE.initial_weights(0).items()}
    labels = torch.randint(0, 3, (40,), generator=torch.Generator().manual_seed(1))
    return JointHessian(
        ENSEMBLE, weights, Part(Pool(drawn(40, 1, 2, 3), labels, as_they_are), torch.arange(5, 40).unsqueeze(0)), lam
    )


def whole(lam: float):
    """The Hessian by the library's own, of a loss written as a function of one flat vector."""
    asked = product(lam)
    part, shapes = asked._part, {name: weight.shape for name, weight in asked._weights.items()}
    images, labels = part.take(0, 35)

    def loss(flat):
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        weights = {name: piece.view(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
        return joint_loss(ENSEMBLE.logits(weights, images), labels, flat.new_tensor([lam]))[0]

    flat = torch.cat([weight.detach().flatten() for weight in asked._weights.values()])
    return torch.autograd.functional.hessian(loss, flat)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_products_make_the_librarys_hessian(lam):
    asked = product(lam)
    found = exact(asked, torch.zeros(asked.size, dtype=torch.float64))
    torch.testing.assert_close(found, whole(lam), atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize(
    "architecture",
    [
        ConvNet(kind="convnet", members=2, filters=(4, 5), strides=(1, 2)),
        DenseNet(kind="densenet", members=2, depth=10, growth=2),
    ],
    ids=lambda architecture: architecture.kind,
)
def test_products_of_convolutional_networks_are_differences_of_their_gradients(architecture):
    ensemble = build(architecture, (3, 32, 32), 4)
    weights = {name: weight.unsqueeze(0) for name, weight in ensemble.initial_weights(0).items()}
    part = Part(Pool(drawn(5, 3, 32, 32), torch.tensor([0, 3, 1, 2, 0]), as_they_are), torch.arange(5).unsqueeze(0))
    asked = JointHessian(ensemble, weights, part, 0.7)
    vector, start = drawn(asked.size), [weight.detach().clone() for weight in asked._trained]
    for origin in start:  # batch normalisation's first shifts are 0, and there rectified linear units have their kink
        origin.add_(0.1 * drawn(*origin.shape, seed=3))

    def gradient(along: float):
        pieces = vector.split([weight.numel() for weight in start])
        for weight, origin, piece in zip(asked._trained, start, pieces, strict=True):
            weight.detach().copy_(origin + along * piece.view_as(origin))
        images, labels = part.take(0, 5)
        loss = joint_loss(ensemble.logits(asked._weights, images), labels, vector.new_tensor([0.7]))
        return torch.cat([one.flatten() for one in torch.autograd.grad(loss.sum(), asked._trained)])

    difference = (gradient(1e-7) - gradient(-1e-7)) / 2e-7
    gradient(0)
    torch.testing.assert_close(asked(vector), difference, atol=1e-6, rtol=1e-4)


def test_chunks_change_nothing(monkeypatch):
    asked = product(0.5)
    vector = drawn(asked.size)
    expected = asked(vector)
    monkeypatch.setattr("trainers.hessian.GRAPH_FACTOR", 2000 // 8)  # 8 examples a chunk: the last has 3
    torch.testing.assert_close(asked(vector), expected, atol=1e-13, rtol=0)


@pytest.mark.parametrize("lam", LAMBDAS)
def test_lanczos_finds_the_extreme_eigenvalues_of_a_small_ensemble(lam):
    asked = product(lam)
    ritz = lanczos(asked, asked.start(torch.Generator().manual_seed(0)), 60).ritz_values().numpy()
    expected = scipy.linalg.eigvalsh(whole(lam).numpy())
    assert len(ritz) < asked.size
    assert ritz[[0, -1]] == pytest.approx(expected[[0, -1]], abs=1e-10)


@pytest.mark.parametrize("signs", ["positive", "both"])
def test_the_condition_is_a_growing_lower_bound_that_ends_exact(signs):
    values = torch.linspace(0.1, 3, 30, dtype=torch.float64)
    values = values if signs == "positive" else values * (-1.0) ** torch.arange(30)
    basis = torch.linalg.qr(drawn(30, 30)).Q
    matrix = basis @ torch.diag(values) @ basis.mT
    bounds = [lanczos(matrix.mv, drawn(30, seed=2), steps).condition() for steps in range(1, 31)]
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(bounds))
    assert bounds[5] < 30 - 1e-3
    assert (bounds[-1], condition(matrix)) == (pytest.approx(30, rel=1e-9), pytest.approx(30, rel=1e-9))


def test_lanczos_ends_in_an_invariant_space():
    matrix = torch.diag(torch.tensor([1.0, 1.0, 4.0, 4.0, 4.0], dtype=torch.float64))
    found = lanczos(matrix.mv, drawn(5), 5)
    assert len(found.diagonal) == 2
    assert found.ritz_values().tolist() == pytest.approx([1, 4])
    assert found.condition() == pytest.approx(4)


def test_many_steps_stay_orthogonal_where_eigenvalues_spread_over_many_orders():
    values = torch.logspace(-8, 3, 80, dtype=torch.float64)
    ritz = lanczos(lambda vector: values * vector, drawn(80), 80).ritz_values()
    assert ritz[-5:].tolist() == pytest.approx(values[-5:].tolist())  # without, the largest come more than once


def test_a_singular_hessian_has_an_infinite_condition():
    assert condition(torch.diag(torch.tensor([0.0, 1.0]))) == float("inf")
    assert lanczos(torch.zeros_like, drawn(3), 3).condition() == float("inf")
    assert lanczos(lambda vector: vector * torch.tensor([0.0, 1.0]).double(), drawn(2), 2).condition() > 1e12
