"""The matrix products on which MLPs spend their time, by the fastest library available.

A single float32 product on a CPU runs in oneDNN, through the private operator with which torch's compiler replaces
``linear``; no public function calls it. torch itself would call MKL, which was slower in the measurements
(``docs/performance.md``). In a product of two or more rows, oneDNN computes the same bits for a row whatever the other
rows are. The operator does not support autograd, so products that need a graph use torch's own functions.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

CACHE_LINE_FLOATS = 16
"""float32 numbers in a cache line of 64 bytes, which is also the width of an AVX-512 register."""
FEW_EXAMPLES = 8 * CACHE_LINE_FLOATS
"""Fewer examples than this may be multiplied the other way round, see :func:`affine`."""


def product(
    left: Float[Tensor, "group row inner"], right: Float[Tensor, "group column inner"]
) -> Float[Tensor, "group row column"]:
    """left·rightᵀ of each group."""
    if len(left) > 1:
        return torch.bmm(left, right.mT)
    if _by_onednn(left, right):
        return _onednn(left[0], right[0]).unsqueeze(0)
    return torch.mm(left[0], right[0].mT).unsqueeze(0)


def affine(
    weight: Float[Tensor, "group unit input"],
    bias: Float[Tensor, "group unit"],
    inputs: Float[Tensor, "group example input"],
) -> Float[Tensor, "group unit example"]:
    """Wx + b of each group, examples innermost.

    If there are few examples and they do not fill whole cache lines, the product is computed with examples first and
    then transposed. The paper's batches of 100 are such a case; ``docs/performance.md`` says what this gains.
    """
    examples = inputs.shape[1]
    if len(inputs) == 1 and examples < FEW_EXAMPLES and examples % CACHE_LINE_FLOATS and _by_onednn(weight, inputs):
        return _onednn(inputs[0], weight[0], bias[0]).T.contiguous().unsqueeze(0)
    return product(weight, inputs).add_(bias.unsqueeze(-1))


def _by_onednn(left: Tensor, right: Tensor) -> bool:
    graph = torch.is_grad_enabled() and (left.requires_grad or right.requires_grad)
    plain = left.device.type == "cpu" and left.dtype == right.dtype == torch.float32
    return plain and not graph and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def _onednn(
    left: Float[Tensor, "row inner"], right: Float[Tensor, "column inner"], bias: Float[Tensor, " column"] | None = None
) -> Float[Tensor, "row column"]:
    # oneDNN's own rectifier is not used: it turns NaN into 0, which would hide that a trial diverged.
    found: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")
    return found
