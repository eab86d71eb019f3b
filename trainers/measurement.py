"""Measure a stack in evaluation mode, in chunks of examples that bound the memory."""

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
"""Most activations of one chunk, by type of device: per trial on a CPU, for the whole stack on a GPU."""
LARGEST_CHUNK = 2000


def chunk_size(ensemble: Ensemble, trials: int, device: torch.device) -> int:
    """Examples of one chunk. On a CPU this does not depend on ``trials``, so a trial has the same sums in any stack."""
    sharing = trials if device.type == "cuda" else 1
    return max(1, min(LARGEST_CHUNK, NUMBERS_AT_ONCE[device.type] // (sharing * ensemble.numbers_per_example(device))))


@torch.no_grad()
def chunks(ensemble: Ensemble, weights: Weights, part: Part) -> Iterator[tuple[Logits, Labels]]:
    """Logits (trial, member, example, class) and labels (trial, example) of a part, chunk by chunk."""
    trials = len(next(iter(weights.values())))
    step = chunk_size(ensemble, trials, part.rows.device)
    for start in range(0, part.rows.shape[1], step):
        images, labels = part.take(start, start + step)
        yield ensemble.logits(weights, images), for_trials(labels, trials)


def measure(ensemble: Ensemble, weights: Weights, part: Part) -> Measures:
    """Errors and losses of every trial and member on a part, which must not be empty."""
    first, *others = (Sums.of(logits, labels) for logits, labels in chunks(ensemble, weights, part))
    return sum(others, start=first).means()


def measure_dropping(
    ensemble: Ensemble, weights: Weights, part: Part, seeds: tuple[int, ...], mask: str, repeats: int
) -> DroppingSums:
    """Accuracy and nll of every trial with members dropped; ``seeds`` has one seed per trial."""
    sums = DroppingSums(seeds, mask, repeats, ensemble.members, part.rows.device)
    for logits, labels in chunks(ensemble, weights, part):
        sums.add(logits, labels)
    return sums


def distances(weights: Weights, initial: Weights, buffers: frozenset[str] = frozenset()) -> Tensor:
    """Euclidean distance of each member's parameters from its initial ones, (trial, member), float64 on the CPU.

    Weights named in ``buffers`` do not count.
    """
    lengths = [
        torch.linalg.vector_norm((weight.detach() - initial[name]).flatten(2), dim=-1, dtype=torch.float64)
        for name, weight in weights.items()
        if name not in buffers
    ]
    return torch.stack(lengths).square().sum(0).sqrt().cpu()
