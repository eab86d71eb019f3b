"""The hooks with which a method adds to the training that all methods share."""

from __future__ import annotations

import torch

from specs.format.records import Row
from trainers.batches import Batch
from trainers.ensembles import Ensemble, Weights
from trainers.losses import Counts
from trainers.splits import Data
from trainers.stacks import Stack


class Method:
    """Hooks that the training of a stack calls. These do nothing; a method overrides those that it needs."""

    drops_members = True
    """Whether the ensemble is defined for fewer members, so that its robustness to dropped ones can be measured."""

    def __init__(self, stack: Stack, data: Data, ensemble: Ensemble, dtype: torch.dtype) -> None:
        """Prepare for a stack.

        Args:
            stack: the trials.
            data: the images that they train on and are measured on.
            ensemble: the shapes of their networks.
            dtype: type of the weights.
        """

    def example_weights(self, batch: Batch) -> Counts | None:
        """Weight of each example of a batch for each member; None if all weights are 1."""
        return None

    def tested_columns(self, ensemble: Ensemble, weights: Weights, data: Data, complete: list[int]) -> dict[int, Row]:
        """Columns of ``specs.format.records.TRIALS`` that replace those of the tested ensemble, by trial.

        Args:
            ensemble: the shapes of the networks.
            weights: the tested weights of the stack.
            data: the images that the stack is measured on.
            complete: the trials that did not diverge.
        """
        return {}
