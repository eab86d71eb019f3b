"""Ends every process of a local Ray cluster soon after its driver has ended, even if the driver was killed.

Most of Ray's processes notice a killed driver. Its agents, and workers that were just starting, wait up to a minute for
a head node that will not come back. Therefore a small process, the reaper, waits on a pipe that the kernel closes when
the driver ends. It then kills every process that holds a file open below Ray's folder, where all of Ray's processes
keep their logs. The reaper reads ``/proc``; without it (macOS), Ray's own time-outs remain.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.base import places
from orchestrator.base.redaction import redact

ROUNDS = 25
PAUSE_SECONDS = 0.2


@contextmanager
def reaping(logs: Path) -> Iterator[Path]:
    """Provide a folder for Ray, for the time of the block.

    When the block ends, or this process is killed, all other processes that hold files open in the folder are killed.
    Then its logs are copied to ``logs``, and the folder is removed.
    """
    folder = tempfile.mkdtemp(prefix="ensweep-ray-", dir="/tmp")  # Ray's sockets need a short path
    # -P: a file in the user's folder must not replace a module of the same name.
    command = [sys.executable, "-P", "-m", "orchestrator.driver.reaper", folder, str(logs), str(os.getpid())]
    null = subprocess.DEVNULL  # a reader of this process's output must not wait for the reaper's end
    with subprocess.Popen(
        command, env=places.environment(), stdin=subprocess.PIPE, stdout=null, stderr=null, start_new_session=True
    ):
        yield Path(folder)  # leaving closes its stdin


def holders(folder: str) -> list[int]:
    """Pids of the living processes that hold a file open below the folder."""
    processes = Path("/proc").glob("[0-9]*")
    return [
        int(process.name) for process in processes if any(file.startswith(f"{folder}/") for file in _files(process))
    ]


def _files(process: Path) -> Iterator[str]:
    """Files that a process holds open, given its folder in ``/proc``. Those that it closes meanwhile are skipped."""
    with suppress(OSError):  # ended meanwhile, or another user's
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())


def kill(folder: str, spared: int) -> None:
    """Kill the folder's holders, but for the pid ``spared``, until there are none.

    Several rounds may be needed, because a process may start another while it is killed.
    """
    for _ in range(ROUNDS):
        pids = [pid for pid in holders(folder) if pid != spared]
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(PAUSE_SECONDS)


def keep_logs(folder: str, logs: Path) -> None:
    """Keep the logs of Ray's sessions, and remove the folder."""
    for session in Path(folder).glob("session_*[0-9]/logs"):
        kept = logs / session.parent.name
        with suppress(OSError):  # such as no space left
            shutil.copytree(
                session, kept, copy_function=_copy_redacted, dirs_exist_ok=True, ignore_dangling_symlinks=True
            )
    shutil.rmtree(folder, ignore_errors=True)


def _copy_redacted(source: str, target: str) -> None:
    """Copy a log without its secrets. They are known here, because this process has the driver's environment."""
    text = Path(source).read_bytes().decode(errors="surrogateescape")
    Path(target).write_bytes(redact(text).encode(errors="surrogateescape"))


def main(folder: str, logs: str, driver: str) -> None:
    """Wait until the driver has ended, then clean up."""
    sys.stdin.buffer.read()
    kill(folder, spared=int(driver))
    keep_logs(folder, Path(logs))


if __name__ == "__main__":
    main(*sys.argv[1:])
