"""Measures of a stack as sums over examples: exact counts and 64-bit sums, divided once at the end.

A short last chunk therefore has the weight of its examples. Errors are fractions, losses are in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from trainers.losses import Labels, Logits, ensemble_logits, ensemble_nll, label_places, member_nlls


@dataclass(frozen=True)
class Measures:
    """Means over examples, for each trial's ensemble and for each of its members (float64)."""

    error: Float[Tensor, " trial"]
    nll: Float[Tensor, " trial"]
    member_errors: Float[Tensor, "trial member"]
    member_nlls: Float[Tensor, "trial member"]


@dataclass(frozen=True)
class Sums:
    """Sums over examples: int64 counts of wrong predictions, float64 sums of losses."""

    examples: int
    wrong: Int[Tensor, " trial"]
    nll: Float[Tensor, " trial"]
    member_wrong: Int[Tensor, "trial member"]
    member_nll: Float[Tensor, "trial member"]

    @staticmethod
    def of(logits: Logits, labels: Labels) -> Sums:
        """The sums of one chunk of examples."""
        return Sums(
            logits.shape[2],
            wrong(ensemble_logits(logits), labels).sum(-1),
            ensemble_nll(logits, labels).sum(-1, dtype=torch.float64),
            wrong(logits, labels.unsqueeze(1)).sum(-1),
            member_nlls(logits, labels).sum(-1, dtype=torch.float64),
        )

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.examples + other.examples,
            self.wrong + other.wrong,
            self.nll + other.nll,
            self.member_wrong + other.member_wrong,
            self.member_nll + other.member_nll,
        )

    def means(self) -> Measures:
        """The sums divided by the number of examples, on the CPU."""
        return Measures(
            *((total.double() / self.examples).cpu() for total in (self.wrong, self.nll)),
            *((total.double() / self.examples).cpu() for total in (self.member_wrong, self.member_nll)),
        )


def wrong(
    logits: Float[Tensor, "*batch example class"], labels: Int[Tensor, "*#batch #example"]
) -> Bool[Tensor, "*batch example"]:
    """Whether the likeliest class, the first of equals, is not the label.

    This needs no ``argmax``: it compares the label's logit with the largest other logit, some ten times faster in the
    transposed view. Only if the two are equal for some example, all predictions come from an ``argmax``.
    """
    by_class, place = logits.mT, labels.unsqueeze(-2)
    others = torch.where(label_places(labels, logits.shape[-1]), -torch.inf, 0.0).to(logits.dtype)
    rival = (by_class + others).amax(-2)
    own = by_class.gather(-2, place.expand(*by_class.shape[:-2], 1, by_class.shape[-1])).squeeze(-2)
    if bool((own == rival).any()):
        return by_class.max(-2).indices != labels
    return ~(own > rival)


def diversity(measures: Measures) -> Float[Tensor, " trial"]:
    """Mean member nll − ensemble nll: the mean of D(q̄‖q_j) over members and examples (Eq. 5 at λ = 1)."""
    return measures.member_nlls.mean(-1) - measures.nll


def best_member_lead(member_errors: Sequence[float], classes: int) -> float | None:
    """Lead of the best member over the others: 0 if all members are equally good, 1 if all others guess.

    It is (mean error of the other members − least error) / (chance error − least error), clipped to [0, 1]. The chance
    error is 1 − 1/K for K classes. None for a single member, and if the least error is not below chance. It does not
    know the ensemble's error, so it cannot tell a member that does the ensemble's work from the best of many poor ones;
    ``reports.statistics.dominance`` does.
    """
    least = min(member_errors)
    room = 1 - 1 / classes - least
    if len(member_errors) < 2 or room <= 0:
        return None
    others = (sum(member_errors) - least) / (len(member_errors) - 1)
    return min(max((others - least) / room, 0.0), 1.0)


def early_rank(early: Sequence[float], final: Sequence[float]) -> int | None:
    """Rank in an early epoch of the member that has the least error in the final epoch; rank 1 is the least error.

    Of two members with equal errors, the one with the lower number ranks first, in both epochs. None for a single
    member.
    """
    if len(final) < 2:
        return None
    best = min(range(len(final)), key=lambda member: (final[member], member))
    return sum((error, member) <= (early[best], best) for member, error in enumerate(early))
