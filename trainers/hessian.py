"""The Hessian of the joint loss in all trained parameters, and how ill-conditioned it is (paper, section 6).

**Condition number.** κ(H) = max |eigenvalue| / min |eigenvalue|, infinite for a singular H. The H of an
over-parametrised network is singular or nearly so, and for a network of real size only products of H with vectors can
be computed. Lanczos' method gives H·Q = Q'·T. The columns of Q are an orthonormal basis of the Krylov space of a start
vector, Q' has one orthonormal column more, and T is tridiagonal, one row taller than wide. The singular values of T lie
between those of H, whatever the signs of H's eigenvalues, so

    condition(T) = σ_max(T) / σ_min(T) ≤ κ(H),

a lower bound that grows with the number of steps and reaches κ(H) when the Krylov space is the whole space. (The ratio
of the Ritz values' magnitudes is no bound: a Ritz value may be 0 between eigenvalues of both signs.) The bound compares
trials measured with equally many steps from the same start vector. It does not estimate κ(H) itself.

Networks are in evaluation mode and all numbers are float64. Rectified linear units have second derivative 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from trainers import measurement
from trainers.ensembles import Ensemble, Weights
from trainers.losses import joint_loss
from trainers.pool import Part

Vector = Float[Tensor, " parameter"]
Product = Callable[[Tensor], Tensor]
"""A function from a vector v to H·v. Vectors hold the trained parameters, each flattened, in the weights' order."""
GRAPH_FACTOR = 4
"""Factor by which a chunk holds fewer examples than in a measurement: second derivatives keep more activations."""


@dataclass(frozen=True)
class Tridiagonal:
    """The result of k steps of Lanczos' method: a (k+1) × k matrix T, symmetric except for its last row."""

    diagonal: Float[Tensor, " step"]
    below: Float[Tensor, " step"]
    """The entry below each diagonal one. The last is 0 if the space is invariant."""

    def ritz_values(self) -> Float[Tensor, " step"]:
        """Eigenvalues of the square part, ascending. The first and last approach H's extreme ones from within."""
        inner = self.below[:-1]
        square = torch.diag(self.diagonal) + torch.diag(inner, -1) + torch.diag(inner, 1)
        values: Tensor = torch.linalg.eigvalsh(square)
        return values

    def condition(self) -> float:
        """σ_max(T) / σ_min(T), which is at most κ(H); infinite if σ_min is 0."""
        steps = len(self.diagonal)
        matrix = torch.zeros(steps + 1, steps, dtype=self.diagonal.dtype)
        matrix[:-1] = torch.diag(self.diagonal) + torch.diag(self.below[:-1], 1)
        matrix[1:] += torch.diag(self.below)
        singular = torch.linalg.svdvals(matrix).tolist()
        return float(singular[0] / singular[-1]) if singular[-1] else math.inf


def lanczos(product: Product, start: Vector, steps: int) -> Tridiagonal:
    """Lanczos' method with full reorthogonalisation, in the type of ``start``. It ends early in an invariant space.

    It holds one vector per step: 326 MB for 50 steps of 815K parameters in float64.
    """
    steps = min(steps, len(start))
    basis = start.new_zeros(steps, len(start))
    diagonal, below = start.new_zeros(steps), start.new_zeros(steps)
    vector = start / torch.linalg.vector_norm(start)
    for step in range(steps):
        basis[step] = vector
        image = product(vector)
        size = torch.linalg.vector_norm(image)
        diagonal[step] = vector @ image
        for _ in range(2):  # the second pass removes the rounding errors of the first
            image = image - basis[: step + 1].mT @ (basis[: step + 1] @ image)
        length = torch.linalg.vector_norm(image)
        if length <= len(start) * torch.finfo(start.dtype).eps * size:
            return Tridiagonal(diagonal[: step + 1].cpu(), below[: step + 1].cpu())
        below[step] = length
        vector = image / length
    return Tridiagonal(diagonal.cpu(), below.cpu())


def exact(product: Product, like: Vector) -> Float[Tensor, "parameter parameter"]:
    """The whole Hessian of a small model, column by column. ``like`` has the size, type and device of a vector."""
    return torch.stack([product(unit) for unit in torch.eye(len(like), dtype=like.dtype, device=like.device)], 1)


def condition(hessian: Float[Tensor, "size size"]) -> float:
    """κ of a symmetric matrix, from all of its eigenvalues; infinite if one is 0."""
    magnitudes = torch.linalg.eigvalsh(hessian).abs().tolist()
    return float(max(magnitudes) / min(magnitudes)) if min(magnitudes) else math.inf


class JointHessian:
    """Products of one trial's Hessian with vectors, in float64. The loss is the mean over the part's examples."""

    def __init__(self, ensemble: Ensemble, weights: Weights, part: Part, lam: float) -> None:
        """``weights`` (1, member, …), ``part`` (one group) and ``lam`` belong to the trial."""
        self._ensemble, self._part = ensemble, part
        self._weights = {
            name: weight.detach().double().requires_grad_(name not in ensemble.buffers)
            for name, weight in weights.items()
        }
        self._trained = [weight for weight in self._weights.values() if weight.requires_grad]
        self._lam = self._trained[0].new_tensor([lam])

    @property
    def size(self) -> int:
        """Number of trained parameters of the ensemble."""
        return sum(weight.numel() for weight in self._trained)

    def start(self, stream: torch.Generator) -> Vector:
        """A start vector of standard normal numbers, drawn on the CPU so that it is the same on every device."""
        return torch.randn(self.size, generator=stream, dtype=torch.float64).to(self._lam.device)

    def __call__(self, vector: Vector) -> Vector:
        """H·v, from differentiating the gradient along v, chunk by chunk."""
        pieces = torch.split(vector, [weight.numel() for weight in self._trained])
        along = [piece.view_as(weight) for piece, weight in zip(pieces, self._trained, strict=True)]
        examples = self._part.rows.shape[1]
        step = max(1, measurement.chunk_size(self._ensemble, 1, vector.device) // GRAPH_FACTOR)
        total = torch.zeros_like(vector)
        for begin in range(0, examples, step):
            images, labels = self._part.take(begin, begin + step)
            loss = joint_loss(self._ensemble.logits(self._weights, images.double()), labels, self._lam).sum()
            gradient = torch.autograd.grad(loss * (labels.shape[1] / examples), self._trained, create_graph=True)
            # zeros for a parameter that the gradient does not depend on
            products = torch.autograd.grad(gradient, self._trained, along, materialize_grads=True)
            total += torch.cat([product.flatten() for product in products])
        return total
