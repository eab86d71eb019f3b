"""Stacks as Ray Tune trials: the only file that imports Ray.

Tune places stacks, packs resources, retries and reports failures. It never decides what is done: the store does,
so every run is a fresh experiment of the stacks that are not committed. ``ray_environment.prepare`` comes before the
import of this module.
"""

import json
import re
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune import Callback, Stopper
from ray.tune.execution.class_cache import ENV_VARS_TO_PROPAGATE
from ray.tune.experiment import Trial as RayTrial

from orchestrator import memory, reaper, signals
from orchestrator.errors import EnsweepError
from orchestrator.plan import Task
from orchestrator.redaction import redact
from orchestrator.runners import Listener
from orchestrator.settings import Settings
from orchestrator.store import Store

REPORT_SECONDS = 1.0
"""Least time between two reports of a worker: progress needs no more, and each costs the driver a turn."""

FAILURE = re.compile(r"^Failure # \d+ \(occurred at .*\)$", re.MULTILINE)
"""Stands before each failure in what Tune keeps of a trial's errors."""

STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""Colours, which Ray writes even where there is no terminal."""

OBJECT_STORE_BYTES = 256 * 2**20
"""Object store of a local cluster: a sweep moves specs and progress through it, never tensors."""


# Tune would name them to each worker's environment, which Ray writes into its logs. Workers of this machine inherit
# them; those of a cluster have credentials of their own.
ENV_VARS_TO_PROPAGATE.difference_update({name for name in ENV_VARS_TO_PROPAGATE if name.startswith("AWS_")})


class TuneRunner:
    """Runs stacks on a Ray cluster, one of its own on this machine unless the settings name another."""

    def run(self, tasks: Sequence[Task], store: Store, settings: Settings, listener: Listener) -> None:
        """See :class:`orchestrator.runners.Runner`."""
        with _chatter_kept_from_stdout(store.logs), _cluster(settings, store) as notes:
            if listener.wants_stop:
                return
            tuner = tune.Tuner(
                tune.with_resources(
                    tune.with_parameters(_train_stack, tasks=list(tasks), store=store, settings=settings),
                    _resources(settings),
                ),
                param_space={"stack": tune.grid_search(list(range(len(tasks))))},
                tune_config=_tune_config(tasks, settings),
                run_config=_run_config(tasks, store, settings, listener, notes),
            )
            tuner.fit()


def _train_stack(config: dict[str, int], *, tasks: list[Task], store: Store, settings: Settings) -> None:
    """What a Ray worker runs; its process is reused, so everything global is set inside ``execute``."""
    from orchestrator.execution import execute

    task = tasks[config["stack"]]
    last_report = time.monotonic()

    def on_epoch(epoch: int) -> None:
        nonlocal last_report
        if time.monotonic() - last_report >= REPORT_SECONDS:
            last_report = time.monotonic()
            tune.report({"epoch": epoch})

    try:
        execute(task, store, settings, on_epoch)
    except EnsweepError as error:  # nothing to try again: the user must mend it first
        tune.report({"obstacle": redact(str(error))})
        return
    except Exception as error:
        raise StackError.of(error) from None
    tune.report({"epoch": task.trials[0].spec.training.epochs})


class StackError(Exception):
    """A stack's error, as a line of JSON: what looks like a traceback, Ray rewrites."""

    def __init__(self, told: str) -> None:
        super().__init__(told)

    @classmethod
    def of(cls, error: Exception) -> "StackError":
        """What leaves the worker lies in Ray's logs and Tune's notes: without secrets, which are known only there."""
        text = "".join(traceback.format_exception(error))
        return cls(json.dumps({"cause": memory.cause_of(error), "text": redact(text)}))

    @classmethod
    def found(cls, text: str) -> tuple[str, str] | None:
        """Cause and text, where such an error stands in what Ray says."""
        if not (told := re.search(rf"\b{cls.__name__}: (\{{.*\}})$", text, re.MULTILINE)):
            return None
        facts = json.loads(told[1])
        return facts["cause"], facts["text"]


class _Relay(Callback):  # type: ignore[misc]
    """Tells the listener what Tune's loop sees."""

    def __init__(self, tasks: Sequence[Task], store: Store, listener: Listener) -> None:
        self._tasks = tasks
        self._store = store
        self._listener = listener

    def _task(self, trial: RayTrial) -> Task:
        task: Task = self._tasks[trial.config["stack"]]
        return task

    def on_trial_result(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, result: dict[str, Any], **info: Any
    ) -> None:
        if "obstacle" in result:
            self._listener.obstructed(result["obstacle"])
        elif "epoch" in result:
            self._listener.advanced(self._task(trial), result["epoch"])

    def on_trial_complete(self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any) -> None:
        self._listener.finished(self._task(trial))

    def on_trial_recover(self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any) -> None:
        """Ray's memory monitor kills workers before Python can say that memory ran out: twice is enough."""
        cause, message = _last_failure(trial)
        killed = memory.says_so(message) and cause == "worker"
        if killed and not memory.may_try_again_after_a_kill(self._task(trial), self._store):
            self._listener.failed(self._task(trial), f"out of memory, twice\n{message}", "oom")
        else:
            self._listener.retried(self._task(trial), message)

    def on_trial_error(self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any) -> None:
        cause, message = _last_failure(trial)
        self._listener.failed(self._task(trial), message, "oom" if memory.says_so(message) else cause)


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
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if settings.address == "local":
        with reaper.reaping(store.logs / "ray") as folder:
            local = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES, "_temp_dir": str(folder)}
            try:
                with signals.kept():
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


def _tune_config(tasks: Sequence[Task], settings: Settings) -> tune.TuneConfig:
    return tune.TuneConfig(
        reuse_actors=True,
        max_concurrent_trials=settings.concurrency,
        trial_name_creator=lambda trial: tasks[trial.config["stack"]].id,
        trial_dirname_creator=lambda trial: tasks[trial.config["stack"]].id,
    )


def _run_config(
    tasks: Sequence[Task], store: Store, settings: Settings, listener: Listener, notes: str
) -> tune.RunConfig:
    return tune.RunConfig(
        storage_path=notes,
        verbose=0,
        stop=_Stopper(listener),
        failure_config=tune.FailureConfig(max_failures=settings.max_retries),
        callbacks=[_Relay(tasks, store, listener)],
    )
