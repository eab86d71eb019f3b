"""What a sweep may vary by λ or bring by architecture: learning rates, and networks with one of their own."""

from typing import Annotated

from pydantic import Field

from specs.architectures import Architecture, ConvNet, DenseNet, Mlp
from specs.base import Frozen, Rate, Real
from specs.trial import Training

NETWORKS: dict[str, type[Mlp | ConvNet | DenseNet]] = {"mlp": Mlp, "convnet": ConvNet, "densenet": DenseNet}


class LearningRate(Frozen):
    """A learning rate that depends on λ: ``default``, and other values from some λ on.

    ``{default: 5.15, from_lambda: {0.99: 1.536}}`` reads: 5.15; from λ = 0.99 on, 1.536.
    """

    default: Rate
    from_lambda: dict[Real, Rate] = {}

    def at(self, lam: float) -> float:
        """The learning rate at one λ."""
        reached = [start for start in self.from_lambda if start <= lam]
        return self.from_lambda[max(reached)] if reached else self.default


class _Entry(Frozen):
    """What an architecture of a sweep may bring besides its network."""

    learning_rate: Rate | LearningRate | None = None
    """Overrides ``training.learning_rate`` for this architecture."""

    def network(self) -> Architecture:
        """The architecture alone, as a trial holds it."""
        content = self.model_dump(exclude={"learning_rate"})
        return NETWORKS[content["kind"]](**content)


class MlpEntry(_Entry, Mlp):
    """An MLP ensemble of a sweep."""


class ConvNetEntry(_Entry, ConvNet):
    """A ConvNet ensemble of a sweep."""


class DenseNetEntry(_Entry, DenseNet):
    """A DenseNet ensemble of a sweep."""


Entry = Annotated[MlpEntry | ConvNetEntry | DenseNetEntry, Field(discriminator="kind")]


class SweepTraining(Training):
    """Training settings of a whole sweep; the learning rate may depend on λ."""

    learning_rate: Rate | LearningRate  # type: ignore[assignment]
