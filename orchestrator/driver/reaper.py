"""Ends every process of a local Ray soon after its driver is gone, however it went.

Ray's own processes notice a killed driver, but its agents, and workers that were just starting, wait up to a minute
for a head that will not come back. So a small process waits for the end of a pipe, which the kernel closes with the
driver, and then kills whatever holds a file open below Ray's folder: all of Ray's processes log there. Reads
``/proc``; without it (macOS) Ray's own time-outs remain.
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
    """Gives a folder for Ray; what holds files open in it ends with the block, or with this process if it is killed.

    The folder is removed then, and its logs are kept in ``logs``.
    """
    folder = tempfile.mkdtemp(prefix="ensweep-ray-", dir="/tmp")  # Ray's sockets need a short path
    # -P: whatever lies in the user's folder is not taken for a module of that name.
    command = [sys.executable, "-P", "-m", "orchestrator.driver.reaper", folder, str(logs), str(os.getpid())]
    null = subprocess.DEVNULL  # whoever reads what this process says need not wait for the other's end
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
    """What a process, given by its folder in ``/proc``, holds open; what it closes while we look is passed over."""
    with suppress(OSError):  # ended meanwhile, or another user's
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())


def kill(folder: str, spared: int) -> None:
    """Kill the folder's holders until there are none: a process may start another while it is killed."""
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
    """A log, without what this process's environment says is secret: it is the driver's."""
    text = Path(source).read_bytes().decode(errors="surrogateescape")
    Path(target).write_bytes(redact(text).encode(errors="surrogateescape"))


def main(folder: str, logs: str, driver: str) -> None:
    """Wait for the driver's end; then clear up."""
    sys.stdin.buffer.read()
    kill(folder, spared=int(driver))
    keep_logs(folder, Path(logs))


if __name__ == "__main__":
    main(*sys.argv[1:])
