"""Calibration of the ensemble's probabilities: expected calibration error and Brier score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from trainers.losses import Labels, Logits, ensemble_logits

BINS = 15
"""Bins of equal width, ((b − 1)/15, b/15], as in Guo et al. 2017."""


@dataclass(frozen=True)
class CalibrationSums:
    """Sums over examples for each trial's ensemble q̄: exact counts, and float64 sums of probabilities.

    The predicted class is the likeliest one. The confidence of an example is the probability of its predicted class.
    """

    examples: int
    right: Int[Tensor, "trial bin"]
    """Number of examples in each confidence bin whose predicted class is the label."""
    confidence: Float[Tensor, "trial bin"]
    """Sum of the confidences in each bin."""
    squares: Float[Tensor, " trial"]
    """Sum over examples and classes of (probability − 1 for the label, 0 for the others)²."""

    @staticmethod
    def of(logits: Logits, labels: Labels) -> CalibrationSums:
        """The sums of one chunk of examples."""
        probabilities = torch.softmax(ensemble_logits(logits).double(), -1)
        confidence, predicted = probabilities.mT.max(-2)
        inner_edges = torch.arange(1, BINS, dtype=torch.float64, device=logits.device) / BINS
        bins = torch.arange(BINS, device=logits.device).unsqueeze(-1)
        binned = torch.bucketize(confidence, inner_edges).unsqueeze(1) == bins
        target = labels.unsqueeze(-1) == torch.arange(probabilities.shape[-1], device=labels.device)
        return CalibrationSums(
            logits.shape[2],
            (binned & (predicted == labels).unsqueeze(1)).sum(-1),
            (binned * confidence.unsqueeze(1)).sum(-1),
            (probabilities - target.double()).square().sum((-1, -2)),
        )

    def __add__(self, other: CalibrationSums) -> CalibrationSums:
        return CalibrationSums(
            self.examples + other.examples,
            self.right + other.right,
            self.confidence + other.confidence,
            self.squares + other.squares,
        )

    def expected_calibration_error(self) -> Float[Tensor, " trial"]:
        """Mean over examples of |accuracy − mean confidence| of the example's bin: a fraction (Guo et al. 2017, Eq. 3).

        A bin of n examples weighs n/N and its gap is |right − sum of confidences| / n, so n cancels.
        """
        return ((self.right - self.confidence).abs().sum(-1) / self.examples).cpu()

    def brier(self) -> Float[Tensor, " trial"]:
        """Brier score, summed over classes: 0 if the label has probability 1, 2 if another class has it."""
        return (self.squares / self.examples).cpu()
