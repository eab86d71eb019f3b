"""What is measured of a stack, as sums over examples: exact counts and 64-bit sums, divided once at the end.

A short last chunk therefore weighs its own examples and no more. Errors are fractions, losses nats.
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
    """Means over examples, of each trial's ensemble and of each of its members (float64)."""

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
        """The sums over the number of examples, on the CPU."""
        return Measures(
            *((total.double() / self.examples).cpu() for total in (self.wrong, self.nll)),
            *((total.double() / self.examples).cpu() for total in (self.member_wrong, self.member_nll)),
        )


def wrong(
    logits: Float[Tensor, "*batch example class"], labels: Int[Tensor, "*#batch #example"]
) -> Bool[Tensor, "*batch example"]:
    """Whether the likeliest class (the first of equals) is not the label.

    Over the transposed view the largest value of the other classes is found some ten times faster than the place of
    the largest of all, which is asked for only where two are equal.
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


def dominance(member_errors: Sequence[float], classes: int) -> float | None:
    """How far one member does the work of all: 0 where members are equally good, 1 where all others guess.

    (mean error of the other members − least error) / (chance error − least error), clipped to [0, 1], with
    chance error 1 − 1/K for K classes. None for a single member, and where the least error is not below chance.
    """
    least = min(member_errors)
    room = 1 - 1 / classes - least
    if len(member_errors) < 2 or room <= 0:
        return None
    others = (sum(member_errors) - least) / (len(member_errors) - 1)
    return min(max((others - least) / room, 0.0), 1.0)


def early_rank(early: Sequence[float], final: Sequence[float]) -> int | None:
    """Rank by an early epoch's errors, 1 for the least, of the member with the least error in the final epoch.

    Of equal errors the member of the lower number counts as the better, early and finally. None for a single member.
    """
    if len(final) < 2:
        return None
    best = min(range(len(final)), key=lambda member: (final[member], member))
    return sum((error, member) <= (early[best], best) for member, error in enumerate(early))
