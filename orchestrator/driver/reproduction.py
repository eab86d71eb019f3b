"""Reproduces one trial in this process, without Ray, and compares it with the stored results."""

import math
import tempfile
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.base import out_of_memory
from orchestrator.base.settings import Settings
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores import verification
from orchestrator.stores.store import Store
from specs.errors import EnsweepError
from specs.format.commits import Commit
from specs.format.environments import DECISIVE, EARLIER, ROUNDING
from specs.format.errors import StoreCorruptError
from specs.format.records import TABLES, Row
from specs.sweep import PlannedTrial

DIFFERENCES_SHOWN = 20
"""Most differences that are listed one by one."""


@dataclass(frozen=True)
class Reproduction:
    """The result of a reproduction."""

    trial: PlannedTrial
    stored: Commit | None
    again: Commit
    differences: tuple[str, ...]
    """Each value that differs; empty if all rows are equal."""
    elsewhere: tuple[str, ...]
    """Differences between this environment and that of the stored rows, as far as they may change numbers."""

    @property
    def equal(self) -> bool:
        """Whether both ended with the same status and the same rows. Failures have no rows and are never equal."""
        return self._statuses in (("complete", "complete"), ("diverged", "diverged")) and not self.differences

    @property
    def unexplained(self) -> bool:
        """Whether rows differ although the environments do not, as far as they may change numbers."""
        return "failed" not in self._statuses and bool(self.differences) and not self.elsewhere

    @property
    def _statuses(self) -> tuple[str, str]:
        return self.stored.status if self.stored else "failed", self.again.status


def find(store: Store, prefix: str) -> PlannedTrial:
    """The trial of this store whose id begins with ``prefix``.

    Raises:
        EnsweepError: no id begins with it, or several do.
    """
    known = verification.planned_anywhere(store)
    found = sorted(trial_id for trial_id in known if trial_id.startswith(prefix))
    if len(found) == 1:
        return known[found[0]]
    if not found:
        raise EnsweepError(
            f"{store.url}: no spec here plans a trial {prefix!r}; "
            f"`ensweep export {store.url} --table trials` lists the ids"
        )
    raise EnsweepError(f"{store.url}: {prefix!r} begins {len(found)} ids; give more of it: {', '.join(found[:5])}")


def reproduce(store: Store, trial: PlannedTrial, settings: Settings) -> Reproduction:
    """Train a trial in this process, from its first epoch, into a temporary store, and compare the results.

    A trial that was trained in a stack is trained in the same stack, since the stack may change last digits. An error
    that training raises becomes the message of :attr:`Reproduction.again`, with its traceback.

    Raises:
        EnsweepError: the data or the device cannot be used, or what is stored is damaged.
    """
    stored = _stored(store, trial.id)
    rows = _rows(store, stored) if stored else {}
    if stored and isinstance(threads := stored.environment.get("threads"), int):
        settings = replace(settings, threads=threads)  # they change the order of sums
    with tempfile.TemporaryDirectory(prefix="ensweep-repro-") as folder:
        scratch = Store.at(Path(folder))
        again = _run(trial, _stack(store, trial, stored), scratch, settings)
        differences = tuple(_compare(rows, _rows(scratch, again))) if stored else ()
    return Reproduction(trial, stored, again, differences, _elsewhere(stored, again))


def _stored(store: Store, trial_id: str) -> Commit | None:
    found = store.committed(trial_id)
    if found is None and store.is_committed(trial_id):
        raise StoreCorruptError(f"{store.url}: the commit of {trial_id} is damaged; `ensweep run` makes it again")
    return found


def _stack(store: Store, trial: PlannedTrial, stored: Commit | None) -> PlannedStack:
    """The stack that a trial was trained in; the trial alone if the spec of one of the others is gone."""
    if stored is None or not stored.stack:
        return PlannedStack((trial,))
    known = verification.planned_anywhere(store)
    return (
        PlannedStack(tuple(known[name] for name in stored.stack))
        if known.keys() >= set(stored.stack)
        else PlannedStack((trial,))
    )


def _run(trial: PlannedTrial, stack: PlannedStack, scratch: Store, settings: Settings) -> Commit:
    from orchestrator.worker.execution import execute
    from orchestrator.worker.failure import commit_failure

    try:
        execute(stack, scratch, settings, lambda epoch: None)
    except EnsweepError:
        raise
    except Exception as error:
        commit_failure(stack, scratch, out_of_memory.cause_of(error), traceback.format_exc())
    return scratch.commits()[trial.id]


def _elsewhere(stored: Commit | None, again: Commit) -> tuple[str, ...]:
    """Possible explanations of a difference: another environment made the stored rows, or the first of them."""
    if stored is None or "failed" in (stored.status, again.status):
        return ()
    old, new = stored.environment, again.environment
    found = [
        f"trained with {name} {old.get(name)}, here {new.get(name)}"
        for name in (*DECISIVE, *ROUNDING)
        if old.get(name) != new.get(name)
    ]
    if old.get(EARLIER):
        found.append("went on from a checkpoint that was made in another environment")
    return tuple(found)


def _rows(store: Store, commit: Commit) -> dict[str, list[Row]]:
    from specs.format.tables import DamagedError, UnusableError, read_tables

    try:
        tables = read_tables(commit, store.storage.read_many(commit.keys.values()))
    except (DamagedError, UnusableError) as error:
        raise StoreCorruptError(
            f"{store.url}: trial {commit.trial_id} is damaged: {error}; `ensweep run` makes it again"
        ) from error
    return {name: table.to_pylist() for name, table in tables.items()}


def _compare(stored: dict[str, list[Row]], again: dict[str, list[Row]]) -> list[str]:
    """Differences of all values except those that describe the machine or the checkout."""
    found = []
    for name in sorted(stored.keys() | again.keys()):
        old, new = stored.get(name, []), again.get(name, [])
        if len(old) != len(new):
            found.append(f"{name}: {len(old)} rows stored, {len(new)} now")
            continue
        columns = [column.name for column in TABLES[name].columns if not column.incidental]
        for before, after in zip(old, new, strict=True):
            key = ", ".join(f"{part} {before[part]}" for part in TABLES[name].key if part != "trial_id")
            found += [
                f"{name}{f' ({key})' if key else ''}: {column} {_gap(before[column], after[column])}"
                for column in columns
                if before[column] != after[column]
            ]
    return found


def _gap(stored: object, again: object) -> str:
    if isinstance(stored, float) and isinstance(again, float) and math.isfinite(stored) and math.isfinite(again):
        return f"{stored!r} stored, {again!r} now ({abs(stored - again):.3g} apart)"
    return f"{str(stored)[:80]} stored, {str(again)[:80]} now"
