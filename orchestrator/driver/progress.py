"""How far a sweep is, for people: a bar with an ETA on a terminal, plain lines elsewhere."""

import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn, Self, TextIO

from tqdm import tqdm

from orchestrator.base.wording import clock
from orchestrator.planning.plan import PlannedStack

LINE_SECONDS = 2.0
"""Least time between two plain lines."""


class Progress:
    """Counts epochs over all stacks; the ETA is the epochs left at the rate so far."""

    def __init__(self, stacks: Sequence[PlannedStack], stream: TextIO = sys.stderr) -> None:
        self._stacks = {stack.id: stack for stack in stacks}
        self._total_trials = sum(len(stack.left) for stack in stacks)
        self._total_epochs = sum(stack.epochs for stack in stacks)
        self._epochs: dict[str, int] = {}
        self._ended: set[str] = set()
        self._trials_done = 0
        self._stream = stream
        self._last_line = time.monotonic()
        self._first: tuple[float, int] | None = None
        self._began = time.monotonic()
        self._bar = self._make_bar() if stream.isatty() else None

    def _make_bar(self) -> "tqdm[NoReturn]":
        shape = "{percentage:3.0f}% |{bar}| {desc} · {elapsed} elapsed · ETA {remaining}"
        known = shutil.get_terminal_size((0, 0)).columns > 0
        size: dict[str, Any] = {"dynamic_ncols": True} if known else {"ncols": 80, "nrows": 24}
        bar: tqdm[NoReturn] = tqdm(
            total=self._total_epochs, file=self._stream, bar_format=shape, mininterval=0.2, **size
        )
        bar.set_description_str(self._counts())
        return bar

    def advance(self, stack: PlannedStack, epoch: int) -> None:
        """The stack has completed so many epochs; going back (a retry) is shown as it is."""
        epochs = min(epoch * len(stack.left), stack.epochs)
        step = epochs - self._epochs.get(stack.id, 0)
        self._epochs[stack.id] = epochs
        if self._first is None:  # the rate leaves out the time that workers take to start
            self._first = time.monotonic(), epochs
        if self._bar is not None:
            self._bar.update(step)

    def finish(self, stack: PlannedStack) -> None:
        """The stack is at its end, well or badly."""
        self._trials_done += len(stack.left)
        self._ended.add(stack.id)
        self.advance(stack, stack.epochs // len(stack.left))
        if self._bar is not None:
            self._bar.set_description_str(self._counts())
        elif self._due():
            self.say(f"{self._counts()}, ETA {self._eta()}")

    def snapshot(self) -> dict[str, Any]:
        """What the store's lock says of this run, for ``status`` on any machine."""
        return {
            "trials_done": self._trials_done,
            "trials_total": self._total_trials,
            "epochs_done": sum(list(self._epochs.values())),
            "epochs_total": self._total_epochs,
            "seconds": time.monotonic() - self._began,
            "epochs_per_second": self._rate(),
            "running": self._running(),
        }

    def _running(self) -> dict[str, int]:
        """Epochs done by each trial under way, by its id."""
        under_way = [(self._stacks[name], done) for name, done in list(self._epochs.items()) if name not in self._ended]
        return {trial.id: epochs // len(stack.left) for stack, epochs in under_way for trial in stack.left}

    def say(self, message: str) -> None:
        """A line that does not break the bar."""
        if self._bar is not None:
            tqdm.write(message, file=self._stream)
        else:
            print(message, file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the last state of the bar on the screen."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _counts(self) -> str:
        return f"{self._trials_done}/{self._total_trials} trials"

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._last_line < LINE_SECONDS and self._trials_done < self._total_trials:
            return False
        self._last_line = now
        return True

    def _eta(self) -> str:
        done = sum(self._epochs.values())
        if done == self._total_epochs:
            return clock(0)
        rate = self._rate()
        return clock((self._total_epochs - done) / rate) if rate else "?"

    def _rate(self) -> float | None:
        """Epochs a second since the first was done; None before there is a second one."""
        since, before = self._first or (0.0, 0)
        done = sum(list(self._epochs.values())) - before
        return done / (time.monotonic() - since) if self._first and done > 0 else None
