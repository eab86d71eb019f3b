"""How stacks get a process to run in: one small interface, and the runner that needs no cluster."""

import traceback
from collections.abc import Sequence
from typing import Protocol

from orchestrator import ray_environment
from orchestrator.errors import EnsweepError
from orchestrator.plan import Task
from orchestrator.settings import Settings
from orchestrator.store import Store


class Listener(Protocol):
    """Who follows a sweep: told of each stack as it goes, and asked whether to go on."""

    def advanced(self, task: Task, epoch: int) -> None:
        """The stack has completed so many epochs."""

    def finished(self, task: Task) -> None:
        """The stack's process is at its end; its commits say how it went."""

    def retried(self, task: Task, message: str) -> None:
        """The stack's process died or raised an error, and it is tried again; the message ends with the error."""

    def failed(self, task: Task, message: str, cause: str) -> None:
        """The stack was given up after its last retry; the message ends with the error.

        ``cause`` is one of a commit's: ``error``, ``oom`` or ``worker``.
        """

    def obstructed(self, message: str) -> None:
        """No stack can go on until the user mends this: no space left, other data."""

    @property
    def wants_stop(self) -> bool:
        """Whether no further stack should be begun, and those under way should end."""


class Runner(Protocol):
    """Runs stacks until each is finished or failed."""

    def run(self, tasks: Sequence[Task], store: Store, settings: Settings, listener: Listener) -> None:
        """Run all tasks and tell the listener how each ends. Interruptions pass through as exceptions."""


class InlineRunner:
    """Runs one stack after the other in this process: for debugging, and where Ray is not wanted."""

    def run(self, tasks: Sequence[Task], store: Store, settings: Settings, listener: Listener) -> None:
        """See :class:`Runner`."""
        for task in tasks:
            if listener.wants_stop:
                return
            self._run_one(task, store, settings, listener)

    def _run_one(self, task: Task, store: Store, settings: Settings, listener: Listener) -> None:
        from orchestrator import memory  # torch, as below: only where there is something to train
        from orchestrator.execution import execute

        for attempts_left in reversed(range(settings.max_retries + 1)):
            try:
                execute(task, store, settings, lambda epoch: listener.advanced(task, epoch))
            except EnsweepError as error:
                listener.obstructed(str(error))
                return
            except Exception as error:
                if attempts_left:
                    listener.retried(task, traceback.format_exc())
                else:
                    listener.failed(task, traceback.format_exc(), memory.cause_of(error))
            else:
                listener.finished(task)
                return


def make_runner(settings: Settings) -> Runner:
    """The runner that the settings name; imports Ray only for the one that needs it."""
    if settings.runner == "inline":
        return InlineRunner()
    ray_environment.prepare(settings.address)
    from orchestrator.cluster import RayRunner

    return RayRunner()
