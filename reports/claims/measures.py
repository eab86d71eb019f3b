"""The measures that a claim can be about: one number per complete trial."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from reports import wording
from reports.frames.frames import Frames
from reports.frames.ranges import error_range
from reports.statistics.dominance import model_dominance
from reports.statistics.ranges import FRACTION, POSITIVE, Range
from specs.datasets import facts_of
from specs.predicates import Measure

UNITS: dict[Measure, str] = {
    "error": "points",
    "nll": "nats",
    "member_nll": "nats",
    "diversity": "nats",
    "dominance": "of 1",
    "dominance_train": "of 1",
    "early_dominance": "of 1",
    "loss_over_half": "points",
    "filter_strength": "times",
    "filter_travel": "times",
}
NAMES: dict[Measure, str] = {
    "error": "test error",
    "nll": "test nll of the ensemble",
    "member_nll": "mean test nll of the members",
    "diversity": "diversity on test images",
    "dominance": "model dominance by test errors",
    "dominance_train": "model dominance by training errors",
    "early_dominance": "model dominance by training errors after epoch 3",
    "loss_over_half": "accuracy lost with just over half of the members dropped",
    "filter_strength": "norm of the strongest member's first-layer filters over the median of the others'",
    "filter_travel": "median distance of the other members' first-layer filters from their initial ones, "
    "over the norm of those",
}
"""What each measure is called, in a sentence."""
DEFINITIONS: dict[Measure, str] = dict.fromkeys(("dominance", "dominance_train", "early_dominance"), wording.DOMINANCE)
"""What a measure is, in sentences, where its name does not tell."""
EARLY = 3
"""The epoch after which, according to the paper, the member that will dominate is known."""

RANGES: dict[Measure, Range] = {
    **dict.fromkeys(("nll", "member_nll", "diversity", "filter_strength", "filter_travel"), POSITIVE),
    **dict.fromkeys(("dominance", "dominance_train", "early_dominance"), FRACTION),
}
"""Ranges of the measures, but for those that count test images."""


def measure_range(frames: Frames, measure: Measure) -> Range:
    """The range of a measure, in the unit of ``UNITS``."""
    if measure == "error":
        return error_range(frames).times(100)
    return error_range(frames).times(100).difference() if measure == "loss_over_half" else RANGES[measure]


ByTrial = dict[str, float]


def by_trial(frames: Frames, measure: Measure) -> ByTrial:
    """A measure of every complete trial that has it, by trial id, in the unit of ``UNITS``."""
    if frames.trials.empty:
        return {}
    return {trial: value for trial, value in _MEASURES[measure](frames).items() if np.isfinite(value)}


def _column(name: str, factor: float = 1.0) -> Callable[[Frames], Mapping[str, float]]:
    def read(frames: Frames) -> Mapping[str, float]:
        values = frames.trials[name].astype(float) * factor
        return dict(zip(frames.trials["trial_id"], values, strict=True))

    return read


def _dominance(frames: Frames) -> Mapping[str, float]:
    trials = frames.trials
    return _each_dominance(frames, trials["trial_id"], trials["test_error"], trials["member_test_errors"])


def _dominance_train(frames: Frames) -> Mapping[str, float]:
    return _train_dominance(frames, dict(zip(frames.trials["trial_id"], frames.trials["best_epoch"], strict=True)))


def _early_dominance(frames: Frames) -> Mapping[str, float]:
    early = frames.trials["early_epoch"].fillna(EARLY)
    return _train_dominance(frames, dict(zip(frames.trials["trial_id"], early, strict=True)))


def _train_dominance(frames: Frames, epochs: Mapping[str, float]) -> Mapping[str, float]:
    rows = frames.epochs[frames.epochs["split"] == "train"]
    rows = rows[rows["epoch"] == rows["trial_id"].map(epochs)]
    return _each_dominance(frames, rows["trial_id"], rows["error"], rows["member_errors"])


def _each_dominance(frames: Frames, trials: pd.Series, errors: pd.Series, members: pd.Series) -> Mapping[str, float]:
    classes = facts_of(frames.sweep.dataset).classes
    rows = zip(trials, errors, members, strict=True)
    return {trial: model_dominance(error, own, classes) for trial, error, own in rows}


def _loss_over_half(frames: Frames) -> Mapping[str, float]:
    """Points of accuracy lost by dropping just over half of the members, with a subset for each image."""
    rows = frames.robustness[frames.robustness["mask"] == "example"]
    members = dict(zip(frames.trials["trial_id"], frames.trials["members"], strict=True))
    whole = rows[rows["dropped"] == 0].set_index("trial_id")["accuracy"]
    half = rows[rows["dropped"] == rows["trial_id"].map(members) // 2 + 1].set_index("trial_id")["accuracy"]
    lost = (100 * (whole - half)).dropna()
    return {str(trial): float(value) for trial, value in lost.items()}


def _filter_strength(frames: Frames) -> Mapping[str, float]:
    return {trial: float(final.max() / np.median(_others(final))) for trial, (_, final, _) in _filters(frames)}


def _filter_travel(frames: Frames) -> Mapping[str, float]:
    found = {}
    for trial, (initial, final, moved) in _filters(frames):
        shares = np.delete(moved / initial, int(final.argmax()))
        found[trial] = float(np.median(shares))
    return found


def _others(norms: np.ndarray) -> np.ndarray:
    return np.delete(norms, int(norms.argmax()))


def _filters(frames: Frames) -> list[tuple[str, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Ids of ensembles, each with three norms per member: of the initial and of the tested first-layer weights, and of
    their difference."""
    found = []
    for trial, rows in frames.filters.groupby("trial_id", sort=False):
        initial, final = (_stage(rows, stage) for stage in ("initial", "final"))
        if len(initial) == len(final) > 1:
            norms = [np.linalg.norm(weights, axis=1) for weights in (initial, final, final - initial)]
            found.append((str(trial), (norms[0], norms[1], norms[2])))
    return found


def _stage(rows: pd.DataFrame, stage: str) -> np.ndarray:
    own = rows[rows["stage"] == stage].sort_values("member")
    return np.stack([np.asarray(weights, dtype=float) for weights in own["weights"]]) if len(own) else np.empty((0, 0))


_MEASURES: dict[Measure, Callable[[Frames], Mapping[str, float]]] = {
    "error": _column("test_error", 100),
    "nll": _column("test_nll"),
    "member_nll": _column("test_member_nll"),
    "diversity": _column("test_diversity"),
    "dominance": _dominance,
    "dominance_train": _dominance_train,
    "early_dominance": _early_dominance,
    "loss_over_half": _loss_over_half,
    "filter_strength": _filter_strength,
    "filter_travel": _filter_travel,
}
