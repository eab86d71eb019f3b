"""The contrasts of a predicate that compares cells, and the cells that it needs."""

from collections.abc import Iterator
from itertools import combinations, pairwise, product

from reports import wording
from reports.claims.contrasts import BySeed, Contrast
from reports.claims.evidence import CellName, Evidence
from reports.claims.measures import NAMES, UNITS, measure_range
from reports.statistics.summaries import summarise
from specs.methods import JOINT
from specs.predicates import Bound, Comparing, Equivalent, Every, Flat, Gap, Measure, Order, Value


def cells_needed(predicate: Comparing, evidence: Evidence) -> list[CellName]:
    """Every cell that the predicate needs."""
    match predicate:
        case Value():
            return [evidence.cell_name(predicate.cell)]
        case Equivalent():
            return [evidence.cell_name(cell) for cell in predicate.cells]
        case Order():
            return [place for lower, upper in _pairs(predicate, evidence) for place in (lower, upper)]
        case Flat():
            return [CellName(predicate.architecture, JOINT, lam) for lam in evidence.lambdas]
        case Bound():
            return _bounded(predicate, evidence)
        case Gap():
            return [CellName(name, JOINT, lam) for name in predicate.architectures for lam in predicate.lambdas]
        case Every():
            return [place for part in predicate.of for place in cells_needed(part, evidence)]


def contrasts(predicate: Comparing, evidence: Evidence) -> list[Contrast]:
    """The contrasts of a predicate, all of which must hold."""
    match predicate:
        case Value():
            return [_value(predicate, evidence)]
        case Equivalent():
            first, second = (evidence.cell_name(cell) for cell in predicate.cells)
            return [_difference(evidence, predicate.measure, first, second, margin=predicate.margin)]
        case Order():
            return [
                _difference(evidence, predicate.measure, upper, lower, by=predicate.by)
                for lower, upper in _pairs(predicate, evidence)
            ]
        case Flat():
            return [
                _difference(evidence, predicate.measure, second, first, margin=predicate.within)
                for first, second in combinations(cells_needed(predicate, evidence), 2)
            ]
        case Bound():
            return [_bound(predicate, evidence, place) for place in _bounded(predicate, evidence)]
        case Gap():
            return list(_gaps(predicate, evidence))
        case Every():
            return [contrast for part in predicate.of for contrast in contrasts(part, evidence)]


def _pairs(order: Order, evidence: Evidence) -> Iterator[tuple[CellName, CellName]]:
    """Pairs of every cell of a step with every cell of the next step."""
    for name, lam in product(order.architectures or (None,), order.lambdas or (None,)):
        for step, following in pairwise(order.steps):
            for lower, upper in product(step, following):
                yield evidence.cell_name(lower, name, lam), evidence.cell_name(upper, name, lam)


def _bounded(bound: Bound, evidence: Evidence) -> list[CellName]:
    return [evidence.cell_name(cell, name) for name in bound.architectures or (None,) for cell in bound.cells]


def _value(value: Value, evidence: Evidence) -> Contrast:
    place = evidence.cell_name(value.cell)
    return Contrast(
        f"{_capital(NAMES[value.measure])} of {place.label}",
        evidence.values(place, value.measure),
        "%" if value.measure == "error" else UNITS[value.measure],
        value.value,
        value.margin,
        within=measure_range(evidence.frames, value.measure),
        signed=False,
    )


def _difference(
    evidence: Evidence,
    measure: Measure,
    first: CellName,
    second: CellName,
    by: float = 0.0,
    margin: float | None = None,
) -> Contrast:
    """First minus second, paired within seeds, against ``by``."""
    of, against = evidence.values(first, measure), evidence.values(second, measure)
    return Contrast(
        f"{_capital(NAMES[measure])}, {first.label} minus {second.label}",
        {seed: of[seed] - against[seed] for seed in sorted(of.keys() & against.keys())},
        UNITS[measure],
        by,
        margin,
        within=measure_range(evidence.frames, measure).difference(),
    )


def _bound(bound: Bound, evidence: Evidence, place: CellName) -> Contrast:
    return Contrast(
        f"{_capital(NAMES[bound.measure])} of {place.label}, to be {bound.side} {bound.bound:g}",
        evidence.values(place, bound.measure),
        UNITS[bound.measure],
        bound.bound,
        below=bound.side == "below",
        within=measure_range(evidence.frames, bound.measure),
        signed=False,
    )


def _gaps(gap: Gap, evidence: Evidence) -> Iterator[Contrast]:
    """The size of each architecture's mean gap minus that of the next one, whatever the gaps' signs."""
    for wider, narrower in pairwise(gap.architectures):
        first, second = (_gap(name, gap, evidence) for name in (wider, narrower))
        start, end = (wording.lam(lam) for lam in gap.lambdas)
        yield Contrast(
            f"Gap in {NAMES[gap.measure]} from {start} to {end}, {wider} minus {narrower}",
            {seed: first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())},
            UNITS[gap.measure],
            within=measure_range(evidence.frames, gap.measure).difference(4),
        )


def _gap(name: str, gap: Gap, evidence: Evidence) -> BySeed:
    """Differences by seed, all negated if their mean is negative, so that their mean is the size of the gap."""
    start, end = (evidence.values(CellName(name, JOINT, lam), gap.measure) for lam in gap.lambdas)
    differences = {seed: end[seed] - start[seed] for seed in start.keys() & end.keys()}
    sign = -1.0 if differences and summarise(list(differences.values())).mean < 0 else 1.0
    return {seed: sign * value for seed, value in differences.items()}


def measures(predicate: Comparing) -> list[Measure]:
    """The measure of each of its comparisons."""
    return [part.measure for part in (predicate.of if isinstance(predicate, Every) else (predicate,))]


def chosen_ensembles(predicate: Comparing, evidence: Evidence) -> list[str]:
    """The architectures whose best λ must be looked up."""
    return list(dict.fromkeys(cell.architecture for cell in cells_needed(predicate, evidence) if cell.lam == "best"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
