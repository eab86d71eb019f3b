"""One sweep: what to vary, and the trials that this makes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from specs.base import ARCHITECTURE_NAME, SWEEP_NAME, Count, Frozen, Integer, Lambda, Rate
from specs.identity import trial_id
from specs.trial import Architecture, Dataset, Evaluation, Method, Mlp, Training, TrialSpec

SYSTEM = 1.0
"""The λ of a single network: its loss is the same for every λ, so it is trained once, as one system."""


class LearningRate(Frozen):
    """A learning rate that depends on λ: ``default``, and other values from some λ on.

    ``{default: 5.15, from_lambda: {0.99: 1.536}}`` reads: 5.15; from λ = 0.99 on, 1.536.
    """

    default: Rate
    from_lambda: dict[Lambda, Rate] = {}

    def at(self, lam: float) -> float:
        """The learning rate at one λ."""
        reached = [start for start in self.from_lambda if start <= lam]
        return self.from_lambda[max(reached)] if reached else self.default


class MlpEntry(Mlp):
    """An architecture of a sweep, which may bring its own learning rate."""

    learning_rate: Rate | LearningRate | None = None
    """Overrides ``training.learning_rate`` for this architecture."""

    def network(self) -> Architecture:
        """The architecture alone, as a trial holds it."""
        return Mlp(**self.model_dump(exclude={"learning_rate"}))


class SweepTraining(Training):
    """Training settings of a whole sweep; the learning rate may depend on λ."""

    learning_rate: Rate | LearningRate  # type: ignore[assignment]


class FullScale(Frozen):
    """The scale of the work that a sweep reproduces: below it, the report says that numbers do not compare."""

    epochs: Count
    seeds: Count


class SweepSpec(Frozen):
    """A family of trials: architectures × λ × seeds on one data set."""

    name: Annotated[str, StringConstraints(pattern=SWEEP_NAME)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The question, in a line."""
    serves: tuple[str, ...] = ()
    """Figures, tables and claims that this sweep yields the data of."""
    notes: str = ""
    full_scale: FullScale | None = None
    architectures: dict[Annotated[str, StringConstraints(pattern=ARCHITECTURE_NAME)], MlpEntry]
    methods: tuple[Method, ...] = ("joint",)
    lambdas: tuple[Lambda, ...] = Field(alias="lambda")
    seeds: Annotated[Integer, Field(ge=1, le=10_000)] | tuple[Annotated[Integer, Field(ge=0, lt=2**31)], ...]
    """A number n means the seeds 0 to n−1; a list names them."""
    dataset: Dataset
    training: SweepTraining
    evaluation: Evaluation = Evaluation()

    @field_validator("architectures", "methods", "lambdas", "seeds")
    @classmethod
    def axes_have_entries(cls, axis: object) -> object:
        if not isinstance(axis, int) and not axis:
            raise ValueError("must have at least one entry")
        return axis

    @field_validator("methods", "lambdas", "seeds")
    @classmethod
    def axes_have_distinct_entries(cls, axis: object) -> object:
        if isinstance(axis, tuple) and len(set(axis)) != len(axis):
            raise ValueError("each entry may stand once")
        return axis

    @model_validator(mode="after")
    def architectures_differ(self) -> "SweepSpec":
        names: dict[Architecture, str] = {}
        for name, entry in self.architectures.items():
            if (other := names.setdefault(entry.network(), name)) != name:
                raise ValueError(f"architectures {other} and {name} are the same network; keep one of them")
        return self

    @model_validator(mode="after")
    def every_trial_is_valid(self) -> "SweepSpec":
        expand(self.model_copy(update={"seeds": self.seed_numbers[:1]}))
        return self

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        """The replicate numbers."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds


@dataclass(frozen=True)
class PlannedTrial:
    """A cell of a sweep: what it is called there, and what it is."""

    sweep: str
    architecture: str
    """The architecture's name on the capacity axis: a label, never hashed."""
    spec: TrialSpec

    @cached_property
    def id(self) -> str:
        """The trial's identity, :func:`specs.identity.trial_id`."""
        return trial_id(self.spec)


def expand(sweep: SweepSpec) -> tuple[PlannedTrial, ...]:
    """All trials of a sweep, ordered by seed, then architecture, then λ.

    Seeds come first so that an interrupted sweep holds whole replicates. A single network is expanded once a
    seed, at λ = 1.
    """
    return tuple(
        PlannedTrial(sweep.name, name, _trial(sweep, entry, method, lam, seed))
        for seed in sweep.seed_numbers
        for name, entry in sweep.architectures.items()
        for method in sweep.methods
        for lam in (sweep.lambdas if entry.members > 1 else (SYSTEM,))
    )


def _trial(sweep: SweepSpec, entry: MlpEntry, method: Method, lam: float, seed: int) -> TrialSpec:
    rate = entry.learning_rate or sweep.training.learning_rate
    training = sweep.training.model_dump() | {"learning_rate": rate.at(lam) if isinstance(rate, LearningRate) else rate}
    return TrialSpec(
        architecture=entry.network(),
        method=method,
        lam=lam,
        seed=seed,
        dataset=sweep.dataset,
        training=Training(**training),
        evaluation=sweep.evaluation,
    )
