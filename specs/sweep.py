"""One sweep: the settings to vary, and the trials that they make."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from specs.architectures import Architecture
from specs.base import (
    ARCHITECTURE_NAME,
    LINES_OF_TEXT,
    ONE_LINE,
    SWEEP_NAME,
    Count,
    Frozen,
    Integer,
    PlacedError,
    Real,
    Whole,
)
from specs.claims import Claim, Planned
from specs.datasets import facts_of
from specs.entries import Entry, LearningRate, SweepTraining
from specs.identity import trial_id
from specs.lambdas import told_apart, written
from specs.methods import JOINT, METHODS, Method
from specs.trial import Dataset, Evaluation, Training, TrialSpec

INDEPENDENT = 0.0
"""The λ at which members learn independently, as in bagging and stacking."""
MAX_SEEDS = 10_000
MAX_TRIALS = 100_000
"""Most trials of one sweep. A larger number is a mistake in the spec; planning it would take minutes and gigabytes."""
SYSTEM = 1.0
"""The λ of a single network: its loss is the same for every λ, so it is trained once, as one system."""


class FullScale(Frozen):
    """The scale of the published work. If a sweep is smaller, the report says that its numbers do not compare."""

    epochs: Count
    seeds: Count


class SweepSpec(Frozen):
    """A family of trials: architectures × methods × λ × seeds on one data set."""

    name: Annotated[str, StringConstraints(pattern=SWEEP_NAME)]
    title: Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=200)]
    """The sweep's question, in one line."""
    serves: tuple[Annotated[str, StringConstraints(pattern=ONE_LINE)], ...] = ()
    """Figures, tables and claims for which this sweep yields the data."""
    notes: Annotated[str, StringConstraints(pattern=LINES_OF_TEXT)] = ""
    full_scale: FullScale | None = None
    architectures: dict[Annotated[str, StringConstraints(pattern=ARCHITECTURE_NAME)], Entry]
    methods: tuple[Method, ...] = (JOINT,)
    lambdas: tuple[Real, ...] = Field(alias="lambda")
    allow_extrapolation: bool = False
    """Permit λ outside 0 and 1, where the joint loss is no longer a mixture of two losses."""
    seeds: Annotated[Integer, Field(ge=1, le=MAX_SEEDS)] | tuple[Whole, ...]
    """A number n means the seeds 0 to n−1; a list names them."""
    dataset: Dataset
    stacking_validation: Count = 5_000
    """Images that each trial of stacking, or of any other method that fits something after the training, holds out for
    the fit if ``dataset.validation`` is 0. Its members then train on that many fewer images than those of the other
    methods."""
    training: SweepTraining
    evaluation: Evaluation = Evaluation()
    claims: tuple[Claim, ...] = ()
    """Claims that the sweep's results are compared with. They are not part of any trial."""

    @field_validator("architectures", "methods", "lambdas", "seeds")
    @classmethod
    def axes_have_entries(cls, axis: object) -> object:
        if not isinstance(axis, int) and not axis:
            raise ValueError("must have at least one entry")
        return axis

    @model_validator(mode="after")
    def lambda_is_a_mixture(self) -> "SweepSpec":
        outside = [(path, lam) for path, lam in _all_lambdas(self) if not 0 <= lam <= 1]
        if outside and not self.allow_extrapolation:
            path, lam = outside[0]
            remedy = "bring it within them, or set allow_extrapolation: true"
            with told_apart((INDEPENDENT, SYSTEM, lam)):
                raise PlacedError(path, f"must be within 0 and 1, got {written(lam)}; {remedy}")
        return self

    @model_validator(mode="after")
    def stacking_leaves_examples_to_train_on(self) -> "SweepSpec":
        available = facts_of(self.dataset).train - (self.dataset.train_examples or 1)
        needed = any(METHODS[method].held_out_for for method in self.methods) and not self.dataset.validation
        if needed and self.stacking_validation > available:
            raise ValueError(
                f"stacking_validation: must be at most {available} for {self.dataset.name}, "
                f"got {self.stacking_validation}; or set dataset.validation"
            )
        return self

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
    def trials_can_be_planned(self) -> "SweepSpec":
        cells = sum(len(_cells(self, entry)) for entry in self.architectures.values())
        if (trials := cells * len(self.seed_numbers)) > MAX_TRIALS:
            raise ValueError(f"seeds: {trials:,} trials, {cells:,} a seed; a sweep has at most {MAX_TRIALS:,}")
        return self

    @model_validator(mode="after")
    def every_trial_is_valid(self) -> "SweepSpec":
        # No rule about a trial depends on its seed, nor on the λ of a joint trial. So one seed and one λ are enough.
        expand(self.model_copy(update={"seeds": self.seed_numbers[:1], "lambdas": self.lambdas[:1]}))
        return self

    @model_validator(mode="after")
    def claims_name_what_is_planned(self) -> "SweepSpec":
        self.planned.check(self.claims)
        return self

    @property
    def planned(self) -> Planned:
        """The part of the plan that claims may refer to."""
        members = {name: entry.members for name, entry in self.architectures.items()}
        return Planned(members, self.methods, self.lambdas, self.evaluation)

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        """The replicate numbers."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds


def _all_lambdas(sweep: SweepSpec) -> list[tuple[tuple[str | int, ...], float]]:
    """Every λ that a sweep names, each after the keys and indices that lead to it."""
    named: list[tuple[tuple[str | int, ...], float]] = [(("lambda", i), lam) for i, lam in enumerate(sweep.lambdas)]
    rates: dict[tuple[str, ...], float | LearningRate | None] = {
        **{
            ("architectures", name, "learning_rate"): entry.learning_rate for name, entry in sweep.architectures.items()
        },
        ("training", "learning_rate"): sweep.training.learning_rate,
    }
    for path, rate in rates.items():
        starts = rate.from_lambda if isinstance(rate, LearningRate) else {}
        named += [((*path, "from_lambda", _as_key(start), "[key]"), start) for start in starts]
    return named


def _as_key(number: float) -> str | int:
    """A number as it may be spelled in a YAML key: ``2`` for 2.0."""
    return int(number) if number.is_integer() else str(number)


@dataclass(frozen=True)
class PlannedTrial:
    """A trial of a sweep: its names in the sweep, and its spec."""

    sweep: str
    architecture: str
    """The architecture's name in the sweep: a label that is never hashed."""
    spec: TrialSpec

    @cached_property
    def id(self) -> str:
        """The trial's identity, :func:`specs.identity.trial_id`."""
        return trial_id(self.spec)


def expand(sweep: SweepSpec) -> tuple[PlannedTrial, ...]:
    """All trials of a sweep, ordered by seed, then architecture, then method, then λ.

    Seeds come first, so that an interrupted sweep holds whole replicates. A single network has one trial per seed, at
    λ = 1. Bagging and stacking have one trial per ensemble and seed, at λ = 0.
    """
    return tuple(
        PlannedTrial(sweep.name, name, _trial(sweep, entry, method, lam, seed))
        for seed in sweep.seed_numbers
        for name, entry in sweep.architectures.items()
        for method, lam in _cells(sweep, entry)
    )


def _cells(sweep: SweepSpec, entry: Entry) -> list[tuple[Method, float]]:
    if entry.members == 1:
        return [(JOINT, SYSTEM)] if JOINT in sweep.methods else []
    return [
        (method, lam)
        for method in sweep.methods
        for lam in ((INDEPENDENT,) if METHODS[method].independent else sweep.lambdas)
    ]


def _trial(sweep: SweepSpec, entry: Entry, method: Method, lam: float, seed: int) -> TrialSpec:
    rate = entry.learning_rate or sweep.training.learning_rate
    training = sweep.training.model_dump() | {"learning_rate": rate.at(lam) if isinstance(rate, LearningRate) else rate}
    return TrialSpec(
        architecture=entry.network(),
        method=method,
        lam=lam,
        seed=seed,
        dataset=_dataset(sweep, method),
        training=Training(**training),
        evaluation=sweep.evaluation,
    )


def _dataset(sweep: SweepSpec, method: Method) -> Dataset:
    """The sweep's data set, with images held out if the method needs them and the sweep holds none out."""
    if METHODS[method].held_out_for and not sweep.dataset.validation:
        return sweep.dataset.model_copy(update={"validation": sweep.stacking_validation})
    return sweep.dataset
