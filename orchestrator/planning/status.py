"""The progress of a sweep, read from its store alone: on any machine, during a run or after it died."""

import math
import time
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.base.wording import clock
from orchestrator.planning.overview import column_of, describe_plan
from orchestrator.planning.plan import Plan, make_plan
from orchestrator.stores import lease
from orchestrator.stores.owner import Owner
from orchestrator.stores.store import Store
from specs import lambdas
from specs.format import contents
from specs.sweep import PlannedTrial, SweepSpec, expand

State = Literal["at work", "silent", "gone", "none"]
"""State of the driver: it renews its lease, its lease has run out, it ended, or there never was one."""


LEAST_RATE = 1e-9
"""Epochs per second. A lock that states less gives no usable rate."""


@dataclass(frozen=True)
class Standing:
    """The state of a store at one moment."""

    sweep: SweepSpec
    plan: Plan
    driver: Owner | None
    state: State
    at: float
    """Unix time of the look."""
    damaged: int
    """Commits that cannot be read; their trials count as to do."""

    @property
    def epochs_left(self) -> int:
        """Epochs of the trials to do, less those that running trials have completed."""
        todo = {trial.id: trial.spec.training.epochs for trial in self.plan.of("todo")}
        under_way = sum(min(epochs, todo[name]) for name, epochs in self.running.items() if name in todo)
        return sum(todo.values()) - under_way

    @property
    def running(self) -> dict[str, int]:
        """Completed epochs of each running trial, by id, as the driver last reported."""
        known = self.driver.progress.get("running") if self.driver and self.state != "gone" else None
        if not isinstance(known, dict):
            return {}
        return {name: epochs for name, epochs in known.items() if type(epochs) is int and epochs >= 0}

    @property
    def rate(self) -> float | None:
        """Epochs per second over all workers, as the driver last reported; None if it reported no usable rate."""
        rate = self.driver.progress.get("epochs_per_second") if self.driver else None
        return rate if isinstance(rate, float) and LEAST_RATE < rate < math.inf else None

    @property
    def eta(self) -> float | None:
        """Seconds that the remaining epochs take at :attr:`rate`; None without a rate."""
        return self.epochs_left / self.rate if self.rate else None

    def row(self) -> dict[str, Any]:
        """The status for ``--json``."""
        driver = self.driver
        return {
            "running": self.state == "at work",
            "driver": {
                "state": self.state,
                "pid": driver.pid if driver else None,
                "host": driver.host if driver else None,
                "seconds": driver.renewed - driver.since if driver else None,
                "last_heard_seconds": self.at - driver.renewed if driver else None,
            },
            "epochs_per_second": self.rate,
            "epochs_left": self.epochs_left,
            "eta_seconds": self.eta,
            "under_way": self.running,
            "damaged": self.damaged,
        }


def look(store: Store) -> Standing:
    """Read the progress of the sweep that ran last in a store.

    Raises:
        StoreError: no sweep ran here, or its store is damaged.
    """
    sweep = contents.current_sweep(store.storage)
    driver = lease.owner(store.storage)
    commits = store.read_commits()
    plan = make_plan(expand(sweep), commits.readable)
    return Standing(sweep, plan, driver, _state(driver), time.time(), len(commits.unreadable))


def _state(driver: Owner | None) -> State:
    if driver is None:
        return "none"
    if driver.is_dead:
        return "gone"
    return "silent" if driver.is_silent else "at work"


def describe(standing: Standing) -> str:
    """The status in words: the driver, its rate, the running trials, and the matrix of trials."""
    with lambdas.told_apart(trial.spec.lam for trial, _ in standing.plan.states):
        return _described(standing)


def _described(standing: Standing) -> str:
    lines = [_driver_line(standing)]
    if standing.epochs_left and standing.rate:
        left = f"{standing.epochs_left} epochs left at {standing.rate:.3g} epochs/s"
        ahead = "ETA" if standing.state == "at work" else "a run at that rate would take"
        lines.append(f"{left}: {ahead} {clock(standing.eta or 0)}")
    if standing.damaged:
        lines.append(f"{standing.damaged} commits are damaged; a run makes them again (ensweep verify says which)")
    by_id = {trial.id: trial for trial, _ in standing.plan.states}
    lines += [_under_way(by_id[name], epochs) for name, epochs in standing.running.items() if name in by_id]
    return "\n".join([*lines, "", describe_plan(standing.plan)])


def _driver_line(standing: Standing) -> str:
    driver = standing.driver
    if driver is None:
        return "no driver is at work"
    who = f"process {driver.pid} on {driver.host}"
    ago = clock(max(0.0, standing.at - driver.renewed))
    if standing.state == "gone":
        return f"no driver is at work; the last was {who}, {ago} ago"
    if standing.state == "silent":
        return f"{who} has not been heard of for {ago}: it is dead, stopped or cut off; a new run takes over"
    return f"a driver is at work: {who}, for {clock(driver.renewed - driver.since)}"


def _under_way(trial: PlannedTrial, epochs: int) -> str:
    name = f"{trial.architecture} {column_of(trial)} seed {trial.spec.seed} ({trial.id})"
    return f"  under way: {name}, epoch {epochs} of {trial.spec.training.epochs}"
