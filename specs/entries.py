"""Learning rates that depend on λ, and architectures that may have a learning rate of their own."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field, create_model

from specs.architectures import MODELS, Architecture, Network
from specs.base import Frozen, Rate, Real
from specs.trial import Training


class LearningRate(Frozen):
    """A learning rate that depends on λ: ``default``, and other values from some λ on.

    ``{default: 5.15, from_lambda: {0.99: 1.536}}`` means 5.15 below λ = 0.99, and 1.536 from there on.
    """

    default: Rate
    from_lambda: dict[Real, Rate] = {}

    def at(self, lam: float) -> float:
        """The learning rate at one λ."""
        reached = [start for start in self.from_lambda if start <= lam]
        return self.from_lambda[max(reached)] if reached else self.default


class _Entry(Frozen):
    """Settings that an architecture of a sweep may have besides its network."""

    learning_rate: Rate | LearningRate | None = None
    """Overrides ``training.learning_rate`` for this architecture."""

    def network(self) -> Architecture:
        """The architecture alone, as a trial holds it."""
        model = next(base for base in type(self).__mro__ if base in MODELS)
        return model(**self.model_dump(exclude={"learning_rate"}))


if TYPE_CHECKING:

    class Entry(_Entry, Network):
        """An architecture of a sweep."""
else:
    ENTRIES = tuple(create_model(f"{model.__name__}Entry", __base__=(_Entry, model)) for model in MODELS)
    Entry = Annotated[Union[ENTRIES], Field(discriminator="kind")]  # noqa: UP007 - of a tuple
    """An architecture of a sweep: one of ``MODELS`` with the settings of ``_Entry``."""


class SweepTraining(Training):
    """Training settings of a whole sweep; the learning rate may depend on λ."""

    learning_rate: Rate | LearningRate  # type: ignore[assignment]
