"""Stores with made-up, plausible numbers, written by the program's own store."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from orchestrator.stores.store import Store
from specs.format.commits import Commit, Status
from specs.format.records import Row
from specs.sweep import PlannedTrial, SweepSpec, expand
from specs.sweep_text import dump_sweep, sweep_digest

ENVIRONMENT: dict[str, str | int | None] = {"torch": "2.11.0", "device": "cpu", "threads": 2, "data": "0123abcd"}
EPOCHS = 6

Outcome = Callable[[PlannedTrial], Status | None]
"""How a planned trial ends; None leaves it missing."""


def sweep(**changes: object) -> SweepSpec:
    """A small sweep: one network of 64 hidden units, or 16 of 4, or 4 of 16."""
    spec: dict[str, object] = {
        "name": "synthetic",
        "title": "Train small networks as one system or as an ensemble?",
        "notes": "Numbers from formulas.",
        "architectures": {
            "1x64H": {"kind": "mlp", "members": 1, "hidden": 64},
            "4x16H": {"kind": "mlp", "members": 4, "hidden": 16},
            "20x4H": {
                "kind": "mlp",
                "members": 20,
                "hidden": 4,
                "learning_rate": {"default": 1.5, "from_lambda": {0.99: 0.5}},
            },
        },
        "lambda": [0, 0.5, 0.9, 0.99, 1],
        "seeds": 3,
        "dataset": {"name": "digits", "validation": 200},
        "training": {"epochs": EPOCHS, "batch_size": 64, "learning_rate": 0.1},
        "evaluation": {"robustness": {"masks": ["example", "shared"]}},
        "full_scale": {"epochs": 200, "seeds": 5},
    }
    return SweepSpec.model_validate(spec | changes)


def write_store(root: Path, spec: SweepSpec, outcome: Outcome = lambda trial: "complete") -> Store:
    """A store in which every planned trial ended as ``outcome`` says."""
    store = Store.at(root)
    store.check_writable()
    store.record_spec(sweep_digest(spec), dump_sweep(spec))
    for trial in expand(spec):
        if (status := outcome(trial)) is not None:
            commit(store, trial, status)
    return store


def commit(store: Store, trial: PlannedTrial, status: Status, message: str | None = None, **environment: str) -> None:
    """Decide about one trial; a failed one has no tables."""
    told = {"failed": "RuntimeError: out of memory", "diverged": "loss was not finite in epoch 2"}.get(status, "")
    attempt, files = "none", {}
    if status != "failed":
        attempt, files = store.write_attempt(trial.id, rows(trial, status))
    store.commit(
        Commit(
            trial_id=trial.id,
            status=status,
            attempt=attempt,
            files=files,
            message=told if message is None else message,
            environment=ENVIRONMENT | environment,
        )
    )


def error_at(trial: PlannedTrial) -> float:
    """A test error that falls with λ for tiny members, rises for larger ones, and varies with the seed.

    Bagging and stacking err far more than any joint trial: were they averaged into λ = 0, it would show.
    """
    spec = trial.spec
    members, lam = spec.architecture.members, spec.lam
    slope = 0.02 if members <= 4 else -0.06
    noise = 0.003 * math.sin(37 * lam + 11 * spec.seed + members)
    base = 0.05 + 0.03 * math.log2(members + 1) / 2 if members > 1 else 0.05
    worse = {"joint": 0.0, "bagging": 0.3, "stacking": 0.2}[spec.method]
    return round(
        worse + base + slope * lam**4 + 0.02 * (lam > 0.995) * (members > 4) + 0.002 * (spec.seed % 5) - 0.004 + noise,
        4,
    )


def rows(trial: PlannedTrial, status: str = "complete") -> dict[str, list[Row]]:
    """The tables of one trial; filters where its spec asks for them."""
    epochs = [row for epoch in range(1, trial.spec.training.epochs + 1) for row in epoch_rows(trial, epoch)]
    tables = {"trials": [trial_row(trial, status)], "epochs": epochs, "robustness": robustness_rows(trial)}
    return tables | ({"filters": filter_rows(trial)} if trial.spec.evaluation.filters else {})


def member_errors(trial: PlannedTrial, error: float) -> list[float]:
    """Members err more than their ensemble, the more the larger λ; at λ = 1 the first stays good."""
    spread = 0.1 + 0.6 * trial.spec.lam**4
    m = trial.spec.architecture.members
    worse = [min(0.9, error + spread * (1 + 0.3 * math.sin(j + trial.spec.seed))) for j in range(m)]
    return [error + 0.02, *worse[1:]] if m > 1 else [error]


def trial_row(trial: PlannedTrial, status: str) -> Row:
    """What the trial measured in the end; a diverged trial measured nothing."""
    spec, error = trial.spec, error_at(trial)
    members = member_errors(trial, error)
    nll, member_nll = 3 * error, 3 * float(np.mean(members))
    measured = {
        "best_epoch": spec.training.epochs,
        "validation_error": error + 0.001 if spec.dataset.validation else None,
        "test_error": error,
        "test_nll": nll,
        "test_member_error": float(np.mean(members)),
        "test_member_nll": member_nll,
        "test_diversity": member_nll - nll,
        "member_test_errors": members,
        "member_test_nlls": [3 * e for e in members],
        "dominance": 0.5,
        "test_ece": 0.02,
        "test_brier": 0.1,
        "early_epoch": min(3, spec.training.epochs),
        "early_rank_test": 1,
        "early_rank_train": 1 if spec.evaluation.train_examples else None,
        "weights_sha256": trial.id * 4,
        "hessian_condition": 100.0 if spec.evaluation.hessian else None,
    }
    return {
        "trial_id": trial.id, "sweep": trial.sweep, "architecture": "as it was called then",
        "kind": spec.architecture.kind, "method": spec.method, "lam": spec.lam, "seed": spec.seed,
        "members": spec.architecture.members, "member_parameters": spec.member_parameters,
        "total_parameters": spec.total_parameters, "dataset": spec.dataset.name, "epochs": spec.training.epochs,
        "batch_size": spec.training.batch_size, "learning_rate": spec.training.learning_rate, "status": status,
        "selected_by": spec.training.selection, "seconds": 12.5, "seconds_per_epoch": 2.0,
        "samples_per_second": 1e5, "peak_memory": 10**8,
        "device": "cpu", "environment": "abc",
        **(measured if status == "complete" else dict.fromkeys(measured)),
    }  # fmt: skip


def epoch_rows(trial: PlannedTrial, epoch: int) -> list[Row]:
    """One epoch: errors decay to those of the trial."""
    splits = {"test": 1.0, "validation": 1.0, "train": 0.7}
    if not trial.spec.evaluation.train_examples:
        del splits["train"]
    found: list[Row] = []
    for split, share in splits.items():
        error = share * error_at(trial) + 0.4 * math.exp(-epoch / 2)
        errors = member_errors(trial, error)
        mean = float(np.mean(errors))
        found.append(
            {
                "trial_id": trial.id, "epoch": epoch, "split": split, "error": error, "nll": 3 * error,
                "member_error": mean, "member_nll": 3 * mean, "diversity": 3 * (mean - error),
                "member_errors": errors, "member_nlls": [3 * e for e in errors],
                "learning_rate": trial.spec.training.learning_rate, "seconds": 1.0,
                "member_distance_from_init": [1.0] * len(errors),
            }
        )  # fmt: skip
    return found


def filter_rows(trial: PlannedTrial) -> list[Row]:
    """Random filters that move far, at λ = 1 the first member's alone; two numbers a member where they are dense."""
    network = trial.spec.architecture
    shape = [network.filters[0], 3, 3, 3] if network.kind == "convnet" else [1, 2]
    found: list[Row] = []
    for member in range(network.members):
        rng = np.random.default_rng([trial.spec.seed, member])
        initial, direction = (rng.uniform(-0.2, 0.2, size=int(np.prod(shape))) for _ in range(2))
        moved = 3.0 if trial.spec.lam < 1 or member == 0 else 0.2
        for stage, weights in (("initial", initial), ("final", initial + moved * direction)):
            own = {"member": member, "stage": stage, "weights": [round(float(w), 4) for w in weights], "shape": shape}
            found.append({"trial_id": trial.id, **own})
    return found


def robustness_rows(trial: PlannedTrial) -> list[Row]:
    """Accuracy falls with the share of members dropped, the faster the larger λ."""
    members, robustness = trial.spec.architecture.members, trial.spec.evaluation.robustness
    if not robustness.repeats:
        return []
    steepness = 12 - 10 * trial.spec.lam**8
    top = 1 - error_at(trial)
    return [
        {
            "trial_id": trial.id, "dropped": dropped, "mask": mask,
            "accuracy": top - (0.1 + 0.5 * trial.spec.lam**8) * (dropped / members) ** steepness,
            "accuracy_sd": 0.002, "nll": 0.3 + dropped / members,
        }
        for mask in robustness.masks
        for dropped in range(members)
    ]  # fmt: skip
