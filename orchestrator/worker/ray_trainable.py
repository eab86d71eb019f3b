"""The function that a Ray worker runs for one stack. Ray Tune carries its progress and errors to the driver."""

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
"""Least seconds between two reports of a worker. Progress needs no more, and each report costs the driver time."""


def train_stack(config: dict[str, int], *, stacks: list[PlannedStack], store: Store, settings: Settings) -> None:
    """Train a stack in a Ray worker. Ray reuses the process, so ``execute`` sets all global state.

    Raises:
        StackError: training failed. An error that only the user can fix is reported instead, as ``obstacle``.
    """
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
    except EnsweepError as error:  # a retry is pointless until the user fixes it
        tune.report({"obstacle": redact(str(error))})
        return
    except Exception as error:
        raise StackError.of(error) from None
    tune.report({"epoch": stack.trials[0].spec.training.epochs})


class StackError(Exception):
    """A stack's error as a line of JSON, because Ray rewrites text that looks like a traceback."""

    def __init__(self, told: str) -> None:
        super().__init__(told)

    @classmethod
    def of(cls, error: Exception) -> "StackError":
        """The error to raise for another one, with secrets redacted.

        The text ends up in Ray's logs and Tune's files, and only the worker knows its secrets.
        """
        text = "".join(traceback.format_exception(error))
        return cls(json.dumps({"cause": out_of_memory.cause_of(error), "text": redact(text)}))

    @classmethod
    def found(cls, text: str) -> tuple[str, str] | None:
        """Cause and text of such an error within a message of Ray's; None if there is none."""
        if not (told := re.search(rf"\b{cls.__name__}: (\{{.*\}})$", text, re.MULTILINE)):
            return None
        facts = json.loads(told[1])
        return facts["cause"], facts["text"]
