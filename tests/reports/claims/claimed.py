"""Frames made by hand for claims: a sweep that states them, and the numbers of each trial."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from reports.claims import Judgement, judge
from reports.frames.frames import Frames
from specs.sweep import PlannedTrial, SweepSpec, expand
from specs.sweep_text import dump_sweep

Numbers = Mapping[str, Any]
"""Columns of ``trials`` that differ from ``USUAL``, and rows of the other tables under their names."""
Measured = Callable[[PlannedTrial], Numbers | str]
"""What a planned trial measured, or the status with which it has no numbers."""

USUAL: Numbers = {
    "validation_error": None, "test_nll": 0.3, "test_member_nll": 0.5, "test_diversity": 0.2,
    "member_test_errors": [0.3, 0.3], "best_epoch": 6, "early_epoch": 3, "early_rank_test": 1, "early_rank_train": 1,
    "seconds": 10.0,
}  # fmt: skip
TABLES = {
    "epochs": ["trial_id", "epoch", "split", "error", "member_errors"],
    "robustness": ["trial_id", "dropped", "mask", "accuracy"],
    "filters": ["trial_id", "member", "stage", "weights", "shape"],
}


def sweep(claims: list[dict[str, Any]], **changes: Any) -> SweepSpec:
    """One single network and two ensembles by every method, three λs and three seeds."""
    spec: dict[str, Any] = {
        "name": "handmade",
        "title": "Numbers by hand",
        "architectures": {
            "1x8H": {"kind": "mlp", "members": 1, "hidden": 8},
            "4x4H": {"kind": "mlp", "members": 4, "hidden": 4},
            "16x2H": {"kind": "mlp", "members": 16, "hidden": 2},
        },
        "methods": ["joint", "bagging", "stacking"],
        "lambda": [0, 0.5, 1],
        "seeds": 3,
        "dataset": {"name": "fashion_mnist", "validation": 5_000},
        "training": {"epochs": 6, "batch_size": 50, "learning_rate": 0.1},
        "evaluation": {"filters": True},
        "claims": claims,
    }
    return SweepSpec.model_validate(spec | changes)


def claim(predicate: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A claim that asserts this."""
    return {"id": "A1", "sentence": "It holds.", "source": "text", "predicate": predicate} | changes


def frames(spec: SweepSpec, measured: Measured) -> Frames:
    """The frames of a store in which every trial ended so."""
    planned, trials = [], []
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for trial in expand(spec):
        numbers = measured(trial)
        status = numbers if isinstance(numbers, str) else "complete"
        own = _row(trial)
        planned.append(own | {"status": status, "message": ""})
        if not isinstance(numbers, str):
            trials.append(own | USUAL | {k: v for k, v in numbers.items() if k not in TABLES})
            for name in TABLES:
                tables[name] += [{"trial_id": trial.id, **row} for row in numbers.get(name, [])]
    columns = [*_row(expand(spec)[0]), "test_error", *USUAL]
    return Frames(
        sweep=spec,
        spec_text=dump_sweep(spec),
        planned=pd.DataFrame(planned),
        trials=pd.DataFrame(trials, columns=columns),
        **{name: pd.DataFrame(rows, columns=TABLES[name]) for name, rows in tables.items()},
        environments=pd.DataFrame(),
        stale=0,
    )


def _row(trial: PlannedTrial) -> dict[str, Any]:
    spec = trial.spec
    return {
        "trial_id": trial.id, "architecture": trial.architecture, "method": spec.method, "lam": spec.lam,
        "seed": spec.seed, "learning_rate": spec.training.learning_rate, "members": spec.architecture.members,
        "member_parameters": spec.member_parameters, "total_parameters": spec.total_parameters,
    }  # fmt: skip


def cell(architecture: str, lam: float | str | None = None, method: str = "joint") -> dict[str, Any]:
    """A cell of a predicate."""
    named: dict[str, Any] = {"architecture": architecture, "method": method}
    return named | ({} if lam is None else {"lambda": lam})


Errors = Mapping[tuple[str, str, float], list[float | str]]
"""By architecture, method and λ: each seed's test error in percent, or the status of a trial that has none."""


def with_errors(errors: Errors) -> Measured:
    """Trials with these test errors; others are missing."""

    def measured(trial: PlannedTrial) -> Numbers | str:
        seeds = errors.get((trial.architecture, trial.spec.method, trial.spec.lam), [])
        value = seeds[trial.spec.seed] if trial.spec.seed < len(seeds) else "missing"
        return value if isinstance(value, str) else {"test_error": value / 100}

    return measured


def logit_t(values: Sequence[float], bound: float, most: float = 100.0) -> float:
    """How many standard errors a mean lies above a bound on the scale of logits, by the delta method."""
    mean, se = float(np.mean(values)), float(stats.sem(values))
    return (_logit(mean / most) - _logit(bound / most)) * mean * (1 - mean / most) / se


def logit_interval(values: Sequence[float], confidence: float, most: float = 100.0) -> tuple[float, float]:
    """The t interval of a mean on the scale of logits, by the delta method."""
    mean, se = float(np.mean(values)), float(stats.sem(values))
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * se / (mean * (1 - mean / most))
    low, high = (most / (1 + math.exp(-(_logit(mean / most) + side * half))) for side in (-1, 1))
    return low, high


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def judged(predicate: dict[str, Any], errors: Errors, **changes: Any) -> Judgement:
    """The one claim of a store with these errors."""
    (found,) = judge([frames(sweep([claim(predicate)], **changes), with_errors(errors))])
    return found
