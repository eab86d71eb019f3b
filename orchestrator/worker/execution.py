"""Executes one stack, from its specs to its commits, under any runner."""

import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from orchestrator.base import out_of_memory, provenance
from orchestrator.base.settings import Settings
from orchestrator.data import datasets
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker import halves
from orchestrator.worker.failure import commit_failure
from orchestrator.worker.journal import Journal
from specs.format.commits import Commit
from specs.format.environments import EARLIER, GRAPH, STACK
from specs.format.records import Row
from specs.sweep import PlannedTrial
from trainers.devices import device_name
from trainers.training import choose_device, train

if TYPE_CHECKING:
    from trainers.training import TrialResult

Environment = dict[str, str | int | None]


def execute(stack: PlannedStack, store: Store, settings: Settings, on_epoch: Callable[[int], None]) -> None:
    """Train a stack and commit its trials, from its checkpoint if there is one.

    A stack that was started resumes with all the trials it started with, even if some are committed by now. Its rows
    match those of an uninterrupted run. A stack that starts now is trained without the trials that are committed.

    A stack of several trials that runs out of memory is trained in halves, one after the other. A single trial is
    tried once more, with less in memory at a time. If that is too much again, it is committed as failed.

    Args:
        stack: the stack.
        store: where commits, attempts and checkpoints lie.
        settings: device, threads, data root.
        on_epoch: called after each epoch with the number of completed epochs.

    Raises:
        EnsweepError: the data, the device or the store cannot be used.
        Exception: training failed, or ran out of memory; the stack may be tried again.
    """
    postponed, failed = list[Exception](), False
    for part in halves.parts(stack, store):
        try:
            _train_and_commit(part, store, settings, _counting(stack, part, on_epoch))
        except Exception as error:
            if not out_of_memory.is_out_of_memory(error):
                raise
            if not halves.may_try_again(part, store):
                commit_failure(part, store, "oom", f"out of memory, twice\n{traceback.format_exc()}")
                failed = True
            elif len(stack.trials) == 1:
                raise
            elif len(part.trials) == 1:  # retried after its neighbours; the traceback would keep tensors alive
                postponed.append(error.with_traceback(None))
    if postponed:
        raise postponed[0]
    if not failed:
        halves.remove_checkpoints(stack, store)


def _counting(stack: PlannedStack, part: PlannedStack, on_epoch: Callable[[int], None]) -> Callable[[int], None]:
    """A callback for a part's completed epochs, which passes on those of the whole stack."""
    epochs, before = stack.trials[0].spec.training.epochs, stack.trials.index(part.trials[0])
    return lambda epoch: on_epoch((before * epochs + len(part.trials) * epoch) // len(stack.trials))


def _train_and_commit(stack: PlannedStack, store: Store, settings: Settings, on_epoch: Callable[[int], None]) -> None:
    left = [trial for trial in stack.trials if not store.is_committed(trial.id)]
    if not left:
        return
    begun = _begun(stack, left, store)
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    dataset = stack.trials[0].spec.dataset.name
    prepared = _prepared(dataset, settings.data_root, settings.cache)
    store.pin_data(dataset, prepared.known.fingerprint)
    environment = provenance.environment(
        device_name(device), settings.threads, prepared.known.fingerprint, prepared.known.standing
    )
    journal = Journal(store.logs)
    for trial in left:
        journal.note("begun", trial.id)
    results = train(
        [trial.spec for trial in begun],
        prepared.arrays,
        device=device,
        checkpoint=store.checkpoint(stack.id),
        checkpoint_seconds=settings.checkpoint_seconds,
        environment=provenance.fingerprint(environment),
        on_epoch=_noting_the_first(left, journal, on_epoch),
        sparing=halves.must_spare_memory(stack, store),
    )
    together = tuple(trial.id for trial in begun) if len(begun) > 1 else ()
    wanted = {trial.id for trial in left}
    for trial, result in zip(begun, results, strict=True):
        if trial.id in wanted:
            won = _commit(store, trial, result, environment, together)
            journal.note("committed" if won else "late", trial.id)


def _begun(stack: PlannedStack, left: list[PlannedTrial], store: Store) -> list[PlannedTrial]:
    """The trials to train in one program: those that the stack was started with, if they include all that are left.

    Otherwise the stack starts with the trials left. For a stack of several, a list beside its checkpoint records this
    before the first epoch.
    """
    if len(stack.trials) == 1:
        return left
    before = store.begun(stack.id)
    if {trial.id for trial in left} <= before:
        return [trial for trial in stack.trials if trial.id in before]
    store.begin(stack.id, [trial.id for trial in left])
    return left


@lru_cache(maxsize=1)
def _prepared(dataset: str, data_root: Path | None, cache: Path) -> datasets.Prepared:
    """The data set, loaded and verified once per process, because a worker trains many stacks on it."""
    return datasets.load(dataset, data_root, cache)


def _noting_the_first(
    left: Sequence[PlannedTrial], journal: Journal, on_epoch: Callable[[int], None]
) -> Callable[[int], None]:
    """A callback that also logs the first epoch that this process trained. A later one than 1 shows a resumed stack."""
    noted = False

    def followed(epoch: int) -> None:
        nonlocal noted
        if not noted:
            noted = True
            for trial in left:
                journal.note("trained", trial.id, epoch=epoch)
        on_epoch(epoch)

    return followed


def _commit(
    store: Store, trial: PlannedTrial, result: "TrialResult", environment: Environment, together: tuple[str, ...]
) -> bool:
    environment = environment | {EARLIER: ",".join(result.earlier_environments) or None}
    environment |= {STACK: len(together)} if together else {}
    environment |= {GRAPH: result.graph} if result.graph is not None else {}
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
            stack=together,
        )
    )
