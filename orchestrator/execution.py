"""One stack, from its specs to its commits: what a worker does, whoever runs it."""

import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from orchestrator import datasets, memory, provenance
from orchestrator.journal import Journal
from orchestrator.plan import Task
from orchestrator.redaction import redact
from orchestrator.settings import Settings
from orchestrator.store import Store
from specs.layout import Commit
from specs.records import Row
from specs.sweep import PlannedTrial
from trainers.devices import device_name
from trainers.training import choose_device, train

if TYPE_CHECKING:
    from trainers.training import TrialResult

Environment = dict[str, str | int | None]


def execute(task: Task, store: Store, settings: Settings, on_epoch: Callable[[int], None]) -> None:
    """Train a stack and commit its trials; continues from its checkpoint, and does nothing that is committed.

    A stack that runs out of memory for the second time is committed as failed.

    Args:
        task: the stack.
        store: where commits, attempts and checkpoints lie.
        settings: device, threads, data root.
        on_epoch: told the number of epochs completed, after each.

    Raises:
        EnsweepError: the data, the device or the store cannot be used.
    """
    if all(store.is_committed(trial.id) for trial in task.trials):
        store.remove_checkpoint(task.id)
        return
    try:
        _train_and_commit(task, store, settings, on_epoch)
    except Exception as error:
        if not memory.ran_out(error) or memory.may_try_again(task, store):
            raise
        commit_failure(task, store, "oom", f"out of memory, twice\n{traceback.format_exc()}")


def commit_failure(task: Task, store: Store, cause: str, message: str) -> None:
    """Decide that the trials of a stack failed, without the secrets that an error's text may hold."""
    journal = Journal(store.logs)
    for trial in task.trials:
        won = store.commit(
            Commit.model_validate(
                {
                    "trial_id": trial.id,
                    "status": "failed",
                    "attempt": "",
                    "files": {},
                    "cause": cause,
                    "message": redact(message),
                    "environment": {},
                }
            )
        )
        journal.note("failed" if won else "late", trial.id, cause=cause)
    memory.forget(task, store)


def _train_and_commit(task: Task, store: Store, settings: Settings, on_epoch: Callable[[int], None]) -> None:
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    dataset = task.trials[0].spec.dataset.name
    prepared = _prepared(dataset, settings.data_root, settings.cache)
    store.pin_data(dataset, prepared.fingerprint)
    environment = provenance.environment(device_name(device), settings.threads, prepared.fingerprint)
    journal = Journal(store.logs)
    for trial in task.trials:
        journal.note("begun", trial.id)
    results = train(
        [trial.spec for trial in task.trials],
        prepared.arrays,
        device=device,
        checkpoint=store.checkpoint(task.id),
        checkpoint_seconds=settings.checkpoint_seconds,
        environment=provenance.fingerprint(environment),
        on_epoch=_noting_the_first(task, journal, on_epoch),
    )
    _commit_all(task.trials, results, store, environment, journal)
    store.remove_checkpoint(task.id)


@lru_cache(maxsize=1)
def _prepared(dataset: str, data_root: Path | None, cache: Path) -> datasets.Prepared:
    """The data set, looked at once a process: a worker trains many stacks on the pages that it verified first."""
    return datasets.load(dataset, data_root, cache)


def _noting_the_first(task: Task, journal: Journal, on_epoch: Callable[[int], None]) -> Callable[[int], None]:
    """Writes down which epoch this process trained first: one after the first says that it went on from a state."""
    noted = False

    def followed(epoch: int) -> None:
        nonlocal noted
        if not noted:
            noted = True
            for trial in task.trials:
                journal.note("trained", trial.id, epoch=epoch)
        on_epoch(epoch)

    return followed


def _commit_all(
    trials: Sequence[PlannedTrial],
    results: Sequence["TrialResult"],
    store: Store,
    environment: Environment,
    journal: Journal,
) -> None:
    for trial, result in zip(trials, results, strict=True):
        trained_in = environment | {"earlier": ",".join(result.earlier_environments) or None}
        won = _commit(store, trial, result, trained_in)
        journal.note("committed" if won else "late", trial.id)


def _commit(store: Store, trial: PlannedTrial, result: "TrialResult", environment: Environment) -> bool:
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
    return store.commit(
        Commit(
            trial_id=trial.id,
            status=result.status,
            attempt=attempt,
            files=written,
            message=result.message,
            environment=environment,
        )
    )
