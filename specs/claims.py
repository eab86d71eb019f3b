"""Claims that a sweep can decide: statements as data, the paper's or one's own, and a check that the sweep plans what
they need.

Claims are not part of the trials, so stating or rewording one changes no trial's identity.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import StringConstraints

from specs.base import ONE_LINE, SWEEP_NAME, Frozen, PlacedError
from specs.lambdas import told_apart, written
from specs.methods import JOINT, Method
from specs.predicates import Bound, Cell, EarlyRank, Equivalent, Every, Measure, Order, Parameters, Predicate, Value
from specs.trial import Evaluation

Path = tuple[str | int, ...]
Line = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=200)]


PLACES = re.compile(
    r"(abstract|appendix|definition|eqs?\.|equations?|fig(ure)?s?\.?|sections?|§|tables?|text)(?![a-z])", re.IGNORECASE
)


def of_a_paper(source: str) -> bool:
    """Whether a claim's source is a place in a paper."""
    return bool(PLACES.match(source))


class Claim(Frozen):
    """One sentence that data can confirm or refute."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9.-]{0,15}$")]
    sentence: Line
    source: Line
    """The place in the paper, such as ``Table 2``, ``section 4`` or ``text``; anything else, such as ``ours``, marks a
    claim of one's own."""
    figure: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]*$", max_length=32)] = ""
    """Key of the report's figure or table that shows the claim."""
    paper: Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=60)] = ""
    """The paper's number with its unit, if its text gives one. It is never read off a figure."""
    predicate: Predicate
    others: tuple[Annotated[str, StringConstraints(pattern=SWEEP_NAME)], ...] = ()
    """Sweeps that state the other parts of the claim, under the same id."""
    join: Literal["all", "any"] = "all"
    """Whether the parts of all sweeps must hold, or one suffices."""
    note: Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=300)] = ""
    """Our own choices in the predicate, such as thresholds and margins that the paper does not give."""


@dataclass(frozen=True)
class Planned:
    """The part of a sweep's plan that claims can refer to."""

    members: Mapping[str, int]
    """Number of members, by the architecture's name."""
    methods: tuple[Method, ...]
    lambdas: tuple[float, ...]
    evaluation: Evaluation

    def check(self, claims: tuple[Claim, ...]) -> None:
        """Check that every claim refers only to planned trials and measures, and has a unique id.

        Raises:
            PlacedError: a claim does not; the error is about the first such claim.
        """
        first: dict[str, int] = {}
        for i, claim in enumerate(claims):
            if first.setdefault(claim.id, i) != i:
                raise PlacedError(("claims", i, "id"), f"{claim.id} is stated twice; each claim has its own id")
            self._check(claim.predicate, ("claims", i, "predicate"))

    def _check(self, predicate: Predicate, path: Path) -> None:
        if isinstance(predicate, Every):
            for i, part in enumerate(predicate.of):
                self._check(part, (*path, "of", i))
            return
        for where, name in _names(predicate):
            self._architecture(name, (*path, *where), alone=isinstance(predicate, Parameters))
        for where, lam in _lambdas(predicate):
            self._lambda(lam, (*path, *where))
        free = bool(getattr(predicate, "architectures", ())), bool(getattr(predicate, "lambdas", ()))
        for where, cell in _cells(predicate):
            self._cell(cell, (*path, *where), *free)
        self._measured(predicate, path)

    def _architecture(self, name: str, path: Path, alone: bool) -> None:
        """Check an architecture's name. ``alone`` allows a single network, which has no λ to compare."""
        if name not in self.members:
            raise PlacedError(path, f"no architecture is called {name!r}; there are {', '.join(self.members)}")
        if self.members[name] == 1 and not alone:
            raise PlacedError(path, f"{name} is a single network, which has no λ; name an ensemble")

    def _lambda(self, lam: float, path: Path) -> None:
        if JOINT not in self.methods or lam not in self.lambdas:
            with told_apart((lam, *self.lambdas)):
                grid = ", ".join(map(written, self.lambdas))
                message = f"λ = {written(lam)} is not planned, only {grid}; plan it, or leave the claim out"
            raise PlacedError(path, message)

    def _cell(self, cell: Cell, path: Path, each_architecture: bool, each_lambda: bool) -> None:
        if (cell.architecture is None) != each_architecture:
            remedy = "is named by architectures" if each_architecture else "is missing"
            raise PlacedError(path, f"the cell's architecture {remedy}")
        single = cell.architecture is not None and self.members.get(cell.architecture) == 1
        if cell.architecture is not None:
            self._architecture(cell.architecture, (*path, "architecture"), alone=True)
        if cell.method not in self.methods or (cell.method != JOINT and single):
            raise PlacedError((*path, "method"), f"{cell.method} is not planned; plan it, or leave the claim out")
        needs = cell.method == JOINT and not single and not each_lambda
        if (cell.lam is None) == needs:
            raise PlacedError(path, "the cell's λ is missing" if needs else "the cell has no λ of its own")
        if isinstance(cell.lam, float):
            self._lambda(cell.lam, (*path, "lambda"))

    def _measured(self, predicate: Predicate, path: Path) -> None:
        measure: Measure = getattr(predicate, "measure", "error")
        on_train = isinstance(predicate, EarlyRank) and predicate.split == "train"
        robustness = self.evaluation.robustness
        lacking = {
            "dominance_train": not self.evaluation.train_examples and "evaluation.train_examples above 0",
            "early_dominance": not self.evaluation.train_examples and "evaluation.train_examples above 0",
            "loss_over_half": (not robustness.repeats or "example" not in robustness.masks)
            and "evaluation.robustness with the mask example",
            "filter_strength": not self.evaluation.filters and "evaluation.filters: true",
            "filter_travel": not self.evaluation.filters and "evaluation.filters: true",
        }.get("dominance_train" if on_train else measure)
        if lacking:
            what = "a rank by training errors" if on_train else measure
            place = (*path, "split" if on_train else "measure")
            raise PlacedError(place, f"{what} needs {lacking}; set it, or leave the claim out")


def _names(predicate: Predicate) -> Iterator[tuple[Path, str]]:
    """Every architecture that a predicate names outside its cells."""
    for i, name in enumerate(getattr(predicate, "architectures", ())):
        yield ("architectures", i), name
    if name := getattr(predicate, "architecture", None):
        yield ("architecture",), name
    for key in ("best", "counts"):
        for name in getattr(predicate, key, {}):
            yield (key, name, "[key]"), name


def _lambdas(predicate: Predicate) -> Iterator[tuple[Path, float]]:
    """Every λ that a predicate names outside its cells."""
    for i, lam in enumerate(getattr(predicate, "lambdas", ())):
        yield ("lambdas", i), lam
    for name, lam in getattr(predicate, "best", {}).items():
        yield ("best", name), lam
    if isinstance(predicate, EarlyRank):
        yield ("lambda",), predicate.lam


def _cells(predicate: Predicate) -> Iterator[tuple[Path, Cell]]:
    if isinstance(predicate, Value):
        yield ("cell",), predicate.cell
    elif isinstance(predicate, Equivalent | Bound):
        for i, cell in enumerate(predicate.cells):
            yield ("cells", i), cell
    elif isinstance(predicate, Order):
        for i, step in enumerate(predicate.steps):
            for j, cell in enumerate(step):
                yield ("steps", i, j), cell
