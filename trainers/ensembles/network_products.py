"""A matrix product of every network that reads and writes features where they lie in channels-last memory.

torch's own batched product returns each network's rows in one piece. The next layer needs the channels of all networks
side by side, so they would be copied, and so would the gradient. Moving features is what DenseNets spend their time on.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

Rows = Float[Tensor, "row network inner"]
Matrices = Float[Tensor, "network column inner"]


def products(rows: Rows, matrices: Matrices) -> Float[Tensor, "row network column"]:
    """rows·matricesᵀ of every network, contiguous. Autocast rounds the factors as it does those of torch's products."""
    return cast("Tensor", _Products.apply(_rounded(rows), _rounded(matrices)))


def _rounded(factor: Tensor) -> Tensor:
    kind = factor.device.type
    if torch.is_autocast_enabled(kind) and factor.dtype == torch.float32:
        return factor.to(torch.get_autocast_dtype(kind))
    return factor


class _Products(torch.autograd.Function):
    """The product with its gradients, which can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, rows: Rows, matrices: Matrices) -> Tensor:
        ctx.save_for_backward(rows, matrices)
        found = rows.new_empty(len(rows), *matrices.shape[:2])
        torch.bmm(rows.transpose(0, 1), matrices.mT, out=found.transpose(0, 1))
        return found

    @staticmethod
    def backward(ctx: Any, on_found: Tensor) -> tuple[Tensor, Tensor]:
        rows, matrices = ctx.saved_tensors
        return _Products.apply(on_found, matrices.mT), torch.bmm(on_found.permute(1, 2, 0), rows.transpose(0, 1))
