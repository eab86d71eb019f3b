"""T6: the condition number of the joint loss's Hessian grows without bound as λ → 1, exactly.

For one example the Hessian in the members' natural parameters is

    H_λ = (1/M) [(1 − λ)·blockdiag(F_1 … F_M) + (λ/M)·11ᵀ ⊗ F̄]

with F_j and F̄ the Fisher information of q_j and q̄. (In Eq. 5 the targets drop out: H_λ does not depend on the data.)
Adding a constant to a member's logits changes no distribution, so for the categorical H_λ is singular along those M
directions for every λ; the statement is about the rest, the informative space. There blockdiag(F_j) is positive, and
11ᵀ ⊗ F̄ has a null space: v with Σ_j v_j = 0, on which vᵀ H_λ v = (1 − λ)/M · Σ_j v_jᵀ F_j v_j. Hence the least
eigenvalue goes to 0 as (1 − λ)·s/M, s the least eigenvalue of blockdiag(F_j) within that space, while the greatest goes
to that of F̄ over M (along equal v_j):

    (1 − λ)·κ(H_λ) → λ_max(F̄) / s   as λ → 1.

For models linear in their parameters the Hessian is Σ_n H_λ(n) ⊗ x_n x_nᵀ / N, and the same holds. For the Gaussian all
F are 1, and κ(H_λ) = κ(Σ x xᵀ) / (1 − λ) for every λ in [0, 1).
"""

import pytest
import torch

from trainers.families import FAMILIES, joint_loss
from trainers.hessian import condition, exact

MEMBERS, COMPONENTS = 4, 3
GAPS = (0.5, 0.1, 1e-2, 1e-3, 1e-4, 1e-6)
"""Values of 1 − λ."""


def drawn(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def hessian_of(loss, point):
    return torch.autograd.functional.hessian(loss, point)


def joint(name: str, natural, target, lam: float):
    """The loss of one trial: natural (member, example, component), target (example, component)."""
    return joint_loss(FAMILIES[name], natural[None], target[None], torch.tensor([lam], dtype=torch.float64))[0]


def logit_hessian(name: str, natural, target, lam: float):
    """By double differentiation, (member·component, member·component), of one example."""
    shape = (MEMBERS, 1, COMPONENTS)
    return hessian_of(lambda flat: joint(name, flat.view(shape), target, lam), natural.flatten())


def formula(name: str, natural, lam: float):
    """H_λ as it is derived above."""
    blocks = torch.block_diag(*FAMILIES[name].information(natural))
    shared = FAMILIES[name].information(natural.mean(0))
    everywhere = torch.ones(MEMBERS, MEMBERS, dtype=torch.float64)
    return ((1 - lam) * blocks + lam / MEMBERS * torch.kron(everywhere, shared)) / MEMBERS


def informative(name: str):
    """Orthonormal columns that span what changes a member's distribution, (component, dimension)."""
    if name != "categorical":
        return torch.eye(COMPONENTS, dtype=torch.float64)
    return torch.linalg.svd(torch.ones(1, COMPONENTS, dtype=torch.float64)).Vh[1:].T


def within(matrix, name: str):
    """H within the informative space of all members."""
    basis = torch.kron(torch.eye(MEMBERS, dtype=torch.float64), informative(name))
    return basis.T @ matrix @ basis


@pytest.fixture
def natural():
    return drawn(MEMBERS, 1, COMPONENTS)


@pytest.fixture
def target():
    return torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95, 1.0, 1.4])
def test_t6_the_hessian_is_the_one_derived(name, natural, target, lam):
    found = logit_hessian(name, natural, target, lam)
    torch.testing.assert_close(found, formula(name, natural[:, 0], lam), atol=1e-12, rtol=0)


def limit(name: str, natural) -> float:
    """λ_max(F̄) / s."""
    blocks = within(torch.block_diag(*FAMILIES[name].information(natural)), name)
    size = len(blocks) // MEMBERS
    sums_to_zero = torch.linalg.svd(torch.ones(1, MEMBERS, dtype=torch.float64)).Vh[1:].T
    basis = torch.kron(sums_to_zero, torch.eye(size, dtype=torch.float64))
    greatest = torch.linalg.eigvalsh(FAMILIES[name].information(natural.mean(0))).max()
    return (greatest / torch.linalg.eigvalsh(basis.T @ blocks @ basis).min()).item()


@pytest.mark.parametrize("name", FAMILIES)
def test_t6_the_condition_grows_without_bound_as_lambda_goes_to_one(name, natural, target):
    conditions = [condition(within(logit_hessian(name, natural, target, 1 - gap), name)) for gap in GAPS]
    assert conditions == sorted(conditions)
    assert conditions[-1] > 1e5
    rates = [gap * found for gap, found in zip(GAPS, conditions, strict=True)]
    assert rates[-1] == pytest.approx(limit(name, natural[:, 0]), rel=1e-4)
    assert rates[-2] == pytest.approx(rates[-1], rel=1e-2)


@pytest.mark.parametrize("name", FAMILIES)
def test_t6_at_lambda_one_all_but_the_ensemble_is_flat(name, natural, target):
    eigenvalues = torch.linalg.eigvalsh(within(logit_hessian(name, natural, target, 1.0), name))
    flat = eigenvalues.abs() < 1e-12
    assert flat.sum() == len(eigenvalues) * (MEMBERS - 1) / MEMBERS


EXAMPLES, INPUTS = 30, 2
GENEROUS = (0.1, 1e-2, 1e-3, 1e-4, 1e-5)


def linear_hessian(name: str, lam: float):
    """In the weights (member, component, input) of members that are linear in their inputs."""
    inputs, weights = drawn(EXAMPLES, INPUTS, seed=1), drawn(MEMBERS, COMPONENTS, INPUTS, seed=2)
    target = torch.nn.functional.one_hot(drawn(EXAMPLES, COMPONENTS, seed=3).argmax(-1), COMPONENTS).double()

    def loss(flat):
        return joint(name, torch.einsum("mci,ni->mnc", flat.view(weights.shape), inputs), target, lam)

    return hessian_of(loss, weights.flatten()), inputs


def test_t6_for_linear_gaussian_members_the_condition_is_that_of_the_inputs_over_the_gap():
    for gap in (1.0, *GENEROUS):
        hessian, inputs = linear_hessian("gaussian", 1 - gap)
        assert condition(hessian) == pytest.approx(condition(inputs.T @ inputs) / gap, rel=1e-8)


def test_t6_for_linear_softmax_members_the_condition_goes_as_one_over_the_gap():
    basis = torch.kron(informative("categorical"), torch.eye(INPUTS, dtype=torch.float64))
    basis = torch.kron(torch.eye(MEMBERS, dtype=torch.float64), basis)
    conditions = [condition(basis.T @ linear_hessian("categorical", 1 - gap)[0] @ basis) for gap in GENEROUS]
    assert conditions == sorted(conditions)
    rates = [gap * found for gap, found in zip(GENEROUS, conditions, strict=True)]
    assert rates[-1] == pytest.approx(rates[-2], rel=1e-2)
    assert conditions[-1] > 1e4


def test_exact_is_the_matrix_of_its_products():
    matrix = drawn(4, 4)
    torch.testing.assert_close(exact(matrix.mv, torch.zeros(4, dtype=torch.float64)), matrix)
