"""What a Ray worker runs: one stack, whose progress and errors Ray Tune carries to the driver."""

import json
import re
import time
import traceback

from ray import tune

from orchestrator.base import out_of_memory
from orchestrator.base.redaction import redact
from orchestrator.base.settings import Settings
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from specs.errors import EnsweepError

REPORT_SECONDS = 1.0
"""Least time between two reports of a worker: progress needs no more, and each costs the driver a turn."""


def train_stack(config: dict[str, int], *, stacks: list[PlannedStack], store: Store, settings: Settings) -> None:
    """What a Ray worker runs; its process is reused, so everything global is set inside ``execute``."""
    from orchestrator.worker.execution import execute

    stack = stacks[config["stack"]]
    last_report = time.monotonic()

    def on_epoch(epoch: int) -> None:
        nonlocal last_report
        if time.monotonic() - last_report >= REPORT_SECONDS:
            last_report = time.monotonic()
            tune.report({"epoch": epoch})

    try:
        execute(stack, store, settings, on_epoch)
    except EnsweepError as error:  # nothing to try again: the user must mend it first
        tune.report({"obstacle": redact(str(error))})
        return
    except Exception as error:
        raise StackError.of(error) from None
    tune.report({"epoch": stack.trials[0].spec.training.epochs})


class StackError(Exception):
    """A stack's error, as a line of JSON: what looks like a traceback, Ray rewrites."""

    def __init__(self, told: str) -> None:
        super().__init__(told)

    @classmethod
    def of(cls, error: Exception) -> "StackError":
        """What leaves the worker lies in Ray's logs and Tune's notes: without secrets, which are known only there."""
        text = "".join(traceback.format_exception(error))
        return cls(json.dumps({"cause": out_of_memory.cause_of(error), "text": redact(text)}))

    @classmethod
    def found(cls, text: str) -> tuple[str, str] | None:
        """Cause and text, where such an error stands in what Ray says."""
        if not (told := re.search(rf"\b{cls.__name__}: (\{{.*\}})$", text, re.MULTILINE)):
            return None
        facts = json.loads(told[1])
        return facts["cause"], facts["text"]
