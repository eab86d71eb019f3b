"""Rows of the results' tables for a trained stack: plain Python values, never a NaN."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from specs.format.records import Row
from trainers.metrics import best_member_lead, early_rank
from trainers.progress import Progress
from trainers.robustness import DroppingSums

if TYPE_CHECKING:
    from specs.trial import TrialSpec

SPLITS = ("train", "validation", "test")
EARLY_EPOCH = 3
"""Epoch after which, in the paper (section 4), the member that will dominate already leads."""
TESTED_COLUMNS = (
    "best_epoch", "validation_error", "test_error", "test_nll", "test_member_error", "test_member_nll",
    "test_diversity", "member_test_errors", "member_test_nlls", "dominance",
    "test_ece", "test_brier", "early_epoch", "early_rank_test", "early_rank_train", "hessian_condition",
    "weights_sha256",
)  # fmt: skip
"""Columns of ``trials`` that are empty for a diverged trial."""


@dataclass(frozen=True)
class TrialResult:
    """The end of one trial, and its rows without the columns that only the store knows."""

    status: Literal["complete", "diverged"]
    message: str
    """Epoch and reason of the divergence; empty for a complete trial."""
    trial: Row
    epochs: tuple[Row, ...]
    robustness: tuple[Row, ...]
    filters: tuple[Row, ...] = ()
    earlier_environments: tuple[str, ...] = ()
    """Names of the environments that trained the stack before this process, without this process's own."""
    graph: int | None = None
    """Number of networks that one graph of the stack held; None if no number depends on it."""


@dataclass(frozen=True)
class Run:
    """Facts of a stack's training that a trial's row records and the spec does not hold."""

    member_parameters: int
    classes: int
    seconds: float
    """Seconds of the whole stack, over all attempts."""
    examples: int
    """Training examples of one epoch of one trial."""
    peak_memory: int
    """Bytes."""
    device: str


def trial_row(spec: TrialSpec, progress: Progress, trial: int, run: Run, tested: Row) -> Row:
    """The trial's row of ``specs.format.records.TRIALS``.

    Its seconds are its share of the stack's, so the seconds of all trials add up to the time that the machine was busy.

    Args:
        spec: the trial's spec.
        progress: the stack's progress.
        trial: the trial's place in the stack.
        run: facts common to the stack.
        tested: columns measured on the tested weights; they add to the tested epoch's columns or replace them.
    """
    row: Row = {
        "kind": spec.architecture.kind,
        "method": spec.method,
        "lam": float(spec.lam),
        "seed": spec.seed,
        "members": spec.architecture.members,
        "member_parameters": run.member_parameters,
        "total_parameters": run.member_parameters * spec.architecture.members,
        "dataset": spec.dataset.name,
        "epochs": progress.good_epochs[trial],
        "batch_size": spec.training.batch_size,
        "learning_rate": float(spec.training.learning_rate),
        "status": "diverged" if progress.messages[trial] else "complete",
        "selected_by": progress.selection,
        "seconds": run.seconds / progress.trials,
        "seconds_per_epoch": statistics.median(progress.seconds) / progress.trials,
        "samples_per_second": run.examples * progress.epoch * progress.trials / sum(progress.seconds),
        "peak_memory": run.peak_memory,
        "device": run.device,
    }
    row |= dict.fromkeys(TESTED_COLUMNS)
    return row if progress.messages[trial] else row | _tested(progress, trial, run.classes) | tested


def _tested(progress: Progress, trial: int, classes: int) -> Row:
    best = progress.best_epochs[trial]
    test = _measured(progress, "test", best, trial)
    validated = "validation.error" in progress.series
    return {
        "best_epoch": best,
        "validation_error": _measured(progress, "validation", best, trial)["error"] if validated else None,
        "test_error": test["error"],
        "test_nll": test["nll"],
        "test_member_error": test["member_error"],
        "test_member_nll": test["member_nll"],
        "test_diversity": test["diversity"],
        "member_test_errors": test["member_errors"],
        "member_test_nlls": test["member_nlls"],
        "dominance": best_member_lead(progress.series["test.member_errors"][best - 1][trial].tolist(), classes),
        **_early(progress, trial),
    }


def _early(progress: Progress, trial: int) -> Row:
    """The early ranks of the members that are best in the final epoch, whichever epoch is tested."""
    early = min(EARLY_EPOCH, progress.epoch)
    ranks: Row = {}
    for split in ("test", "train"):
        errors = progress.series.get(f"{split}.member_errors")
        ranks[f"early_rank_{split}"] = (
            early_rank(errors[early - 1][trial].tolist(), errors[-1][trial].tolist()) if errors else None
        )
    return ranks | {"early_epoch": early if any(ranks.values()) else None}


def epoch_rows(progress: Progress, trial: int, learning_rates: list[float]) -> Iterator[Row]:
    """The trial's rows of ``specs.format.records.EPOCHS``, up to its last epoch with finite numbers."""
    splits = [split for split in SPLITS if f"{split}.error" in progress.series]
    for epoch in range(1, progress.good_epochs[trial] + 1):
        for split in splits:
            yield {
                "epoch": epoch,
                "split": split,
                **_measured(progress, split, epoch, trial),
                "learning_rate": learning_rates[epoch - 1],
                "seconds": progress.seconds[epoch - 1] / progress.trials,
                "member_distance_from_init": progress.series["distance"][epoch - 1][trial].tolist(),
            }


def _measured(progress: Progress, split: str, epoch: int, trial: int) -> Row:
    error, nll, errors, nlls = (
        progress.series[f"{split}.{name}"][epoch - 1][trial]
        for name in ("error", "nll", "member_errors", "member_nlls")
    )
    return {
        "error": error.item(),
        "nll": nll.item(),
        "member_error": errors.mean().item(),
        "member_nll": nlls.mean().item(),
        "diversity": (nlls.mean() - nll).item(),
        "member_errors": errors.tolist(),
        "member_nlls": nlls.tolist(),
    }


def robustness_rows(sums: DroppingSums, mask: str, trial: int) -> Iterator[Row]:
    """The rows of ``specs.format.records.ROBUSTNESS`` for one trial and one kind of mask."""
    dropping = sums.dropping(trial)
    for dropped, (accuracies, nll) in enumerate(zip(dropping.accuracy.T.tolist(), dropping.nll.tolist(), strict=True)):
        yield {
            "dropped": dropped,
            "mask": mask,
            "accuracy": statistics.fmean(accuracies),
            "accuracy_sd": statistics.stdev(accuracies) if len(accuracies) > 1 else None,
            "nll": nll,
        }
