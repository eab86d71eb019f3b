"""Stacking as it is measured: each trial's combiner fitted on held-out images and tested on the test images."""

from __future__ import annotations

import torch

from specs.format.records import Row
from trainers import measurement
from trainers.calibration import CalibrationSums
from trainers.ensembles import Ensemble, Weights
from trainers.methods.combiner import Combiner, fit
from trainers.methods.method import Method
from trainers.metrics import Sums
from trainers.pool import Part
from trainers.splits import Data


class Stacking(Method):
    """Members learn independently; a combiner of their logits is fitted on held-out images."""

    drops_members = False

    def tested_columns(self, ensemble: Ensemble, weights: Weights, data: Data, complete: list[int]) -> dict[int, Row]:
        """The columns that are the combiner's.

        Each trial's combiner is fitted on its own validation images and tested on the test images. The diversity is
        left out: it relates the members to their mean logits, which are not what is tested.
        """
        rows: dict[int, Row] = {}
        for trial in complete:
            trials = len(next(iter(weights.values())))
            one = {name: weight[trial : trial + 1] for name, weight in weights.items()}
            held_out, test = (data.measured[split].of_trial(trial, trials) for split in ("validation", "test"))
            rows[trial] = _tested(ensemble, one, _fitted(ensemble, one, held_out), test)
        return rows


def _fitted(ensemble: Ensemble, weights: Weights, held_out: Part) -> Combiner:
    chunks = list(measurement.chunks(ensemble, weights, held_out))
    members = torch.cat([logits[0].mT for logits, _ in chunks], -1).mT
    return fit(members, torch.cat([labels[0] for _, labels in chunks]))


def _tested(ensemble: Ensemble, weights: Weights, combiner: Combiner, test: Part) -> Row:
    """Measure the combined logits as those of an ensemble of one."""
    combined = [
        (combiner.logits(logits[0])[None, None], labels)
        for logits, labels in measurement.chunks(ensemble, weights, test)
    ]
    logits, labels = torch.cat([chunk for chunk, _ in combined], 2), torch.cat([chunk for _, chunk in combined], 1)
    measures, calibration = Sums.of(logits, labels).means(), CalibrationSums.of(logits, labels)
    return {
        "test_error": measures.error.item(),
        "test_nll": measures.nll.item(),
        "test_diversity": None,
        "test_ece": calibration.expected_calibration_error().item(),
        "test_brier": calibration.brier().item(),
    }
