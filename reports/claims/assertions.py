"""A claim in the store of one sweep: the trials that it needs, those that are missing, and its verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from reports import wording
from reports.cautions import scale_warning
from reports.claims import best_lambda, comparisons, contrasts, early_ranks
from reports.claims.contrasts import Contrast
from reports.claims.evidence import CellName, Evidence
from reports.claims.finding import Finding, in_every_way
from reports.claims.judgement import Judgement, Verdict
from reports.claims.measures import DEFINITIONS
from reports.frames.frames import STATUSES
from specs.claims import Claim
from specs.predicates import BestLambda, EarlyRank, FallingBest, InteriorBest, Parameters, Predicate, Proved

TOWARDS = (-1.0, 0.0, 1.0)
"""Positions of missing seeds in the prediction interval of the known ones: its lower end, its middle, its upper end."""


@dataclass(frozen=True)
class Assertion:
    """A claim as one sweep states it, with the evidence of that sweep's store."""

    claim: Claim
    evidence: Evidence

    @property
    def predicate(self) -> Predicate:
        """The predicate that the claim asserts."""
        return self.claim.predicate

    @cached_property
    def cells_needed(self) -> list[CellName]:
        """The cells that the claim needs; empty if it needs no trial."""
        predicate = self.predicate
        match predicate:
            case BestLambda() | InteriorBest() | FallingBest():
                return best_lambda.cells_needed(predicate, self.evidence)
            case EarlyRank():
                return early_ranks.cells_needed(predicate)
            case Parameters():
                return early_ranks.cells_of(predicate, self.evidence)
            case Proved():
                return []
            case _:
                return comparisons.cells_needed(predicate, self.evidence)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The planned trials of the cells that the claim needs."""
        return self.evidence.trials(self.cells_needed)

    @cached_property
    def finding(self) -> Finding:
        """The statistics of the complete trials."""
        predicate = self.predicate
        match predicate:
            case BestLambda() | InteriorBest() | FallingBest():
                found = best_lambda.wrong_images(predicate, self.evidence)
                return best_lambda.find(predicate, found, self.evidence.picked())
            case EarlyRank():
                return early_ranks.find_early(predicate, self.evidence)
            case Parameters():
                return early_ranks.find_parameters(predicate, self.evidence)
            case Proved():
                return Finding(f"A theorem: {wording.listed(predicate.tests)}.", tested=False)
            case _:
                if self.evidence.too_many_ways(self._chosen):
                    return Finding("The best λs tie in too many ways to try them all.", tested=False)
                return in_every_way([contrasts.find(way) for way in self.ways])

    @cached_property
    def ways(self) -> list[list[Contrast]]:
        """The contrasts of a predicate that compares cells, once per way to break ties of the best λs in it."""
        return [comparisons.contrasts(self.predicate, way) for way in self.evidence.ways(self._chosen)]  # type: ignore[arg-type]

    @cached_property
    def _chosen(self) -> list[str]:
        """The ensembles whose best λ a comparison looks up."""
        return comparisons.chosen_ensembles(self.predicate, self.evidence) if self._compares else []  # type: ignore[arg-type]

    @property
    def remark(self) -> str:
        """The finding's remark; how a λ was picked, if one was; what a measure is, if its name does not tell."""
        said = [self.finding.remark]
        if self._compares:
            said += [self.evidence.picked()] if self._chosen else []
            measured = comparisons.measures(self.predicate)  # type: ignore[arg-type]
            said += dict.fromkeys(DEFINITIONS.get(measure, "") for measure in measured)
        return " ".join(filter(None, said))

    @cached_property
    def lost(self) -> dict[str, int]:
        """Number of planned trials that are not complete, by status."""
        counts = self.trials["status"].value_counts()
        return {status: int(counts[status]) for status in STATUSES[1:] if status in counts}

    @cached_property
    def unmeasured(self) -> int:
        """Number of complete seeds without a number that a contrast compares, for the contrast with most of them."""
        if self.lost or not self._compares:
            return 0
        return len(self.evidence.seeds) - self._fewest

    @property
    def _fewest(self) -> int:
        """Number of values of the contrast that has the fewest."""
        return min(len(contrast.values) for way in self.ways for contrast in way)

    @property
    def _compares(self) -> bool:
        kinds = BestLambda | InteriorBest | FallingBest | EarlyRank | Parameters | Proved
        return not isinstance(self.predicate, kinds)

    @cached_property
    def missing(self) -> str:
        """``3 of 15 trials: 2 missing, 1 diverged``; empty where nothing is."""
        if isinstance(self.predicate, Parameters):
            named = early_ranks.untrained(self.predicate, self.evidence)
            return f"a complete trial of {wording.listed(named)}" if named else ""
        if self.unmeasured:
            return f"{wording.count(self.unmeasured, 'seed')} without the number that is compared"
        if not self.lost:
            return ""
        kinds = ", ".join(f"{n} {status}" for status, n in self.lost.items())
        return f"{sum(self.lost.values())} of {wording.count(len(self.trials), 'trial')}: {kinds}"

    @property
    def begun(self) -> bool:
        """Whether any of its trials is committed, or none is needed."""
        return not len(self.trials) or bool((self.trials["status"] != "missing").any())

    @property
    def reduced(self) -> bool:
        """Whether it rests on trials at a smaller scale than that of the work that the sweep reproduces.

        A number of parameters is the same at every scale.
        """
        counts = isinstance(self.predicate, Parameters)
        return not counts and bool(len(self.trials)) and bool(scale_warning(self.evidence.frames))

    def more_seeds(self, factor: float) -> int | None:
        """Number of further seeds that would settle it, with p values times ``factor``; None if no number would."""
        if not self._compares:
            return self.finding.more_seeds
        open_ = [way for way in self.ways if contrasts.find(way).verdict(factor) == "inconclusive"]
        needed = [contrasts.more_seeds(way, factor) for way in open_]
        known = [number for number in needed if number is not None]
        return max(known) if len(known) == len(needed) > 0 else None

    def could_flip(self, factor: float) -> bool:
        """Whether the missing seeds could change the verdict, if they are distributed like the known ones.

        Each missing value is placed at either end and in the middle of the 95 % prediction interval of the known ones.
        With fewer than two known seeds the missing ones always could.
        """
        now = self.finding.verdict(factor)
        return any(scenario().verdict(factor) != now for scenario in self._scenarios())

    def _scenarios(self) -> list[Callable[[], Finding]]:
        predicate, seeds = self.predicate, self.evidence.seeds
        match predicate:
            case EarlyRank():
                return [early_ranks.a_miss]
            case Parameters():
                return []
            case BestLambda() | InteriorBest() | FallingBest():
                found = best_lambda.wrong_images(predicate, self.evidence)
                if self.finding.n < 2:
                    return [lambda: Finding("", p_for=0.0)]
                return [
                    lambda scenario=scenario: best_lambda.find(predicate, scenario.fill(found, seeds))  # type: ignore[misc]
                    for scenario in best_lambda.scenarios(self.evidence.lambdas)
                ]
        if self._fewest < 2:
            return [lambda: Finding("", p_for=0.0)]
        return [lambda towards=towards: self._filled(towards) for towards in TOWARDS]  # type: ignore[misc]

    def _filled(self, towards: float) -> Finding:
        seeds = set(self.evidence.seeds)
        filled = [[each.filled(sorted(seeds - each.values.keys()), towards) for each in way] for way in self.ways]
        return in_every_way([contrasts.find(way) for way in filled])


def verdict(part: Assertion, here: Verdict) -> Verdict:
    """The verdict of a claim's part, given ``here``, the verdict of its complete trials alone.

    Missing trials and a reduced scale take precedence over ``here``.
    """
    if isinstance(part.predicate, Proved):
        return "checked by tests"
    if not part.begun:
        return "not run"
    if part.missing:
        return "incomplete"
    return "not comparable" if part.reduced else here


def judge_assertion(part: Assertion, factor: float, p_holm: float | None) -> Judgement:
    """Judge one sweep's part of a claim.

    Args:
        part: the claim and its evidence.
        factor: the board's correction, by which p values are multiplied.
        p_holm: the corrected p; None if it is not shown.
    """
    claim, finding = part.claim, part.finding
    here = finding.verdict(factor)
    settled = verdict(part, here)
    more = part.more_seeds(factor) if settled == "inconclusive" else None
    cost = part.evidence.seconds(part.cells_needed) if more else None
    return Judgement(
        id=claim.id,
        sentence=claim.sentence,
        source=claim.source,
        figure=claim.figure,
        sweep=part.evidence.frames.sweep.name,
        verdict=settled,
        here=settled if settled in ("not run", "checked by tests") else here,
        observed=finding.observed,
        paper=claim.paper,
        estimate=finding.estimate,
        low=finding.low,
        high=finding.high,
        margin=finding.margin,
        p=finding.p if finding.tested and finding.n > 1 else None,
        p_holm=p_holm,
        n=finding.n,
        missing=part.missing,
        could_flip=part.could_flip(factor) if part.missing and part.begun else True if part.missing else None,
        more_seeds=more,
        more_seconds=None if cost is None or more is None else cost * more,
        remark=" ".join(filter(None, [part.remark, claim.note])),
    )
