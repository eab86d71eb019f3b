"""Claims about every trial, whose hits are compared with chance, and claims about parameter counts."""

import math

from reports import wording
from reports.claims.evidence import CellName, Evidence
from reports.claims.finding import ALPHA, Finding
from reports.claims.measures import EARLY
from reports.statistics.significance import hits_by_chance
from specs.methods import JOINT
from specs.predicates import EarlyRank, Parameters


def cells_needed(predicate: EarlyRank) -> list[CellName]:
    """The cells whose trials are counted."""
    return [CellName(name, JOINT, predicate.lam) for name in predicate.architectures]


def find_early(predicate: EarlyRank, evidence: Evidence) -> Finding:
    """Count the trials in which the member that is best in the end led at epoch 3, with an exact p.

    One miss refutes a claim about every trial. The chance of a hit is 1/M in a trial with M members.
    """
    trials = evidence.trials(cells_needed(predicate))
    ranked = evidence.frames.trials
    ranked = ranked[ranked["trial_id"].isin(set(trials["trial_id"]))]
    ranks = ranked[f"early_rank_{predicate.split}"].dropna()
    if not len(ranks):
        return Finding("No trial has a rank at epoch 3.", tested=False)
    if evidence.frames.sweep.training.epochs <= EARLY:
        return Finding("Trained for no more than 3 epochs, so that the early rank is the final one.", tested=False)
    chances = [1 / members for members in ranked.loc[ranks.index, "members"]]
    hits = int((ranks == 1).sum())
    p = hits_by_chance(chances, hits)
    return Finding(
        observed=f"The member that is best in the end led by {predicate.split} error after epoch {EARLY} in {hits} of "
        f"{wording.count(len(ranks), 'trial')}; exact p = {p:.2g} against 1/M.",
        p_for=p if hits == len(ranks) else 1.0,
        p_against=1.0 if hits == len(ranks) else 0.0,
        estimate=hits / len(ranks),
        n=len(ranks),
        tested=hits == len(ranks),
        more_seeds=_more_seeds(predicate, evidence, p) if hits == len(ranks) else None,
    )


def _more_seeds(predicate: EarlyRank, evidence: Evidence, p: float) -> int:
    """Further seeds that would suffice if all their trials hit. Each multiplies p by the product of the chances."""
    each = math.prod(1 / evidence.members[name] for name in predicate.architectures)
    return max(1, math.floor(math.log(ALPHA / max(p, 1e-300)) / math.log(each)) + 1) if p >= ALPHA else 1


def a_miss() -> Finding:
    """The finding after a miss, which refutes a claim about every trial."""
    return Finding("", p_for=1.0, p_against=0.0)


def cells_of(predicate: Parameters, evidence: Evidence) -> list[CellName]:
    """Every planned cell of the claim's architectures."""
    planned = evidence.frames.planned
    own = planned.loc[planned["architecture"].isin(list(predicate.counts)), ["architecture", "method", "lam"]]
    return [CellName(name, method, lam) for name, method, lam in own.drop_duplicates().itertuples(index=False)]


def untrained(predicate: Parameters, evidence: Evidence) -> list[str]:
    """The claim's architectures without a complete trial. One trial of an architecture has all of its parameters."""
    trained = set(evidence.frames.trials["architecture"])
    return [name for name in predicate.counts if name not in trained]


def find_parameters(predicate: Parameters, evidence: Evidence) -> Finding:
    """Compare the ensembles' parameter counts with the claimed ones: those of complete trials, or else the planned."""
    frames, planned_only = evidence.frames, untrained(predicate, evidence)
    counts: dict[str, int] = {}
    for source in (frames.planned, frames.trials):
        counts |= dict(zip(source["architecture"], source["total_parameters"], strict=True))
    own = {name: int(counts[name]) for name in predicate.counts}
    holds = all(abs(own[name] - count) <= predicate.within for name, count in predicate.counts.items())
    told = {name: f"{count:,} in {name}" for name, count in own.items()}
    parts = [
        ("Parameters", [words for name, words in told.items() if name not in planned_only]),
        ("Parameters, as planned", [words for name, words in told.items() if name in planned_only]),
    ]
    return Finding(
        observed=" ".join(f"{label}: {wording.listed(words)}." for label, words in parts if words),
        p_for=0.0 if holds else 1.0,
        p_against=1.0 if holds else 0.0,
        tested=False,
    )
