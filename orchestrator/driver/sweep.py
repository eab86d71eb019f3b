"""Start, resume and extend a sweep: one operation, because the store says what is left.

Torch is imported where there is something to train, so that a run of a finished sweep answers at once.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.base import provenance
from orchestrator.base.settings import Settings
from orchestrator.data import decoded
from orchestrator.driver import ray_environment, signals
from orchestrator.driver.progress import Progress
from orchestrator.driver.runners import make_runner
from orchestrator.planning.plan import Plan, PlannedStack, make_plan
from orchestrator.planning.stacks import StackSize
from orchestrator.stores import lease, verification
from orchestrator.stores.store import Store
from specs.errors import EnsweepError, Exit
from specs.format import layout
from specs.lambdas import told_apart
from specs.loader import dump_sweep, sweep_digest
from specs.sweep import PlannedTrial, SweepSpec, expand


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    store: str
    """Its path or address."""
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


def run_sweep(
    sweep: SweepSpec,
    store: Store,
    settings: Settings,
    *,
    retry_failed: bool = False,
    say: Callable[[str], None] = lambda message: None,
    block: signals.OrderlyBlock | None = None,
) -> Outcome:
    """Run what the store does not hold yet; what is damaged in it is made again.

    Args:
        sweep: what to run.
        store: where to.
        settings: how.
        retry_failed: whether to try failed trials again, and those whose results cannot be used.
        say: told what a user should know besides the progress.
        block: what a signal ends; another thread ends it when this process loses the store.

    Raises:
        EnsweepError: the store is in use or cannot be written, or the data cannot be used; no trial was begun.
        SweepStoppedError: the run ended before its time.
    """
    started = time.monotonic()
    block = block or signals.OrderlyBlock()
    store.check_writable()
    reported = _Reported()
    with lease.held(
        store.storage, seconds=settings.lease_seconds, report=reported, on_loss=_abandoning(block), say=say
    ):
        trials = expand(sweep)
        unusable = _mend(store, say)
        before = _planned(store, trials, unusable)
        if retry_failed:
            for trial in before.of("failed"):
                store.withdraw(layout.commit(trial.id))
            unusable = frozenset()
            before = _planned(store, trials)
        _compare_versions(store, settings, say)
        stacks: tuple[PlannedStack, ...] = ()
        if before.of("todo"):
            _check_cluster(settings)
            _check_device(settings, before)
            _check_data(store, sweep, settings, say)
            stacks = before.stacks(_largest(before, settings, say))
        block.conclude()  # a library may have caught the exception that says so
        store.record_spec(sweep_digest(sweep), dump_sweep(sweep))
        if stacks:
            with told_apart(trial.spec.lam for trial in trials):
                _run_stacks(stacks, store, settings, reported, block)
        after = _planned(store, trials, unusable)
    executed = before.counts()["todo"] - after.counts()["todo"]
    return Outcome(store.url, executed, time.monotonic() - started, after)


class _Reported:
    """The progress of the run under way, for the lease."""

    def __init__(self) -> None:
        self.progress: Progress | None = None

    def __call__(self) -> dict[str, Any]:
        return self.progress.snapshot() if self.progress else {}


def _abandoning(block: signals.OrderlyBlock) -> Callable[[EnsweepError], None]:
    return lambda error: block.abandon(type(error)(f"{error}; stopped. What is committed is kept"))


def _mend(store: Store, say: Callable[[str], None]) -> frozenset[str]:
    """Take back what is damaged; returns the trials whose results are intact and cannot be used all the same."""
    problems = verification.verify(store)
    for problem in problems:
        if problem.damaged:
            say(f"damaged: {problem.described()}; it is taken back and made again")
        else:
            say(f"kept, but not usable: {problem.described()}; --retry-failed trains it again")
    verification.withdraw_damaged(store, problems)
    return frozenset(problem.trial_id for problem in problems if not problem.damaged)


def _planned(store: Store, trials: tuple[PlannedTrial, ...], unusable: frozenset[str] = frozenset()) -> Plan:
    return make_plan(trials, store.commits(), unusable)


def _compare_versions(store: Store, settings: Settings, say: Callable[[str], None]) -> None:
    """Numbers may differ in their last digits between versions: say so, before they stand side by side."""
    for difference in provenance.differences(store.commits().values(), settings.threads):
        say(f"warning: {difference}; rows are tagged with their environment, and the report says so")


def _check_cluster(settings: Settings) -> None:
    """A cluster that asks for no token runs anybody's code: it is used only where the user trusts the network."""
    if settings.address == "local" or settings.trust_network or settings.runner != "tune":
        return
    if why := ray_environment.why_unauthenticated(os.environ):
        raise EnsweepError(
            f"--address {settings.address}: {why}; whoever reaches that cluster can run code on it. "
            "Set RAY_AUTH_MODE=token with the cluster's token, or trust the network with --trust-network"
        )


def _check_device(settings: Settings, plan: Plan) -> None:
    """A GPU that is asked for and not there ends the command, and so does arithmetic that this machine has not.

    What a remote cluster has, only its workers know.
    """
    precisions = {trial.spec.training.precision for trial in plan.of("todo")}
    if settings.address != "local" or (settings.device != "cuda" and precisions == {"float32"}):
        return
    from trainers.devices import check_precision, choose_device

    try:
        for precision in precisions:
            check_precision(precision, choose_device(settings.device))
    except ValueError as error:
        raise EnsweepError(str(error)) from error


def _check_data(store: Store, sweep: SweepSpec, settings: Settings, say: Callable[[str], None]) -> None:
    """Bad data ends the command before any trial begins; good data is decoded once, for all workers."""
    name, where = sweep.dataset.name, (settings.data_root, settings.cache)
    known = decoded.known(name, *where)
    if known is None:
        from orchestrator.data import datasets

        known = datasets.load(name, *where).known
    if warning := decoded.warning(name, known.standing):
        say(f"warning: {warning}")
    store.pin_data(name, known.fingerprint)


def _largest(plan: Plan, settings: Settings, say: Callable[[str], None]) -> StackSize:
    from orchestrator.planning import stack_sizes

    return stack_sizes.chosen_stack_size(plan, settings, say=say)


def _run_stacks(
    stacks: tuple[PlannedStack, ...], store: Store, settings: Settings, reported: _Reported, block: signals.OrderlyBlock
) -> None:
    from orchestrator.driver.follower import Follower

    with Progress(stacks) as progress:
        reported.progress = progress
        follower = Follower(stacks, store, progress, block)
        make_runner(settings).run(stacks, store, settings, follower)
        follower.conclude()
