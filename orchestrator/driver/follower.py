"""Who follows a run: commits failures, shows progress, and says when to stop."""

from collections.abc import Iterable, Sequence

from orchestrator.base.errors import SweepStoppedError
from orchestrator.base.redaction import redact
from orchestrator.driver.progress import Progress
from orchestrator.driver.signals import Block
from orchestrator.driver.triage import Triage
from orchestrator.planning.overview import column_of
from orchestrator.planning.plan import Task
from orchestrator.stores.store import Store
from orchestrator.worker.failure import commit_failure
from specs.sweep import PlannedTrial


class Follower:
    """The listener of a run, see :class:`orchestrator.driver.listener.Listener`."""

    def __init__(self, tasks: Sequence[Task], store: Store, progress: Progress, block: Block) -> None:
        self._tasks = len(tasks)
        self._store = store
        self._progress = progress
        self._block = block
        self._triage = Triage()
        self._obstacle = ""
        self._ended: set[str] = set()

    def advanced(self, task: Task, epoch: int) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        self._progress.advance(task, epoch)

    def finished(self, task: Task) -> None:
        """See :class:`orchestrator.driver.listener.Listener`; what counts is what the store says."""
        commits = {trial: self._store.committed(trial.id) for trial in task.left}
        if None in commits.values():  # ended before its time, because the run stops
            return
        if not self._first_end(task):
            return
        failures = {trial: commit.message for trial, commit in commits.items() if commit and commit.status == "failed"}
        if failures:
            self._tell(failures, next(iter(failures.values())))
        else:
            self._triage.succeeded()
        self._progress.finish(task)

    def retried(self, task: Task, message: str) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        if news := self._triage.retried(_names(task.left), message):
            self._progress.say(news)

    def failed(self, task: Task, message: str, cause: str) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        commit_failure(task, self._store, cause, message)
        if not self._first_end(task):
            return
        self._tell(task.left, message)
        self._progress.finish(task)

    def obstructed(self, message: str) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        self._obstacle = self._obstacle or redact(message)

    @property
    def wants_stop(self) -> bool:
        """See :class:`orchestrator.driver.listener.Listener`."""
        return bool(self._obstacle or self._triage.hopeless or self._block.ends)

    def conclude(self) -> None:
        """Say what stopped the run, or sum up its failures.

        Raises:
            SweepStoppedError: the run ended before its time; the message says why and what to do.
        """
        if self._obstacle:
            raise SweepStoppedError(f"{self._obstacle}\nstopped; {self._block.go_on} once this is mended")
        if self._triage.hopeless and len(self._ended) < self._tasks:
            raise SweepStoppedError(
                f"{self._triage.hopeless}\nstopped early, since the others would fail too; "
                "once this is mended, run the same command with --retry-failed"
            )
        if summary := self._triage.summary():
            self._progress.say(summary)

    def _first_end(self, task: Task) -> bool:
        """A stack that was given up may end once more: in the worker that was to try it again."""
        if task.id in self._ended:
            return False
        self._ended.add(task.id)
        return True

    def _tell(self, trials: Iterable[PlannedTrial], message: str) -> None:
        self._progress.say(self._triage.failed(_names(trials), message))


def _names(trials: Iterable[PlannedTrial]) -> str:
    return ", ".join(_name(trial) for trial in trials)


def _name(trial: PlannedTrial) -> str:
    return f"{trial.architecture} {column_of(trial)} seed {trial.spec.seed} ({trial.id})"
