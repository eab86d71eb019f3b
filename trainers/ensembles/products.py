"""The matrix products that MLPs spend their time on, by the fastest library at hand.

One float32 product on a CPU is oneDNN's, by the operator that torch's compiler puts in the place of ``linear``: nothing
public leads there. torch itself would ask MKL, which was slower where it was measured (``docs/performance.md``). oneDNN
gives a row of two or more the same bits whatever other rows there are. It knows no autograd, so what needs a graph goes
torch's way.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

CACHE_LINE_FLOATS = 16
"""Numbers of float32 that a processor works on at once."""
FEW_EXAMPLES = 8 * CACHE_LINE_FLOATS


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

    A few examples that leave the last line half empty are multiplied the other way round and then turned: of the
    paper's batches of 100 that takes 8 % less time.
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
    # Not its rectifier: that makes 0 of what is no number, and a trial that diverged would look well.
    found: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")
    return found
