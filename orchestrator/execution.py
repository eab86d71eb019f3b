"""One stack, from its specs to its commits: what a worker does, whoever runs it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from orchestrator import datasets, provenance
from orchestrator.plan import Task
from orchestrator.settings import Settings
from orchestrator.store import Store
from specs.layout import Commit
from specs.records import Row
from specs.sweep import PlannedTrial
from trainers.training import choose_device, train

if TYPE_CHECKING:
    from trainers.training import TrialResult

Environment = dict[str, str | int | None]


def execute(task: Task, store: Store, settings: Settings, on_epoch: Callable[[int], None]) -> None:
    """Train a stack and commit its trials; continues from its checkpoint, and does nothing that is committed.

    Args:
        task: the stack.
        store: where commits, attempts and checkpoints lie.
        settings: device, threads, data root.
        on_epoch: told the number of epochs completed, after each.

    Raises:
        EnsweepError: the data or the device cannot be used.
    """
    if all(store.is_committed(trial.id) for trial in task.trials):
        return
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    prepared = datasets.load(task.trials[0].spec.dataset.name, settings.data_root, settings.cache)
    store.pin_data(task.trials[0].spec.dataset.name, prepared.fingerprint)
    results = train(
        [trial.spec for trial in task.trials],
        prepared.arrays,
        device=device,
        checkpoint=store.layout.checkpoint(task.id),
        checkpoint_seconds=settings.checkpoint_seconds,
        on_epoch=on_epoch,
    )
    environment = provenance.environment(str(results[0].trial["device"]), settings.threads, prepared.fingerprint)
    for trial, result in zip(task.trials, results, strict=True):
        _commit(store, trial, result, environment)
    store.remove_checkpoint(task.id)


def _commit(store: Store, trial: PlannedTrial, result: "TrialResult", environment: Environment) -> None:
    key: Row = {"trial_id": trial.id}
    label: Row = {
        "sweep": trial.sweep,
        "architecture": trial.architecture,
        "environment": provenance.fingerprint(environment),
    }
    attempt, written = store.write_attempt(
        trial.id,
        {
            "trials": [key | label | result.trial],
            "epochs": [key | row for row in result.epochs],
            "robustness": [key | row for row in result.robustness],
            "filters": [key | row for row in result.filters],
        },
    )
    store.commit(
        Commit(
            trial_id=trial.id,
            status=result.status,
            attempt=attempt,
            files=written,
            message=result.message,
            environment=environment,
        )
    )
