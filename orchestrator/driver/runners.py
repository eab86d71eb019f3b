"""How stacks get a process to run in: on Ray, or in this process."""

import traceback
from collections.abc import Sequence

from orchestrator.base import out_of_memory
from orchestrator.base.settings import Settings
from orchestrator.driver import ray_environment
from orchestrator.driver.listener import Listener, Runner
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from specs.errors import EnsweepError


class InlineRunner:
    """Runs one stack after the other in this process: for debugging, and where Ray is not wanted."""

    def run(self, stacks: Sequence[PlannedStack], store: Store, settings: Settings, listener: Listener) -> None:
        """See :class:`orchestrator.driver.listener.Runner`."""
        for stack in stacks:
            if listener.wants_stop:
                return
            self._run_one(stack, store, settings, listener)

    def _run_one(self, stack: PlannedStack, store: Store, settings: Settings, listener: Listener) -> None:
        from orchestrator.worker.execution import execute  # torch: only where there is something to train

        for attempts_left in reversed(range(settings.max_retries + 1)):
            try:
                execute(stack, store, settings, lambda epoch: listener.advanced(stack, epoch))
            except EnsweepError as error:
                listener.obstructed(str(error))
                return
            except Exception as error:
                if attempts_left:
                    listener.retried(stack, traceback.format_exc())
                else:
                    listener.failed(stack, traceback.format_exc(), out_of_memory.cause_of(error))
            else:
                listener.finished(stack)
                return


def make_runner(settings: Settings) -> Runner:
    """The runner that the settings name; imports Ray only for the one that needs it."""
    if settings.runner == "inline":
        return InlineRunner()
    ray_environment.prepare(settings.address)
    from orchestrator.driver.ray_cluster import RayRunner

    return RayRunner()
