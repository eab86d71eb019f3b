"""The paper's exact claims (Webb et al. 2020), one test or more each, in float64.

T1 softmax of mean logits is the normalised geometric mean; T2 Eq. 4 equals Eq. 5; T3 the two ends of λ; T4 negative
correlation learning (also ``test_negative_correlation.py``); T5 the ensemble is no worse than its mean member; T6 the
condition of the Hessian (also ``test_conditioning.py``); T8 about 815K parameters; T9 Table 1's sizes. All of T2, T3
and T5 for every exponential family: ``test_families.py``.
"""

import pytest
import torch

from specs.architectures import DenseNet, Mlp
from trainers.ensembles import build
from trainers.families import FAMILIES
from trainers.families import joint_loss as family_loss
from trainers.losses import decomposed_loss, ensemble_nll, joint_loss, member_nlls

LAMBDAS = torch.tensor([0.0, 0.3, 0.5, 0.95, 1.0, -0.7, 1.8], dtype=torch.float64)
TRIALS, MEMBERS, EXAMPLES, CLASSES = len(LAMBDAS), 4, 6, 7


@pytest.fixture
def logits():
    stream = torch.Generator().manual_seed(0)
    shape = (TRIALS, MEMBERS, EXAMPLES, CLASSES)
    return (3 * torch.randn(shape, generator=stream, dtype=torch.float64)).requires_grad_()


@pytest.fixture
def labels():
    return torch.randint(0, CLASSES, (TRIALS, EXAMPLES), generator=torch.Generator().manual_seed(1))


def geometric_mean(logits):
    """Product of the members' distributions to the power 1/M, normalised."""
    product = torch.softmax(logits, -1).prod(1) ** (1 / logits.shape[1])
    return product / product.sum(-1, keepdim=True)


def test_t1_softmax_of_mean_logits_is_the_normalised_geometric_mean(logits):
    torch.testing.assert_close(torch.softmax(logits.mean(1), -1), geometric_mean(logits), atol=1e-12, rtol=1e-12)


def test_t2_equation_4_equals_equation_5(logits, labels):
    difference = joint_loss(logits, labels, LAMBDAS) - decomposed_loss(logits, labels, LAMBDAS)
    assert difference.abs().max() < 1e-10


def test_t3_lambda_one_is_the_loss_of_the_ensemble(logits, labels):
    expected = -geometric_mean(logits).gather(-1, labels[..., None]).log()[..., 0].mean(-1)
    torch.testing.assert_close(joint_loss(logits, labels, torch.ones_like(LAMBDAS)), expected)


def test_t3_lambda_zero_has_the_independent_gradient_over_m(logits, labels):
    joint_loss(logits, labels, torch.zeros_like(LAMBDAS)).sum().backward()
    for trial in range(TRIALS):
        for member in range(MEMBERS):
            alone = logits.detach()[trial, member].requires_grad_()
            torch.nn.functional.cross_entropy(alone, labels[trial]).backward()
            torch.testing.assert_close(logits.grad[trial, member], alone.grad / MEMBERS)


def test_t5_the_ensemble_is_never_worse_than_its_mean_member(logits, labels):
    assert (ensemble_nll(logits, labels) <= member_nlls(logits, labels).mean(1) + 1e-12).all()


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0])
def test_t4_for_a_gaussian_it_is_negative_correlation_learning(logits, lam):
    outputs = logits.detach()[0, :, :, :1]  # one real number a member and example
    desired = torch.randn(EXAMPLES, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    leaf = outputs.clone().requires_grad_()
    at = torch.tensor([lam], dtype=torch.float64)
    family_loss(FAMILIES["gaussian"], leaf[None], desired[None], at).sum().backward()
    mean = outputs.mean(0)
    for j in range(MEMBERS):
        others = sum(outputs[i] - mean for i in range(MEMBERS) if i != j)
        theirs = (outputs[j] - desired + lam * others) / EXAMPLES
        torch.testing.assert_close(MEMBERS * leaf.grad[j], theirs, atol=1e-12, rtol=0)


def test_t6_the_condition_of_the_hessian_grows_without_bound(logits):
    # One example in two classes: a member's distribution moves with the difference d of its logits alone.
    differences = logits.detach()[0, :, 0, :1].flatten()

    def loss(flat, lam):
        pairs = torch.stack([flat, torch.zeros_like(flat)], -1).view(1, MEMBERS, 1, 2)
        return joint_loss(pairs, torch.tensor([[0]]), torch.tensor([lam], dtype=torch.float64))[0]

    conditions = []
    for gap in (0.1, 1e-2, 1e-4, 1e-6):
        hessian = torch.autograd.functional.hessian(lambda flat, lam=1 - gap: loss(flat, lam), differences)
        eigenvalues = torch.linalg.eigvalsh(hessian)
        conditions.append((eigenvalues[-1] / eigenvalues[0]).item())
    assert conditions == sorted(conditions)
    assert conditions[3] / conditions[2] == pytest.approx(100, rel=1e-2)  # as 1 / (1 − λ)


def parameters(architecture, shape, classes) -> int:
    """Trained numbers of the tensors themselves."""
    ensemble = build(architecture, shape, classes)
    drawn = ensemble.initial_weights(0)
    return sum(weight.numel() for name, weight in drawn.items() if name not in ensemble.buffers)


@pytest.mark.parametrize(
    ("members", "hidden", "expected"), [(1, 1024, 814_090), (16, 64, 814_240), (64, 16, 814_720), (256, 4, 816_640)]
)
def test_t8_every_mlp_ensemble_has_about_815_thousand_parameters(members, hidden, expected):
    architecture = Mlp(kind="mlp", members=members, hidden=hidden)
    assert members * architecture.member_parameters((1, 28, 28), 10) == expected
    assert parameters(architecture, (1, 28, 28), 10) == expected
    assert expected == pytest.approx(815_000, rel=0.0025)


@pytest.mark.parametrize(
    ("depth", "growth", "members", "expected", "table"),
    [(100, 12, 4, 3_200_128, 3.2), (82, 8, 8, 2_132_448, 2.1), (64, 6, 16, 1_685_056, 1.7)],
)
def test_t9_the_densenets_have_the_sizes_of_table_1(depth, growth, members, expected, table):
    architecture = DenseNet(kind="densenet", members=members, depth=depth, growth=growth)
    assert members * architecture.member_parameters((3, 32, 32), 100) == expected
    assert parameters(architecture, (3, 32, 32), 100) == expected
    assert round(expected / 1e6, 1) == table
