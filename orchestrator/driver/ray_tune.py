"""Stacks as Ray Tune trials.

Tune places stacks, packs resources, retries and reports failures. It never decides what is done: the store does,
so every run is a fresh experiment of the stacks that are not committed. ``ray_environment.prepare`` comes before the
import of this module.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune import Callback, Stopper
from ray.tune.execution.class_cache import DEFAULT_ENV_VARS, ENV_VARS_TO_PROPAGATE
from ray.tune.experiment import Trial as RayTrial

from orchestrator.base import out_of_memory
from orchestrator.base.settings import Settings
from orchestrator.driver.listener import Listener
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker import halves
from orchestrator.worker.ray_trainable import StackError, train_stack

FAILURE = re.compile(r"^Failure # \d+ \(occurred at .*\)$", re.MULTILINE)
"""Stands before each failure in what Tune keeps of a trial's errors."""

STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""Colours, which Ray writes even where there is no terminal."""


def run_trials(
    stacks: Sequence[PlannedStack],
    store: Store,
    settings: Settings,
    listener: Listener,
    resources: dict[str, float],
    notes: str,
) -> None:
    """Run stacks on the cluster that this process is connected to.

    Args:
        stacks: the stacks.
        store: where workers commit them.
        settings: how they are run.
        listener: told how each ends.
        resources: what each takes of the cluster, by Ray's names.
        notes: where Tune keeps its own, which its workers must reach.
    """
    _give_workers_no_environment_of_their_own(local=settings.address == "local")
    trainable = tune.with_parameters(train_stack, stacks=list(stacks), store=store, settings=settings)
    tune.Tuner(
        tune.with_resources(trainable, resources),
        param_space={"stack": tune.grid_search(list(range(len(stacks))))},
        tune_config=_tune_config(stacks, settings),
        run_config=_run_config(stacks, store, settings, listener, notes),
    ).fit()


def _give_workers_no_environment_of_their_own(local: bool) -> None:
    """Of this process's environment Tune names some variables to each worker.

    Credentials among them are not: Ray writes what is named into its logs, and workers of a cluster have their own.
    Workers of this machine inherit all variables; with any named to them, Ray would start each afresh, and leave those
    idle that have imported torch by now.
    """
    ENV_VARS_TO_PROPAGATE.difference_update({name for name in ENV_VARS_TO_PROPAGATE if name.startswith("AWS_")})
    if local:
        ENV_VARS_TO_PROPAGATE.clear()
        DEFAULT_ENV_VARS.clear()


class _Relay(Callback):  # type: ignore[misc]
    """Tells the listener what Tune's loop sees."""

    def __init__(self, stacks: Sequence[PlannedStack], store: Store, listener: Listener) -> None:
        self._stacks = stacks
        self._store = store
        self._listener = listener

    def _stack(self, trial: RayTrial) -> PlannedStack:
        stack: PlannedStack = self._stacks[trial.config["stack"]]
        return stack

    def on_trial_result(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, result: dict[str, Any], **info: Any
    ) -> None:
        if "obstacle" in result:
            self._listener.obstructed(result["obstacle"])
        elif "epoch" in result:
            self._listener.advanced(self._stack(trial), result["epoch"])

    def on_trial_complete(self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any) -> None:
        self._listener.finished(self._stack(trial))

    def on_trial_recover(self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any) -> None:
        """Ray's memory monitor kills workers before Python can say that memory ran out: twice is enough."""
        cause, message = _last_failure(trial)
        killed = out_of_memory.says_out_of_memory(message) and cause == "worker"
        if killed and not halves.may_try_again_after_a_kill(self._stack(trial), self._store):
            self._listener.failed(self._stack(trial), f"out of memory, twice\n{message}", "oom")
        else:
            self._listener.retried(self._stack(trial), message)

    def on_trial_error(self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any) -> None:
        cause, message = _last_failure(trial)
        self._listener.failed(
            self._stack(trial), message, "oom" if out_of_memory.says_out_of_memory(message) else cause
        )


class _Stopper(Stopper):  # type: ignore[misc]
    """Ends the experiment, with the trials under way, when the listener wants that."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._listener.wants_stop

    def __getstate__(self) -> dict[str, Any]:
        return {"_listener": None}  # Tune writes its stopper down for a restore that is never asked for


def _last_failure(trial: RayTrial) -> tuple[str, str]:
    """Cause and text of a trial's last failure, from the text that Tune keeps on this machine.

    Tune keeps the exception too, pickled; but what is unpickled can execute code.
    """
    try:
        text = Path(trial.error_file).read_text(errors="replace")
    except (OSError, TypeError):
        return "worker", "the worker died without a word"
    last = STYLE.sub("", FAILURE.split(text)[-1]).strip()
    return StackError.found(last) or ("worker", last)


def _tune_config(stacks: Sequence[PlannedStack], settings: Settings) -> tune.TuneConfig:
    return tune.TuneConfig(
        reuse_actors=True,
        max_concurrent_trials=settings.concurrency,
        trial_name_creator=lambda trial: stacks[trial.config["stack"]].id,
        trial_dirname_creator=lambda trial: stacks[trial.config["stack"]].id,
    )


def _run_config(
    stacks: Sequence[PlannedStack], store: Store, settings: Settings, listener: Listener, notes: str
) -> tune.RunConfig:
    return tune.RunConfig(
        storage_path=notes,
        verbose=0,
        stop=_Stopper(listener),
        failure_config=tune.FailureConfig(max_failures=settings.max_retries),
        callbacks=[_Relay(stacks, store, listener)],
    )
