"""Start, resume and extend a sweep: one operation, because the store says what is left.

Torch is imported where there is something to train, so that a run of a finished sweep answers at once.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import EnsweepError, Exit
from orchestrator.overview import column_of
from orchestrator.plan import Plan, Task, make_plan
from orchestrator.progress import Progress
from orchestrator.runners import make_runner
from orchestrator.settings import Settings
from orchestrator.store import Store
from specs.layout import Commit
from specs.loading import dump_sweep, sweep_digest
from specs.sweep import PlannedTrial, SweepSpec, expand


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    store: Path
    executed: int
    """Trials that this run committed, well or badly."""
    seconds: float
    plan: Plan
    """The sweep's state afterwards."""

    @property
    def exit_code(self) -> Exit:
        """The command's exit code."""
        return exit_code(self.plan)


def exit_code(plan: Plan) -> Exit:
    """Zero only where every planned trial is complete."""
    counts = plan.counts()
    if counts["todo"]:
        return Exit.INCOMPLETE
    return Exit.FAILURES if counts["failed"] or counts["diverged"] else Exit.COMPLETE


def run_sweep(sweep: SweepSpec, root: Path, settings: Settings, *, retry_failed: bool = False) -> Outcome:
    """Run what the store does not hold yet.

    Raises:
        EnsweepError: the store is in use or cannot be written, or the data cannot be used; no trial was begun.
    """
    started = time.monotonic()
    store = Store(root)
    store.create()
    with store.driver_lock():
        trials = expand(sweep)
        before = make_plan(trials, store.commits())
        if retry_failed:
            before = _withdraw_failures(store, before, trials)
        tasks = before.tasks()
        if tasks:
            _check_device(settings)
            _check_data(store, sweep, settings)
        store.record_spec(sweep_digest(sweep), dump_sweep(sweep))
        if tasks:
            _run_tasks(tasks, store, settings)
        after = make_plan(trials, store.commits())
    executed = before.counts()["todo"] - after.counts()["todo"]
    return Outcome(store.root, executed, time.monotonic() - started, after)


def _withdraw_failures(store: Store, plan: Plan, trials: tuple[PlannedTrial, ...]) -> Plan:
    for trial in plan.of("failed"):
        store.withdraw_failure(trial.id)
    return make_plan(trials, store.commits())


def _check_device(settings: Settings) -> None:
    """A GPU that is asked for and not there ends the command; what a remote cluster has, only its workers know."""
    if settings.device != "cuda" or settings.address != "local":
        return
    from trainers.devices import choose_device

    try:
        choose_device(settings.device)
    except ValueError as error:
        raise EnsweepError(str(error)) from error


def _check_data(store: Store, sweep: SweepSpec, settings: Settings) -> None:
    """Bad data ends the command before any trial begins; good data is decoded once, for all workers."""
    from orchestrator import datasets

    prepared = datasets.load(sweep.dataset.name, settings.data_root, settings.cache)
    store.pin_data(sweep.dataset.name, prepared.fingerprint)


def _run_tasks(tasks: tuple[Task, ...], store: Store, settings: Settings) -> None:
    with Progress(tasks) as progress:
        make_runner(settings).run(tasks, store, settings, _Follower(store, progress))


class _Follower:
    """Commits failures, and shows progress."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._progress = progress

    def advanced(self, task: Task, epoch: int) -> None:
        self._progress.advance(task, epoch)

    def finished(self, task: Task) -> None:
        self._progress.finish(task)

    def failed(self, task: Task, message: str) -> None:
        for trial in task.trials:
            self._store.commit(
                Commit(trial_id=trial.id, status="failed", attempt="", files={}, message=message, environment={})
            )
            self._progress.say(f"failed: {_name(trial)}: {message.strip().splitlines()[-1]}")
        self._progress.finish(task)


def _name(trial: PlannedTrial) -> str:
    return f"{trial.architecture} {column_of(trial)} seed {trial.spec.seed} ({trial.id})"
