"""Measure a stack in evaluation mode, over chunks of examples that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from trainers.ensembles import Ensemble, Weights
from trainers.losses import Labels, Logits
from trainers.metrics import Measures, Sums
from trainers.pool import Part, for_trials
from trainers.robustness import DroppingSums

NUMBERS_AT_ONCE = {"cpu": 2**21, "cuda": 2**26}
"""Activations of one chunk, by type of device: on a CPU for each trial, on a GPU for all of a stack."""
LARGEST_CHUNK = 2000


def chunk_size(ensemble: Ensemble, trials: int, device: torch.device) -> int:
    """Examples of one chunk; on a CPU whatever the number of trials, so that a trial's sums are those it has alone."""
    sharing = trials if device.type == "cuda" else 1
    return max(1, min(LARGEST_CHUNK, NUMBERS_AT_ONCE[device.type] // (sharing * ensemble.numbers_per_example)))


@torch.no_grad()
def chunks(ensemble: Ensemble, weights: Weights, part: Part) -> Iterator[tuple[Logits, Labels]]:
    """Logits and labels of a part, chunk by chunk; labels are repeated for the trials that share them."""
    trials = len(next(iter(weights.values())))
    step = chunk_size(ensemble, trials, part.rows.device)
    for start in range(0, part.rows.shape[1], step):
        images, labels = part.take(start, start + step)
        yield ensemble.logits(weights, images), for_trials(labels, trials)


def measure(ensemble: Ensemble, weights: Weights, part: Part) -> Measures:
    """Errors and losses of every trial and member on a part that is not empty."""
    first, *others = (Sums.of(logits, labels) for logits, labels in chunks(ensemble, weights, part))
    return sum(others, start=first).means()


def measure_dropping(
    ensemble: Ensemble, weights: Weights, part: Part, seeds: tuple[int, ...], mask: str, repeats: int
) -> DroppingSums:
    """Accuracy and nll of every trial with members dropped; ``seeds`` are the trials'."""
    sums = DroppingSums(seeds, mask, repeats, ensemble.members, part.rows.device)
    for logits, labels in chunks(ensemble, weights, part):
        sums.add(logits, labels)
    return sums


def distances(weights: Weights, initial: Weights, buffers: frozenset[str] = frozenset()) -> Tensor:
    """Euclidean distance of each member's parameters from its initial ones, (trial, member), float64 on the CPU.

    ``buffers`` are left out.
    """
    lengths = [
        torch.linalg.vector_norm((weight.detach() - initial[name]).flatten(2), dim=-1, dtype=torch.float64)
        for name, weight in weights.items()
        if name not in buffers
    ]
    return torch.stack(lengths).square().sum(0).sqrt().cpu()
