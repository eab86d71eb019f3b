"""The assertion of a claim, as a small closed union of data. No predicate can execute code, and every kind is judged.

A cell is named by architecture, method and λ, as the sweep names them. Numbers are in the unit of the measure, which
for errors is points (percent).
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from specs.base import ARCHITECTURE_NAME, ONE_LINE, Count, Frozen, Rate, Real
from specs.methods import JOINT, Method

Name = Annotated[str, StringConstraints(pattern=ARCHITECTURE_NAME)]

Measure = Literal[
    "error", "nll", "member_nll", "diversity",
    "dominance", "dominance_train", "early_dominance",
    "loss_over_half", "filter_strength", "filter_travel",
]  # fmt: skip
"""A measure of a trial; :mod:`reports.claims.measures` defines each."""


class Cell(Frozen):
    """Trials that differ in their seed alone. ``best`` is the joint λ with the least mean validation error, or test
    error if no images are held out. If several tie, the claim must come out alike at each of them. A single network
    needs no λ; bagging and stacking have none."""

    architecture: Name | None = None
    """Omitted if the predicate lists ``architectures``, each of which then takes this place."""
    lam: Annotated[Real | Literal["best"] | None, Field(alias="lambda")] = None
    method: Method = JOINT


class Value(Frozen):
    """A cell's mean is ``value``, within ``margin``."""

    kind: Literal["value"]
    cell: Cell
    value: Real
    margin: Rate
    measure: Measure = "error"


class Equivalent(Frozen):
    """Two cells' means are the same, within ``margin``."""

    kind: Literal["equivalent"]
    cells: tuple[Cell, Cell]
    margin: Rate
    measure: Measure = "error"


class Order(Frozen):
    """Every cell of a step lies below every cell of the next step, by more than ``by``.

    With ``architectures`` or ``lambdas``, this holds for each of them, and the cells omit that part.
    """

    kind: Literal["order"]
    steps: Annotated[tuple[Annotated[tuple[Cell, ...], Field(min_length=1)], ...], Field(min_length=2)]
    architectures: tuple[Name, ...] = ()
    lambdas: tuple[Real, ...] = ()
    by: Annotated[Real, Field(ge=0)] = 0.0
    measure: Measure = "error"


class Flat(Frozen):
    """No two λs of an architecture differ by more than ``within``."""

    kind: Literal["flat"]
    architecture: Name
    within: Rate
    measure: Measure = "error"


class Bound(Frozen):
    """Every cell's mean lies above, or below, ``bound``. ``architectures`` is as in :class:`Order`."""

    kind: Literal["bound"]
    cells: Annotated[tuple[Cell, ...], Field(min_length=1)]
    side: Literal["above", "below"]
    bound: Real
    measure: Measure
    architectures: tuple[Name, ...] = ()


class Gap(Frozen):
    """The size of a mean difference between two λs falls from each architecture to the next."""

    kind: Literal["gap"]
    architectures: Annotated[tuple[Name, ...], Field(min_length=2)]
    lambdas: tuple[Real, Real] = (0.0, 1.0)
    measure: Measure = "error"


Comparison = Annotated[Value | Equivalent | Order | Flat | Bound | Gap, Field(discriminator="kind")]


class Every(Frozen):
    """Several comparisons hold together."""

    kind: Literal["every"]
    of: Annotated[tuple[Comparison, ...], Field(min_length=1)]


class BestLambda(Frozen):
    """The λ with the least mean error is the one given, for every architecture given."""

    kind: Literal["best-lambda"]
    best: Annotated[dict[Name, Real], Field(min_length=1)]


class InteriorBest(Frozen):
    """The best λ lies strictly between the ends of the grid, for ``all`` of the architectures given or for ``any``."""

    kind: Literal["interior-best"]
    architectures: Annotated[tuple[Name, ...], Field(min_length=1)]
    of: Literal["all", "any"] = "all"


class FallingBest(Frozen):
    """The best λ never rises from one architecture to the next, and that of the last is below that of the first."""

    kind: Literal["falling-best"]
    architectures: Annotated[tuple[Name, ...], Field(min_length=2)]


class EarlyRank(Frozen):
    """In every trial, the member that is best in the end already was at the end of epoch 3."""

    kind: Literal["early-rank"]
    architectures: Annotated[tuple[Name, ...], Field(min_length=1)]
    lam: Annotated[Real, Field(alias="lambda")]
    split: Literal["test", "train"] = "test"


class Parameters(Frozen):
    """Each architecture has the given number of parameters in all, to within ``within``.

    The plan tells the numbers already. They count as reproduced once a trial of each architecture is complete.
    """

    kind: Literal["parameters"]
    counts: Annotated[dict[Name, Count], Field(min_length=1)]
    within: Count


class Proved(Frozen):
    """A theorem, which tests of the code check. Nothing in a store can decide it."""

    kind: Literal["proved"]
    tests: Annotated[tuple[Annotated[str, StringConstraints(pattern=ONE_LINE)], ...], Field(min_length=1)]
    """Files of the project's tests."""


Choosing = BestLambda | InteriorBest | FallingBest
Comparing = Value | Equivalent | Order | Flat | Bound | Gap | Every
Predicate = Annotated[Comparing | Choosing | EarlyRank | Parameters | Proved, Field(discriminator="kind")]
