"""A Ray cluster to run stacks on: one of this machine, started for the run, or one that is there.

Tune takes a second to import, in which the cluster's workers import what they will need: so it is imported once the
cluster is up. ``ray_environment.prepare`` comes before the import of this module.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import ray
from ray.job_config import JobConfig

from orchestrator.base import places
from orchestrator.base.settings import Settings
from orchestrator.driver import reaper, signals
from orchestrator.driver.listener import Listener
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from specs.errors import EnsweepError

OBJECT_STORE_BYTES = 256 * 2**20
"""Object store of a local cluster: a sweep moves specs and progress through it, never tensors."""


class _Job(JobConfig):  # type: ignore[misc]
    """Workers import what this process does, where its folder is there; a cluster elsewhere has its own.

    Ray would have them search the working folder first, and take for ours whatever is called ``reports`` there. It does
    not where the job brings a folder of its own.
    """

    def __init__(self) -> None:
        super().__init__(_py_driver_sys_path=places.first_on_path())

    def _runtime_env_has_working_dir(self) -> bool:
        return True


class RayRunner:
    """Runs stacks on a Ray cluster, one of its own on this machine unless the settings name another."""

    def run(self, stacks: Sequence[PlannedStack], store: Store, settings: Settings, listener: Listener) -> None:
        """See :class:`orchestrator.driver.listener.Runner`."""
        with _chatter_kept_from_stdout(store.logs), _cluster(settings, store) as notes:
            if listener.wants_stop:
                return
            from orchestrator.driver.ray_tune import run_trials

            run_trials(stacks, store, settings, listener, _resources(settings), notes)


@contextmanager
def _chatter_kept_from_stdout(logs: Path) -> Iterator[None]:
    """Ray prints what happens to its nodes where the command's data goes."""
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "ray.log").open("a", buffering=1) as log, redirect_stdout(log):
        yield


@contextmanager
def _cluster(settings: Settings, store: Store) -> Iterator[str]:
    """A connection to the cluster of the settings; a local one is started, and gone afterwards.

    Gives the place for Tune's own notes, which its workers must reach and nobody reads again.
    """
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "job_config": _Job()}
    if settings.address == "local":
        with reaper.reaping(store.logs / "ray") as folder:
            local = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES, "_temp_dir": str(folder)}
            try:
                with signals.kept(), signals.hang_up_kept_from_children():
                    ray.init(address="local", **local, **quiet)
                yield str(folder / "tune")
            finally:
                ray.shutdown()
        return
    try:
        with signals.kept():
            ray.init(address=settings.address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise EnsweepError(f"no Ray cluster answers at {settings.address}: {error}") from error
    try:
        yield f"{store.url}/logs/tune"
    finally:
        ray.shutdown()


def _resources(settings: Settings) -> dict[str, float]:
    there = ray.cluster_resources()
    on_gpu = settings.device != "cpu" and there.get("GPU", 0) > 0
    asked = {"cpu": settings.threads, "gpu": settings.gpus_per_stack if on_gpu else 0}
    if settings.address == "local":  # a cluster elsewhere may yet grow; this machine will not, and Tune would wait
        for name, option in (("cpu", "--threads"), ("gpu", "--gpus-per-stack")):
            if asked[name] > there.get(name.upper(), 0):
                raise EnsweepError(f"{option} {asked[name]:g} is more than this machine has: {there[name.upper()]:g}")
    return asked
