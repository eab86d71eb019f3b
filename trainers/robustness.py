"""The ensemble with members dropped at test time (paper, section 5, Figs 7 and 8).

Members are put in a random order and their logits summed up along it: after k members stands the ensemble of a
random subset of k, so one pass gives every number dropped, 0 to M−1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from trainers.losses import Labels, Logits, ensemble_logits
from trainers.metrics import wrong
from trainers.seeding import generator

EXAMPLES_AT_ONCE = 512
"""Examples whose members are summed up at once: 5 MB at 256 members, so that sums stay near the cache."""


class Orders:
    """Random orders of the members, drawn along the test examples: the same however the examples are chunked."""

    def __init__(self, seed: int, mask: str, repeats: int, members: int) -> None:
        """``mask`` is "example" (an order for each test example) or "shared" (one for the whole test set)."""
        self._members = members
        self._streams = [generator(seed, "robustness", mask, repeat) for repeat in range(repeats)]
        self._shared = [self._keys(stream, 1) for stream in self._streams] if mask == "shared" else None

    def draw(self, examples: int, device: torch.device) -> Iterator[Int[Tensor, "example member"]]:
        """The orders of the next ``examples`` examples, one repeat after the other."""
        for repeat, stream in enumerate(self._streams):
            keys = self._shared[repeat] if self._shared else self._keys(stream, examples)
            # Keys are drawn on the CPU and sorted stably: every device finds the same order, ties included. The bits
            # of numbers that are not negative stand in their order, and integers are sorted faster.
            yield keys.view(torch.int32).to(device).argsort(dim=-1, stable=True).expand(examples, -1)

    def _keys(self, stream: torch.Generator, examples: int) -> Float[Tensor, "example member"]:
        return torch.rand(examples, self._members, generator=stream)


@dataclass(frozen=True)
class Dropping:
    """Accuracy and nll of one trial by number of members dropped: index 0 is the whole ensemble."""

    accuracy: Float[Tensor, "repeat dropped"]
    nll: Float[Tensor, " dropped"]


class DroppingSums:
    """Sums over test examples for the trials of a stack, chunk by chunk; what is kept does not grow with examples."""

    def __init__(self, seeds: tuple[int, ...], mask: str, repeats: int, members: int, device: torch.device) -> None:
        """``seeds`` are the trials' seeds in stack order; trials of one seed drop the same members."""
        self._seeds, self._examples = seeds, 0
        self._orders = {seed: Orders(seed, mask, repeats, members) for seed in sorted(set(seeds))}
        self._right = torch.zeros(len(seeds), repeats, members, dtype=torch.int64, device=device)
        self._nll = torch.zeros(len(seeds), repeats, members, dtype=torch.float64, device=device)

    def add(self, logits: Logits, labels: Labels) -> None:
        """Add some examples; they come in the order of the test set."""
        for part, part_labels in zip(
            torch.split(logits, EXAMPLES_AT_ONCE, 2), torch.split(labels, EXAMPLES_AT_ONCE, 1), strict=True
        ):
            self._add_chunk(part, part_labels)

    def _add_chunk(self, logits: Logits, labels: Labels) -> None:
        self._examples += logits.shape[2]
        whole = ensemble_logits(logits)
        by_class = logits.permute(0, 3, 2, 1).contiguous()
        for seed, orders in self._orders.items():
            mine = [trial for trial, other in enumerate(self._seeds) if other == seed]
            for repeat, order in enumerate(orders.draw(logits.shape[2], logits.device)):
                for trial in mine:
                    self._add(trial, repeat, kept_means(by_class[trial], whole[trial].T, order), labels[trial])

    def _add(self, trial: int, repeat: int, means: Float[Tensor, "class example kept"], labels: Tensor) -> None:
        column = labels.unsqueeze(-1)
        # log_softmax() and not logsumexp(), which is ten times slower where logits are in the hundreds.
        label_nll = -torch.log_softmax(means, 0).gather(0, column.expand(means.shape[1:]).unsqueeze(0)).squeeze(0)
        self._right[trial, repeat] += len(labels) - wrong(means.permute(1, 2, 0), column).sum(0)
        self._nll[trial, repeat] += label_nll.sum(0, dtype=torch.float64)

    def dropping(self, trial: int) -> Dropping:
        """The means over examples so far; the nll is averaged over repeats too."""
        right, nll = (total[trial].double().cpu().flip(-1) / self._examples for total in (self._right, self._nll))
        return Dropping(right, nll.mean(0))


def kept_means(
    logits: Float[Tensor, "class example member"],
    whole: Float[Tensor, "class example"],
    order: Int[Tensor, "example member"],
) -> Float[Tensor, "class example member"]:
    """Mean logits of the first 1, 2, … M members in each example's order; ``whole`` are those of all M.

    The last of them is ``whole`` itself and not its sum in another order, so that dropping nobody gives the
    measured error to the last bit.
    """
    totals = logits.gather(2, order.expand(logits.shape)).cumsum(2)
    means = totals.div_(torch.arange(1, logits.shape[2] + 1, device=logits.device))
    means[..., -1] = whole
    return means
