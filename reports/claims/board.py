"""All claims of a study, judged together. Claims about orders are corrected for multiple tests over the whole board."""

from collections.abc import Sequence

from reports import wording
from reports.claims.assertions import Assertion, judge_assertion
from reports.claims.evidence import Evidence
from reports.claims.judgement import Judgement, Verdict
from reports.frames.frames import Frames
from reports.statistics.significance import holm
from specs.claims import Claim

DECIDED_BY: dict[str, tuple[Verdict, ...]] = {
    "all": ("not reproduced", "incomplete", "not run", "not comparable", "inconclusive", "reproduced"),
    "any": ("reproduced", "incomplete", "not run", "not comparable", "inconclusive", "not reproduced"),
}
"""Verdicts by a claim's ``join``. Of a claim's parts in several sweeps, the one whose verdict comes first decides."""


def judge(study: Sequence[Frames]) -> tuple[Judgement, ...]:
    """Judge every claim of every sweep of a study, in the order of the stores and of their specs.

    Orders are corrected by Holm's method over all orders that the study states, those not yet run included, so that
    the correction does not loosen while a sweep is filling up. A claim whose parts lie in several sweeps is judged
    once, where its first part stands.
    """
    parts = [Assertion(claim, evidence) for evidence in map(Evidence, study) for claim in evidence.frames.sweep.claims]
    with wording.lambdas_told_apart(study):
        orders = [part for part in parts if part.finding.corrected]
        adjusted = dict(zip(map(id, orders), holm([part.finding.p for part in orders]), strict=True))
        judged = [_judged(part, adjusted.get(id(part))) for part in parts]
    found: dict[object, Judgement] = {}
    for part, judgement in zip(parts, judged, strict=True):
        if not part.claim.others:
            found[id(part)] = judgement
        elif (key := (part.claim.id, _sweeps(part))) not in found:
            own = [
                judged[i] for i, other in enumerate(parts) if other.claim.id == part.claim.id and _name(other) in key[1]
            ]
            found[key] = join(part.claim, own)
    return tuple(found.values())


def _name(part: Assertion) -> str:
    return part.evidence.frames.sweep.name


def _sweeps(part: Assertion) -> frozenset[str]:
    """The sweeps that a claim is stated over."""
    return frozenset({_name(part), *part.claim.others})


def _judged(part: Assertion, p_holm: float | None) -> Judgement:
    factor = 1.0 if p_holm is None or not part.finding.p else p_holm / part.finding.p
    return judge_assertion(part, factor, p_holm if part.finding.n > 1 else None)


def join(claim: Claim, parts: Sequence[Judgement]) -> Judgement:
    """One judgement of a claim whose parts were judged sweep by sweep; the part that decides gives the numbers."""
    present = [part.sweep for part in parts]
    absent = [name for name in claim.others if name not in present]
    verdict = _joined(claim, [part.verdict for part in parts], bool(absent))
    order = DECIDED_BY[claim.join]
    decisive = min(parts, key=lambda part: order.index(part.verdict))
    lacking = [f"{part.sweep}: {part.missing}" for part in parts if part.missing]
    lacking += [f"the sweep {name}, which is not in this study" for name in absent]
    return decisive.but(
        sweep=wording.listed(present),
        verdict=verdict,
        here=_joined(claim, [part.here for part in parts], False),
        observed=" ".join(f"{part.sweep}: {part.observed}" if len(parts) > 1 else part.observed for part in parts),
        missing="; ".join(lacking),
        could_flip=_could_flip(claim, parts, bool(absent)),
        more_seeds=decisive.more_seeds if verdict == "inconclusive" else None,
        more_seconds=decisive.more_seconds if verdict == "inconclusive" else None,
    )


def _could_flip(claim: Claim, parts: Sequence[Judgement], absent: bool) -> bool | None:
    """Whether missing seeds or sweeps could change what the parts say together; None where nothing is missing.

    They cannot where one part decides alone and will not change itself.
    """
    told = [part.could_flip for part in parts if part.could_flip is not None] + [True] * absent
    decided = any(part.here == DECIDED_BY[claim.join][0] and not part.could_flip for part in parts)
    return any(told) and not decided if told else None


def _joined(claim: Claim, verdicts: Sequence[Verdict], absent: bool) -> Verdict:
    order = DECIDED_BY[claim.join]
    first = min(verdicts, key=order.index)
    if not absent or first == order[0]:
        return first
    return "not run" if set(verdicts) == {"not run"} else "incomplete"
