"""A trained stack as the rows of the results' tables: plain Python values, and never a NaN."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from specs.format.records import Row
from trainers.metrics import dominance, early_rank
from trainers.progress import Progress
from trainers.robustness import DroppingSums

if TYPE_CHECKING:
    from specs.trial import TrialSpec

SPLITS = ("train", "validation", "test")
EARLY_EPOCH = 3
"""After which the member that will dominate already leads (paper, section 4)."""
TESTED_COLUMNS = (
    "best_epoch", "validation_error", "test_error", "test_nll", "test_member_error", "test_member_nll",
    "test_diversity", "member_test_errors", "member_test_nlls", "dominance",
    "test_ece", "test_brier", "early_epoch", "early_rank_test", "early_rank_train", "hessian_condition",
    "weights_sha256",
)  # fmt: skip
"""Columns of a trial that a diverged one has no value for."""


@dataclass(frozen=True)
class TrialResult:
    """How one trial ended, and its rows without the columns that only the store knows."""

    status: Literal["complete", "diverged"]
    message: str
    """Where it diverged and why; empty for a complete trial."""
    trial: Row
    epochs: tuple[Row, ...]
    robustness: tuple[Row, ...]
    filters: tuple[Row, ...] = ()
    earlier_environments: tuple[str, ...] = ()
    """Names of the environments in which it was trained before it came to this process."""


@dataclass(frozen=True)
class Run:
    """What a trial's row says of the training that the spec does not."""

    member_parameters: int
    classes: int
    seconds: float
    """Of the whole stack, over all attempts."""
    examples: int
    """Training examples of one epoch of one trial."""
    peak_memory: int
    device: str


def trial_row(spec: TrialSpec, progress: Progress, trial: int, run: Run, tested: Row) -> Row:
    """The trial's row of ``specs.format.records.TRIALS``.

    The seconds are its share of the stack's: those of all trials add up to what the machine was busy.

    Args:
        spec: the trial's.
        progress: the stack's.
        trial: its place in the stack.
        run: what is common to the stack.
        tested: columns measured on the tested weights; they take the place of the tested epoch's.
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
        "dominance": dominance(progress.series["test.member_errors"][best - 1][trial].tolist(), classes),
        **_early(progress, trial),
    }


def _early(progress: Progress, trial: int) -> Row:
    """The ranks after a few epochs of the members that are best in the final epoch, whichever epoch is tested."""
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
    """One kind of mask's rows of ``specs.format.records.ROBUSTNESS`` for one trial."""
    dropping = sums.dropping(trial)
    for dropped, (accuracies, nll) in enumerate(zip(dropping.accuracy.T.tolist(), dropping.nll.tolist(), strict=True)):
        yield {
            "dropped": dropped,
            "mask": mask,
            "accuracy": statistics.fmean(accuracies),
            "accuracy_sd": statistics.stdev(accuracies) if len(accuracies) > 1 else None,
            "nll": nll,
        }
