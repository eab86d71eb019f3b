"""One driver a store: the living are respected, the dead are followed at once, the silent after a whole period."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.base.errors import StoreInUseError
from orchestrator.stores import lease
from orchestrator.stores.owner import Owner
from orchestrator.stores.storage import Storage, local, open_storage
from specs.errors import Exit
from specs.format.errors import StoreFullError
from specs.format.layout import LOCK
from tests.processes import HANG, state, wait_for

PERIOD = 200.0
"""A lease so long that whoever is watched for less was not watched to its end."""

OWNER = """
import sys, time
from orchestrator.stores import lease
from orchestrator.stores.storage import open_storage
from specs import faults
from tests.e2e.faulty import handler

if len(sys.argv) > 3:
    stopping = faults.handled(handler(sys.argv[3], 2, "stop"))
    stopping.__enter__()

def lost(error):
    print("lost", error, flush=True)

with lease.held(open_storage(sys.argv[1]), seconds=float(sys.argv[2]), on_loss=lost):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(tmp_path)


@contextmanager
def driver(storage: Storage, seconds: float, *stop_at: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the store; killed at the end. May stop when it passes a place again."""
    command = [sys.executable, "-c", OWNER, str(storage.folder), str(seconds), *stop_at]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def elsewhere(**changes: Any) -> Owner:
    """An owner on another machine."""
    return replace(Owner.mine(30), host="far-away", place="another boot pid:[1]", **changes)


def write(storage: Storage, record: Owner) -> None:
    storage.replace(LOCK, record.content())


def nothing() -> None:
    """Happens while an owner is watched."""


def taken_over_after(
    storage: Storage, seconds: float, meanwhile: Callable[[], object] = nothing
) -> tuple[float, list[str]]:
    """Take the store; returns how long that took, and what was said, which is something where an owner was watched."""
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        meanwhile()

    started = time.monotonic()
    with lease.held(storage, seconds=seconds, say=say):
        assert (found := lease.owner(storage)) is not None
        assert found.pid == os.getpid()
        return time.monotonic() - started, said


def test_a_second_driver_is_refused_by_pid_host_and_age(storage: Storage) -> None:
    with driver(storage, 30) as first:
        with pytest.raises(StoreInUseError, match=rf"process {first.pid} on \S+, for 0 min") as caught:
            taken_over_after(storage, 30)
        assert caught.value.exit_code == Exit.IN_USE


def test_a_released_store_is_taken_at_once_and_still_says_how_far_it_was(storage: Storage) -> None:
    with lease.held(storage, report=lambda: {"trials_done": 3}):
        pass
    assert (last := lease.owner(storage)) is not None
    assert (last.is_dead, last.progress) == (True, {"trials_done": 3})
    assert taken_over_after(storage, 30)[1] == []


def test_a_killed_owner_is_followed_at_once(storage: Storage) -> None:
    with driver(storage, 30) as first:
        first.kill()
        first.wait()
        assert taken_over_after(storage, 30)[1] == []


def test_a_zombie_is_dead(storage: Storage) -> None:
    with driver(storage, 30) as first:
        os.kill(first.pid, signal.SIGKILL)
        os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet fetched by its parent
        assert taken_over_after(storage, 30)[1] == []


def test_a_pid_that_was_given_again_is_no_owner(storage: Storage) -> None:
    write(storage, replace(Owner.mine(30), born="1"))  # this very pid, but of a process of the first tick
    assert taken_over_after(storage, 30)[1] == []


def test_a_stopped_owner_loses_the_store_after_its_lease_and_notices_when_it_goes_on(storage: Storage) -> None:
    with driver(storage, 0.5) as first:
        first.send_signal(signal.SIGSTOP)
        time.sleep(0.6)
        took, said = taken_over_after(storage, 0.5)
        assert 0.5 <= took < HANG
        assert f"process {first.pid}" in said[0]
        first.send_signal(signal.SIGCONT)
        assert first.stdout is not None
        line = first.stdout.readline()
        assert line.startswith("lost ")
        assert f"taken over by process {os.getpid()}" in line


@pytest.mark.slow
def test_an_owner_that_was_stopped_while_it_renewed_holds_nobody_up(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "GUARD_SECONDS", 0.5)
    with driver(storage, 0.5, "write.synced") as first:
        wait_for(lambda: state(first.pid) == "T")
        time.sleep(0.6)
        assert taken_over_after(storage, 0.5)[0] < HANG
        first.send_signal(signal.SIGCONT)


def test_a_stopped_owner_that_is_killed_is_not_waited_for(storage: Storage) -> None:
    with driver(storage, 60) as first:
        first.send_signal(signal.SIGSTOP)
        write_age(storage, 120)
        assert taken_over_after(storage, PERIOD, meanwhile=first.kill)[0] < PERIOD


def write_age(storage: Storage, seconds: float) -> None:
    """Let the record say that its owner was last heard of so long ago."""
    found = lease.owner(storage)
    assert found is not None
    write(storage, replace(found, renewed=time.time() - seconds))


def test_an_owner_elsewhere_that_is_silent_is_watched_a_whole_period(storage: Storage) -> None:
    write(storage, elsewhere(renewed=time.time() - 3600, seconds=0.5))
    took, said = taken_over_after(storage, 0.6)
    assert 0.6 <= took < HANG
    assert "far-away" in said[0]


def test_its_own_period_counts_where_it_is_longer(storage: Storage) -> None:
    write(storage, elsewhere(renewed=time.time() - 3600, seconds=0.8))
    assert taken_over_after(storage, 0.2)[0] >= 0.8


def test_a_shorter_lease_does_not_take_the_store_from_the_living(storage: Storage) -> None:
    with driver(storage, 30):
        time.sleep(0.3)  # it renews after 6 s
        with pytest.raises(StoreInUseError):
            taken_over_after(storage, 0.2)


@pytest.mark.parametrize("skew", [-3600.0, 3600.0, 1e12])
def test_an_owner_elsewhere_with_a_wrong_clock_is_respected_while_it_renews(storage: Storage, skew: float) -> None:
    record = elsewhere(since=time.time() + skew, renewed=time.time() + skew, seconds=0.5)
    write(storage, record)
    renewed = replace(record, renewed=record.renewed + 0.5)
    with pytest.raises(StoreInUseError, match="far-away"):
        taken_over_after(storage, PERIOD, meanwhile=lambda: write(storage, renewed))
    assert 0.5 <= taken_over_after(storage, 0.5)[0] < HANG  # and taken over when it no longer does


def test_a_watched_owner_that_releases_the_store_is_followed(storage: Storage) -> None:
    record = elsewhere(renewed=time.time() - 3600)
    write(storage, record)
    released = replace(record, released=True)
    assert taken_over_after(storage, PERIOD, meanwhile=lambda: write(storage, released))[0] < PERIOD


SOUND = asdict(elsewhere())
HOSTILE = {
    "empty": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "a list": b"[1, 2]",
    "large": b"9" * 100_000,
    **{
        f"{name} {value!r}"[:40]: json.dumps({**SOUND, name: value}).encode()
        for name, value in [
            ("pid", "../../etc/passwd"),
            ("pid", -1),
            ("pid", True),
            ("pid", 10**400),
            ("host", "\x1b[2J"),
            ("host", ["x"]),
            ("host", "x" * 100_000),
            ("renewed", float("nan")),
            ("renewed", None),
            ("since", float("-inf")),
            ("since", 10**400),
            ("seconds", 1e9),
            ("seconds", 0),
            ("released", "yes"),
            ("progress", []),
            ("unknown", 1),
        ]
    },
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_damaged_lock_names_nobody_and_is_taken_over_after_a_period(storage: Storage, kind: str) -> None:
    storage.replace(LOCK, HOSTILE[kind])
    assert lease.owner(storage) is None
    took, said = taken_over_after(storage, 0.2)
    assert took >= 0.2
    assert "an owner that the lock does not name" in said[0]


def test_a_living_owner_whose_lock_is_damaged_gives_way(storage: Storage) -> None:
    with driver(storage, 1) as first:
        storage.replace(LOCK, b"{")
        assert first.stdout is not None
        assert re.match("lost the lock of .* is gone or damaged", first.stdout.readline())


def test_an_owner_whose_storage_is_gone_gives_way_after_a_period(tmp_path: Path) -> None:
    storage, reasons = open_storage(tmp_path / "store"), []
    with lease.held(storage, seconds=1, on_loss=reasons.append):
        (tmp_path / "store" / "lock.guard").unlink(missing_ok=True)
        (tmp_path / "store" / "lock.guard").mkdir()  # no renewal can be written
        wait_for(lambda: reasons)
    assert "could not be reached for 1 s" in str(reasons[0])
    assert type(reasons[0]) is StoreInUseError


def test_a_disk_without_room_for_a_period_is_told_as_such(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = []

    def full(*_: object) -> bool:
        raise StoreFullError("No space left on device")

    with lease.held(storage, seconds=1, on_loss=reasons.append):
        monkeypatch.setattr(storage, "replace_tagged", full)
        wait_for(lambda: reasons)
    assert type(reasons[0]) is StoreFullError
    assert reasons[0].exit_code == 4


def _race(root: Path, barrier: "multiprocessing.synchronize.Barrier", outcomes: "multiprocessing.Queue[str]") -> None:
    storage = open_storage(root)
    barrier.wait()
    try:
        with lease.held(storage, seconds=1):
            outcomes.put("held")
            barrier.wait()  # until all have tried
    except StoreInUseError:
        outcomes.put("refused")
        barrier.wait()


@pytest.mark.parametrize("before", ["nothing", "a dead owner", "a silent owner", "damage"])
def test_of_many_that_start_at_once_one_drives(storage: Storage, before: str) -> None:
    if before == "a dead owner":
        write(storage, elsewhere(released=True))
    elif before == "a silent owner":
        write(storage, elsewhere(renewed=0.0, seconds=1))
    elif before == "damage":
        storage.replace(LOCK, b"{")
    context = multiprocessing.get_context("fork")
    barrier, outcomes = context.Barrier(6), context.Queue()
    racers = [context.Process(target=_race, args=(storage.folder, barrier, outcomes)) for _ in range(6)]
    for racer in racers:
        racer.start()
    found = sorted(outcomes.get(timeout=HANG) for _ in racers)
    for racer in racers:
        racer.join()
    assert found == ["held"] + ["refused"] * 5
