"""The Hessian of the joint loss in all trained parameters, and how ill-conditioned it is (paper, section 6).

**Condition number.** κ(H) = max |eigenvalue| / min |eigenvalue|: infinite for a singular H. An over-parametrised
network's H is singular or nearly so, and of a real one only products with vectors are at hand. Lanczos' method gives
H·Q = Q'·T with orthonormal columns in Q (the Krylov space of a start vector) and in Q' (one column more) and T
tridiagonal, one row taller than wide. T's singular values then lie between H's, whatever the signs of its
eigenvalues, so

    condition(T) = σ_max(T) / σ_min(T) ≤ κ(H),

a lower bound that grows with the number of steps and reaches κ(H) when the space is the whole one. (Ratios of the
Ritz values' magnitudes are no bound: between eigenvalues of both signs a Ritz value may be 0.) It compares trials
measured with as many steps from the same start vector, and is no estimate of κ(H) itself.

Networks are taken in evaluation mode and numbers in float64. Rectified linear units have second derivative 0.
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
"""H·v of a vector v; vectors hold the trained parameters in the order of their names in the weights, each flattened."""
GRAPH_FACTOR = 4
"""How much fewer examples a chunk holds than one that is only measured: second derivatives keep more."""


@dataclass(frozen=True)
class Tridiagonal:
    """What k steps of Lanczos' method leave: a (k+1) × k matrix T, symmetric but for its last row."""

    diagonal: Float[Tensor, " step"]
    below: Float[Tensor, " step"]
    """Entry below each diagonal one; the last is 0 where the space is invariant."""

    def ritz_values(self) -> Float[Tensor, " step"]:
        """Eigenvalues of the square part, ascending: the first and last close in on H's extreme ones from within."""
        inner = self.below[:-1]
        square = torch.diag(self.diagonal) + torch.diag(inner, -1) + torch.diag(inner, 1)
        values: Tensor = torch.linalg.eigvalsh(square)
        return values

    def condition(self) -> float:
        """σ_max(T) / σ_min(T): at most κ(H). Infinite where σ_min is 0."""
        steps = len(self.diagonal)
        matrix = torch.zeros(steps + 1, steps, dtype=self.diagonal.dtype)
        matrix[:-1] = torch.diag(self.diagonal) + torch.diag(self.below[:-1], 1)
        matrix[1:] += torch.diag(self.below)
        singular = torch.linalg.svdvals(matrix).tolist()
        return float(singular[0] / singular[-1]) if singular[-1] else math.inf


def lanczos(product: Product, start: Vector, steps: int) -> Tridiagonal:
    """Lanczos' method with full reorthogonalisation, in the type of ``start``; ends early in an invariant space.

    Holds a vector for each step: 326 MB for 50 steps of 815K parameters in float64.
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
        for _ in range(2):  # once leaves rounding errors that the second pass takes away
            image = image - basis[: step + 1].mT @ (basis[: step + 1] @ image)
        length = torch.linalg.vector_norm(image)
        if length <= len(start) * torch.finfo(start.dtype).eps * size:
            return Tridiagonal(diagonal[: step + 1].cpu(), below[: step + 1].cpu())
        below[step] = length
        vector = image / length
    return Tridiagonal(diagonal.cpu(), below.cpu())


def exact(product: Product, like: Vector) -> Float[Tensor, "parameter parameter"]:
    """The whole Hessian, column by column: for small models. ``like`` has a vector's size and type."""
    return torch.stack([product(unit) for unit in torch.eye(len(like), dtype=like.dtype, device=like.device)], 1)


def condition(hessian: Float[Tensor, "size size"]) -> float:
    """κ of a symmetric matrix, from all of its eigenvalues: infinite where one is 0."""
    magnitudes = torch.linalg.eigvalsh(hessian).abs().tolist()
    return float(max(magnitudes) / min(magnitudes)) if min(magnitudes) else math.inf


class JointHessian:
    """Products of one trial's Hessian with vectors: mean over the part's examples, chunk by chunk, in float64."""

    def __init__(self, ensemble: Ensemble, weights: Weights, part: Part, lam: float) -> None:
        """``weights`` (1, member, …) and ``part`` (one group) are the trial's."""
        self._ensemble, self._part = ensemble, part
        self._weights = {
            name: weight.detach().double().requires_grad_(name not in ensemble.buffers)
            for name, weight in weights.items()
        }
        self._trained = [weight for weight in self._weights.values() if weight.requires_grad]
        self._lam = self._trained[0].new_tensor([lam])

    @property
    def size(self) -> int:
        """Trained parameters of the ensemble."""
        return sum(weight.numel() for weight in self._trained)

    def start(self, stream: torch.Generator) -> Vector:
        """A normal vector drawn on the CPU: the same on every device."""
        return torch.randn(self.size, generator=stream, dtype=torch.float64).to(self._lam.device)

    def __call__(self, vector: Vector) -> Vector:
        """H·v by differentiating the gradient along v."""
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
