"""What a method may add to the training that all methods have."""

from __future__ import annotations

import torch

from specs.format.records import Row
from trainers.batches import Batch
from trainers.ensembles import Ensemble, Weights
from trainers.losses import Counts
from trainers.splits import Data
from trainers.stacks import Stack


class Method:
    """Hooks that the training of a stack calls. These add nothing; a method replaces those that it needs."""

    drops_members = True
    """Whether the ensemble is defined for fewer members, so that its robustness to dropped ones can be measured."""

    def __init__(self, stack: Stack, data: Data, ensemble: Ensemble, dtype: torch.dtype) -> None:
        """Prepare for a stack.

        Args:
            stack: the trials.
            data: what they train and are measured on.
            ensemble: their networks' shapes.
            dtype: of the weights.
        """

    def example_weights(self, batch: Batch) -> Counts | None:
        """How much each example of a batch counts for each member; None where all count as 1."""
        return None

    def tested_columns(self, ensemble: Ensemble, weights: Weights, data: Data, complete: list[int]) -> dict[int, Row]:
        """Columns of ``specs.format.records.TRIALS`` that take the place of the tested ensemble's, by trial.

        Args:
            ensemble: the networks' shapes.
            weights: the tested weights of the stack.
            data: what it is measured on.
            complete: the trials that did not diverge.
        """
        return {}
