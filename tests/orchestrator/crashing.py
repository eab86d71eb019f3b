"""Sweeps that are killed at a fault point, by a real SIGKILL of a forked process, and what is compared afterwards.

A fork has torch and everything else loaded already, so that hundreds of deaths fit into a minute. It must never come
back into pytest: whatever happens in it, it ends by ``os._exit`` or by the kill.
"""

import os
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import torch

from orchestrator.base.settings import Settings
from orchestrator.driver import sweep
from orchestrator.stores.store import Store
from specs import faults
from specs.format.records import TABLES
from specs.format.tables import read_tables
from specs.sweep import SweepSpec

INCIDENTAL = {column.name for table in TABLES.values() for column in table.columns if column.incidental}
"""Columns in which two equal trainings may differ."""

Rows = dict[str, dict[str, list[dict[str, Any]]]]
"""By trial, then by table."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Case:
    """A sweep to be run in stores of its own, all with one cache of decoded data."""

    sweep: SweepSpec
    folder: Path
    settings: Settings

    @classmethod
    def of(cls, sweep: SweepSpec, folder: Path, **settings: Any) -> "Case":
        """A sweep without Ray that saves after every epoch."""
        chosen = Settings(cache=folder / "cache", runner="inline", device="cpu", checkpoint_seconds=0)
        return cls(sweep, folder, replace(chosen, **settings))

    def store(self, name: str) -> Store:
        """One of its stores."""
        return Store.at(self.folder / name)

    def run(self, store: Store, **options: Any) -> sweep.Outcome:
        """``ensweep run`` without a process of its own."""
        return sweep.run_sweep(self.sweep, store, self.settings, **options)

    def points(self, name: str, **options: Any) -> list[str]:
        """The fault points that a whole run in a store passes, in their order."""
        passed: list[str] = []
        with faults.handled(passed.append):
            assert self.run(self.store(name), **options).exit_code == 0
        return passed


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder in memory where the system has one: what a SIGKILL leaves does not depend on the disk below."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def in_fork(work: Callable[[], None]) -> int:
    """Do something in a process of its own; returns how that ended: its exit code, or minus its signal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch has threads that no fork of ours makes use of
        pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        torch.set_num_threads(1)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do something in a process of its own that is killed at the given fault point, counted from 1.

    Returns whether it got so far.
    """
    passed = 0

    def happen(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def handled() -> None:
        with faults.handled(happen):
            work()

    ended = in_fork(handled)
    assert ended in (0, -signal.SIGKILL), f"the process to be killed at point {number} ended with {ended}"
    return ended != 0


def spread(work: Callable[[Item], None], items: Sequence[Item], processes: int = 2) -> None:
    """Do something for each item, in a few processes.

    Raises:
        AssertionError: something was raised for an item; the message holds its traceback.
    """
    reading, writing = os.pipe()

    def share(first: int) -> None:
        torch.set_num_threads(1)
        try:
            for item in items[first::processes]:
                work(item)
        except BaseException:
            os.write(writing, traceback.format_exc()[-4000:].encode())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        workers = [get_context("fork").Process(target=share, args=(first,)) for first in range(processes)]
        for worker in workers:
            worker.start()
    os.close(writing)
    with os.fdopen(reading) as said:
        assert not (failures := said.read()), failures
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0


def rows(store: Store) -> Rows:
    """All committed rows, each file verified, without what may differ between equal trainings."""
    found: Rows = {}
    for trial_id, commit in sorted(store.commits().items()):
        tables = read_tables(commit, store.storage.read_many(commit.keys.values()))
        found[trial_id] = {
            name: [{key: value for key, value in row.items() if key not in INCIDENTAL} for row in table.to_pylist()]
            for name, table in tables.items()
        }
    return found
