"""What is measured once, on the tested weights of a stack: columns and rows that no epoch has."""

from __future__ import annotations

from collections.abc import Iterator

from specs.records import Row
from trainers import measuring
from trainers.calibration import CalibrationSums
from trainers.ensembles import Ensemble, Weights
from trainers.splits import Data, Part
from trainers.stacks import Stack


def columns(ensemble: Ensemble, weights: Weights, data: Data, stack: Stack, complete: list[int]) -> dict[int, Row]:
    """Columns of ``specs.records.TRIALS`` by trial, of those that did not diverge."""
    if not complete:
        return {}
    calibration = calibration_columns(ensemble, weights, data.measured["test"])
    return {trial: calibration[trial] for trial in complete}


def calibration_columns(ensemble: Ensemble, weights: Weights, part: Part) -> list[Row]:
    """``test_ece`` and ``test_brier`` of each trial, on a part that is not empty."""
    first, *others = (
        CalibrationSums.of(logits, labels) for logits, labels in measuring.chunks(ensemble, weights, part)
    )
    sums = sum(others, start=first)
    errors, scores = sums.expected_calibration_error().tolist(), sums.brier().tolist()
    return [{"test_ece": error, "test_brier": score} for error, score in zip(errors, scores, strict=True)]


def filter_rows(ensemble: Ensemble, initial: Weights, tested: Weights, trial: int) -> Iterator[Row]:
    """One trial's rows of ``specs.records.FILTERS``: each member's first layer before training and as tested."""
    for stage, weights in (("initial", initial), ("final", tested)):
        for member, layer in enumerate(weights[ensemble.first_layer][trial]):
            yield {"member": member, "stage": stage, "weights": layer.flatten().tolist(), "shape": list(layer.shape)}
