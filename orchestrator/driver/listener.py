"""Between a run and whatever runs its stacks: who runs them, and who is told of them."""

from collections.abc import Sequence
from typing import Protocol

from orchestrator.base.settings import Settings
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store


class Listener(Protocol):
    """Who follows a sweep: told of each stack as it goes, and asked whether to go on."""

    def advanced(self, stack: PlannedStack, epoch: int) -> None:
        """The stack has completed so many epochs."""

    def finished(self, stack: PlannedStack) -> None:
        """The stack's process is at its end; its commits say how it went."""

    def retried(self, stack: PlannedStack, message: str) -> None:
        """The stack's process died or raised an error, and it is tried again; the message ends with the error."""

    def failed(self, stack: PlannedStack, message: str, cause: str) -> None:
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

    def run(self, stacks: Sequence[PlannedStack], store: Store, settings: Settings, listener: Listener) -> None:
        """Run all stacks and tell the listener how each ends. Interruptions pass through as exceptions."""
