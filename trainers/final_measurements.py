"""What is measured once, on the tested weights of a stack: columns and rows that no epoch has."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace

from specs.format.records import Row
from trainers import measurement
from trainers.calibration import CalibrationSums
from trainers.ensembles import Ensemble, Weights
from trainers.hessian import JointHessian, lanczos
from trainers.pool import Part
from trainers.seeding import generator
from trainers.splits import Data
from trainers.stacks import Stack


def columns(ensemble: Ensemble, weights: Weights, data: Data, stack: Stack, complete: list[int]) -> dict[int, Row]:
    """Columns of ``specs.format.records.TRIALS`` by trial, of those that did not diverge."""
    if not complete:
        return {}
    calibration = calibration_columns(ensemble, weights, data.measured["test"])
    conditions = {trial: hessian_condition(ensemble, weights, data.train, stack, trial) for trial in complete}
    return {
        trial: calibration[trial]
        | {"hessian_condition": conditions[trial], "weights_sha256": weights_digest(weights, trial)}
        for trial in complete
    }


def weights_digest(weights: Weights, trial: int) -> str:
    """SHA-256 over the names and the bytes of one trial's tensors, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name][trial].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def calibration_columns(ensemble: Ensemble, weights: Weights, part: Part) -> list[Row]:
    """``test_ece`` and ``test_brier`` of each trial, on a part that is not empty."""
    first, *others = (
        CalibrationSums.of(logits, labels) for logits, labels in measurement.chunks(ensemble, weights, part)
    )
    sums = sum(others, start=first)
    errors, scores = sums.expected_calibration_error().tolist(), sums.brier().tolist()
    return [{"test_ece": error, "test_brier": score} for error, score in zip(errors, scores, strict=True)]


def hessian_condition(ensemble: Ensemble, weights: Weights, train: Part, stack: Stack, trial: int) -> float | None:
    """A lower bound of the condition of the trial's Hessian (:mod:`trainers.hessian`) by Lanczos' method.

    The loss is averaged over the first training images that the seed draws, as they are: neither augmented nor
    resampled. Trials of one seed and architecture start from the same vector. None where the spec does not ask, or
    the bound is infinite.
    """
    spec = stack.trials[trial]
    asked = spec.evaluation.hessian
    if asked is None:
        return None
    group = trial * len(train.rows) // len(stack.trials)
    part = replace(train, rows=train.rows[group : group + 1, : asked.examples])
    one = {name: weight[trial : trial + 1] for name, weight in weights.items()}
    product = JointHessian(ensemble, one, part, spec.lam)
    found = lanczos(product, product.start(generator(spec.seed, "hessian")), asked.iterations).condition()
    return found if math.isfinite(found) else None


def filter_rows(ensemble: Ensemble, initial: Weights, tested: Weights, trial: int) -> Iterator[Row]:
    """One trial's rows of ``specs.format.records.FILTERS``: each member's first layer before training and as tested."""
    for stage, weights in (("initial", initial), ("final", tested)):
        for member, layer in enumerate(weights[ensemble.first_layer][trial]):
            yield {"member": member, "stage": stage, "weights": layer.flatten().tolist(), "shape": list(layer.shape)}
