"""The first signal ends the work in order, whatever a library makes of it."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import time

import pytest

from orchestrator.driver import signals
from specs.errors import Exit
from tests.processes import HANG


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, Exit.SIGINT), (signal.SIGTERM, Exit.SIGTERM), (signal.SIGHUP, Exit.SIGHUP)],
)
def test_a_signal_ends_the_block_and_handlers_are_put_back(number: signal.Signals, code: Exit) -> None:
    before = signal.getsignal(number)
    with pytest.raises(signals.InterruptedBySignal) as caught, signals.orderly():
        os.kill(os.getpid(), number)
        time.sleep(600)
    assert caught.value.exit_code == code
    assert signal.getsignal(number) == before


def test_a_swallowed_or_changed_interrupt_still_ends_it() -> None:
    with pytest.raises(signals.InterruptedBySignal), signals.orderly(), contextlib.suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(signals.InterruptedBySignal), signals.orderly():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt as interrupt:
            raise SystemError("returned a result with an exception set") from interrupt


class InterruptedAtItsEnd:
    """Where Python drops what is raised."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)


@pytest.mark.parametrize("by_ray", [False, True])
def test_an_interrupt_that_python_drops_is_raised_again_and_no_traceback_is_shown(
    by_ray: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    slept = False
    with pytest.raises(signals.InterruptedBySignal) as caught, signals.orderly() as block:
        assert not block.ends
        if by_ray:
            signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
        InterruptedAtItsEnd()  # gone with this line
        assert block.ends
        time.sleep(600)
        slept = True
    assert caught.value.exit_code == Exit.SIGTERM
    assert not slept, "it was not raised again"
    assert capfd.readouterr().err == ""


def test_other_exceptions_that_python_drops_are_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(dropped.exc_type))

    class Broken:
        def __del__(self) -> None:
            raise ZeroDivisionError

    with signals.orderly():
        Broken()
    assert told == [ZeroDivisionError]


def test_a_loop_sees_an_interrupt_that_a_library_caught() -> None:
    with pytest.raises(signals.InterruptedBySignal), signals.orderly() as block:
        with contextlib.suppress(BaseException):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(600)
        assert block.ends


@pytest.mark.parametrize(
    ("work", "code", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGINT)", Exit.SIGINT, "run the same command to go on"),
        ("block.abandon(StoreInUseError('the store is lost'))", Exit.IN_USE, "the store is lost"),
    ],
)
def test_what_has_not_ended_in_time_is_ended(work: str, code: Exit, says: str) -> None:
    program = (
        "import os, signal, threading\n"
        "from orchestrator.driver import signals\n"
        "from orchestrator.base.errors import StoreInUseError\n"
        "signals.GRACE_SECONDS = 0.5\n"
        "with signals.orderly() as block:\n"
        "    try:\n"
        f"        {work}\n"
        "    finally:\n"
        "        threading.Event().wait(600)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=HANG, check=False, capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr.count(says) == 1
    assert "Traceback" not in done.stderr


def test_another_thread_ends_the_block_with_its_error_whatever_waits_and_whoever_takes_its_signal() -> None:
    with pytest.raises(ZeroDivisionError, match="of a thread"), signals.orderly() as block:
        threading.Timer(0.2, block.abandon, [ZeroDivisionError("of a thread")]).start()
        time.sleep(600)
    with pytest.raises(ZeroDivisionError, match="unheard"), signals.orderly() as block:
        signal.signal(signals.ABANDON, signal.SIG_IGN)
        block.abandon(ZeroDivisionError("unheard"))


def test_a_signal_that_a_librarys_own_handler_takes_still_counts_as_one() -> None:
    with pytest.raises(signals.InterruptedBySignal) as caught, signals.orderly():
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))  # as Ray's does while it starts
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(600)
    assert caught.value.exit_code == Exit.SIGTERM


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), signals.orderly():
        _ = 1 / 0


def test_handlers_that_a_block_sets_do_not_stay() -> None:
    with signals.orderly():
        ours = signal.getsignal(signal.SIGTERM)
        with signals.kept():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        assert signal.getsignal(signal.SIGTERM) is ours


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.orderly() as block:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert not block.ends
        with pytest.raises(signals.InterruptedBySignal) as caught, signals.orderly():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert caught.value.exit_code == Exit.SIGTERM


@pytest.mark.parametrize("first", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_says_twice_that_it_closes_leaves_time_to_end_in_order(first: signal.Signals) -> None:
    ended = False
    with pytest.raises(signals.InterruptedBySignal) as caught, signals.orderly():
        try:
            os.kill(os.getpid(), first)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.2)
            ended = True
    assert ended
    assert caught.value.exit_code == 128 + first


def test_an_exit_with_the_number_of_a_hang_up_is_none() -> None:
    with pytest.raises(SystemExit), signals.orderly():
        sys.exit(int(signal.SIGHUP))


def test_words_for_a_terminal_that_has_closed_are_no_error() -> None:
    code = (
        "import os, signal, sys, time\n"
        "from orchestrator.driver import signals\n"
        "os.setsid()\n"
        "try:\n"
        "    with signals.orderly():\n"
        "        os.write(int(sys.argv[1]), b'ready')\n"
        "        time.sleep(30)\n"
        "except signals.InterruptedBySignal as interruption:\n"
        "    print(interruption, file=sys.stderr, flush=True)\n"
        "    signals.end_now(interruption.exit_code)\n"
    )
    master, slave = pty.openpty()
    ready, told = os.pipe()
    command = [sys.executable, "-c", code, str(told)]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, pass_fds=[told]) as process:
        os.close(slave)
        assert os.read(ready, 5) == b"ready"
        os.close(master)
        process.send_signal(signal.SIGHUP)
        try:
            assert process.wait(timeout=20) == Exit.SIGHUP
        finally:
            process.kill()


def test_children_of_a_block_do_not_see_a_hang_up() -> None:
    with signals.hang_up_kept_from_children():
        child = subprocess.Popen(["sleep", "30"])
    try:
        child.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert child.poll() is None
        assert signal.SIGHUP not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        child.kill()
        child.wait()


def test_a_second_signal_ends_the_process_at_once() -> None:
    code = (
        "import os, signal, time\n"
        "from orchestrator.driver import signals\n"
        "with signals.orderly():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    finally:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(600)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=HANG, check=False).returncode == Exit.SIGINT


def test_a_second_signal_ends_the_process_in_the_middle_of_compiled_code() -> None:
    code = (
        "import hashlib, os, signal, sys\n"
        "from orchestrator.driver import signals\n"
        "with signals.orderly():\n"
        "    print('ready', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'x', b'y', 2**31 - 1)\n"  # half an hour without a handler
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None, "the first signal did not wait for the main thread: nothing is tested"
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=HANG) == Exit.SIGINT
        finally:
            process.kill()
