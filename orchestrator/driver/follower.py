"""The listener of a run: commits failures, shows progress, and determines when to stop."""

from collections.abc import Iterable, Sequence

from orchestrator.base.errors import SweepStoppedError
from orchestrator.base.redaction import redact
from orchestrator.driver.progress import Progress
from orchestrator.driver.signals import OrderlyBlock
from orchestrator.driver.triage import Triage
from orchestrator.planning.overview import column_of
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker.failure import commit_failure
from specs.sweep import PlannedTrial


class Follower:
    """The listener of a run, see :class:`orchestrator.driver.listener.Listener`."""

    def __init__(self, stacks: Sequence[PlannedStack], store: Store, progress: Progress, block: OrderlyBlock) -> None:
        self._stacks = len(stacks)
        self._store = store
        self._progress = progress
        self._block = block
        self._triage = Triage()
        self._obstacle = ""
        self._ended: set[str] = set()

    def advanced(self, stack: PlannedStack, epoch: int) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        self._progress.advance(stack, epoch)

    def finished(self, stack: PlannedStack) -> None:
        """See :class:`orchestrator.driver.listener.Listener`; the store's commits tell the outcome."""
        commits = {trial: self._store.committed(trial.id) for trial in stack.left}
        if None in commits.values():  # ended before its time, because the run stops
            return
        if not self._first_end(stack):
            return
        failures = {trial: commit.message for trial, commit in commits.items() if commit and commit.status == "failed"}
        if failures:
            self._tell(failures, next(iter(failures.values())))
        else:
            self._triage.succeeded()
        self._progress.finish(stack)

    def retried(self, stack: PlannedStack, message: str) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        if news := self._triage.retried(_names(stack.left), message):
            self._progress.say(news)

    def failed(self, stack: PlannedStack, message: str, cause: str) -> None:
        """See :class:`orchestrator.driver.listener.Listener`."""
        commit_failure(stack, self._store, cause, message)
        if not self._first_end(stack):
            return
        self._tell(stack.left, message)
        self._progress.finish(stack)

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
        if self._triage.hopeless and len(self._ended) < self._stacks:
            raise SweepStoppedError(
                f"{self._triage.hopeless}\nstopped early, since the others would fail too; "
                "once this is mended, run the same command with --retry-failed"
            )
        if summary := self._triage.summary():
            self._progress.say(summary)

    def _first_end(self, stack: PlannedStack) -> bool:
        """Whether this is the stack's first end. One that was given up may end again, in the worker that retried it."""
        if stack.id in self._ended:
            return False
        self._ended.add(stack.id)
        return True

    def _tell(self, trials: Iterable[PlannedTrial], message: str) -> None:
        self._progress.say(self._triage.failed(_names(trials), message))


def _names(trials: Iterable[PlannedTrial]) -> str:
    return ", ".join(_name(trial) for trial in trials)


def _name(trial: PlannedTrial) -> str:
    return f"{trial.architecture} {column_of(trial)} seed {trial.spec.seed} ({trial.id})"
