"""The product of MLPs' first layers against float64, under autograd, and row by row."""

import pytest
import torch

from trainers.ensembles.products import affine, product

SHAPES = [(1024, 100, 784), (96, 7, 50), (1, 1, 1), (1024, 784, 100)]


def factors(rows, columns, inner, groups=1, dtype=torch.float32):
    stream = torch.Generator().manual_seed(0)
    return tuple(torch.randn(groups, size, inner, generator=stream).to(dtype) for size in (rows, columns))


def rounding(left, right):
    """What each entry of a product may be off by, in whatever order its n terms are added: n · eps · Σ |terms|."""
    terms = torch.einsum("gri,gci->grc", left.double().abs(), right.double().abs())
    return left.shape[-1] * torch.finfo(left.dtype).eps * terms


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_the_product_within_rounding(shape, groups, dtype):
    left, right = factors(*shape, groups, dtype)
    exact = torch.einsum("gri,gci->grc", left.double(), right.double())
    assert ((product(left, right).double() - exact).abs() <= rounding(left, right)).all()


def test_columns_may_lie_across_in_memory():
    left, right = factors(96, 50, 7)
    across = right.mT.contiguous().mT
    assert not across.is_contiguous()
    difference = product(left, across).double() - product(left, right).double()
    assert (difference.abs() <= 2 * rounding(left, right)).all()  # each may be off


@pytest.mark.parametrize("examples", [1, 16, 100, 130])
@pytest.mark.parametrize("groups", [1, 3])
def test_an_affine_map_is_the_product_and_the_bias(examples, groups):
    weight, inputs = factors(96, examples, 50, groups)
    bias = torch.randn(groups, 96, generator=torch.Generator().manual_seed(1))
    found = affine(weight, bias, inputs)
    assert found.is_contiguous()
    exact = torch.baddbmm(bias.double().unsqueeze(-1), weight.double(), inputs.double().mT)
    ones = torch.ones(groups, examples, 1)
    bound = rounding(torch.cat([weight, bias.unsqueeze(-1)], -1), torch.cat([inputs, ones], -1))  # one more term
    assert ((found.double() - exact).abs() <= bound).all()


@pytest.mark.parametrize("examples", [100, 130])
@pytest.mark.parametrize("odd", [torch.nan, torch.inf])
def test_what_is_no_number_stays_none(examples, odd):
    weight, inputs = factors(4, examples, 6)
    weight[0, 1, 2] = odd
    units = affine(weight, torch.zeros(1, 4), inputs)
    assert not units[0, 1].isfinite().any()
    assert units[0, [0, 2, 3]].isfinite().all()


@pytest.mark.parametrize("shape", [*SHAPES[:2], (2, 100, 784)])
def test_a_row_has_the_same_bits_whatever_other_rows_there_are(shape):
    rows, columns, inner = shape
    left, right = factors(3 * rows, columns, inner)
    bias = left[..., 0].clone()
    together, moved = product(left, right), affine(left, bias, right)
    for part in range(3):
        here = slice(part * rows, (part + 1) * rows)
        assert torch.equal(product(left[:, here].clone(), right), together[:, here])
        assert torch.equal(affine(left[:, here].clone(), bias[:, here], right), moved[:, here])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_flow_where_a_graph_is_asked_for(dtype):
    left, right = (factor.requires_grad_() for factor in factors(5, 4, 3, dtype=dtype))
    product(left, right).sum().backward()
    torch.testing.assert_close(left.grad, right.detach().sum(1, keepdim=True).expand(left.shape))
    torch.testing.assert_close(right.grad, left.detach().sum(1, keepdim=True).expand(right.shape))
