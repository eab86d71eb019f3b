"""A bar on a terminal, plain lines elsewhere."""

import io
import re
from collections.abc import Callable

import pytest

from orchestrator.driver import progress
from orchestrator.driver.progress import Progress
from orchestrator.planning.plan import PlannedStack
from specs.sweep import SweepSpec, expand


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def tasks(sweep: Callable[..., SweepSpec]) -> list[PlannedStack]:
    return [PlannedStack((trial,)) for trial in expand(sweep())]


def test_plain_lines_count_trials_and_end_with_the_last(
    tasks: list[PlannedStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    stream = io.StringIO()
    with Progress(tasks, stream) as shown:
        for task in tasks:
            shown.advance(task, 1)
            shown.finish(task)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("1/6 trials, ETA ")
    assert re.fullmatch(r"2/6 trials, ETA \d\d:\d\d", lines[1])
    assert lines[-1] == "6/6 trials, ETA 00:00"
    assert "\r" not in stream.getvalue()


def test_plain_lines_are_few(tasks: list[PlannedStack]) -> None:
    stream = io.StringIO()
    with Progress(tasks, stream) as shown:
        for task in tasks:
            shown.finish(task)
    assert stream.getvalue().splitlines() == ["6/6 trials, ETA 00:00"]


def test_a_terminal_gets_a_bar_with_an_eta(tasks: list[PlannedStack]) -> None:
    stream = Terminal()
    with Progress(tasks, stream) as shown:
        shown.advance(tasks[0], 1)
        shown.finish(tasks[0])
    assert "1/6 trials" in stream.getvalue()
    assert "ETA" in stream.getvalue()
    assert "\r" in stream.getvalue()


def test_hours_are_shown_as_hours() -> None:
    assert progress.clock(3 * 3600 + 62) == "3:01:02"
    assert progress.clock(62) == "01:02"


def test_the_eta_leaves_out_the_time_before_the_first_epoch(
    tasks: list[PlannedStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    stream = io.StringIO()
    shown = Progress(tasks, stream)
    for now in (100.0, 110.0):  # the first trial's two epochs are there after 100 s, the second's 10 s later
        shown.finish(tasks[int(now > 100)])
    assert stream.getvalue().splitlines() == ["1/6 trials, ETA ?", "2/6 trials, ETA 00:40"]
