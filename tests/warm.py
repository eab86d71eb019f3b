"""Commands of the real command line, each a process of its own, which has its imports behind it.

Importing torch and pandas takes longer than most commands that are tested. So one process imports all that commands
import, once, and a fork of it becomes the command: with the folder, the environment and the output that it is given,
and with its own exit code or death. What depends on imports, or on Ray, starts as a user would: see
:meth:`tests.e2e.conftest.Workplace.run`. ``tests/e2e/test_extending.py`` runs every command from a cold start.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
PACKAGES = ("specs", "trainers", "orchestrator", "reports")
LIBRARIES = ("boto3", "sklearn.datasets", "pyarrow.parquet")
"""What commands import when they come to it."""


def ensweep(
    *arguments: str,
    folder: Path,
    environment: dict[str, str] | None = None,
    program: str = "orchestrator.cli",
    seconds: float = 600,
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end; ``program`` names the module whose ``main()`` it is."""
    done = ensweep_in_bytes(*arguments, folder=folder, environment=environment, program=program, seconds=seconds)
    return subprocess.CompletedProcess(list(arguments), done.returncode, _text(done.stdout), _text(done.stderr))


def ensweep_in_bytes(
    *arguments: str,
    folder: Path,
    environment: dict[str, str] | None = None,
    program: str = "orchestrator.cli",
    seconds: float = 600,
) -> "subprocess.CompletedProcess[bytes]":
    """The same as :func:`ensweep`, with the command's output as it is."""
    job = {
        "arguments": [str(Path(sys.executable).with_name("ensweep")), *arguments],
        "folder": str(folder),
        "environment": dict(os.environ) if environment is None else environment,
        "program": program,
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code = _ask(job, out, err, seconds)
        said = [_content(file) for file in (out, err)]
    return subprocess.CompletedProcess(list(arguments), code, *said)


def suits(environment: dict[str, str]) -> bool:
    """Whether a command with these variables would import what a warm one has imported."""
    return environment.get("PYTHONPATH") == _path_at_start


_path_at_start = os.environ.get("PYTHONPATH")


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape").replace("\r\n", "\n")


def _ask(job: dict[str, Any], out: IO[bytes], err: IO[bytes], seconds: float) -> int:
    """How a job ended: its exit code, or minus its signal."""
    line = _server()
    descriptor, path = tempfile.mkstemp()
    with os.fdopen(descriptor, "w+") as file:
        json.dump(job, file)
        file.flush()
        Path(path).unlink()
        socket.send_fds(line, [b"job"], [file.fileno(), out.fileno(), err.fileno()])
    pid = int(line.recv(32))
    line.settimeout(seconds)
    try:
        return int(line.recv(32))
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        line.recv(32)
        raise
    finally:
        line.settimeout(None)


@cache
def _server() -> socket.socket:
    """The line to the process that forks; it ends with this one, whose end closes the line."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from tests import warm; warm.serve({theirs.fileno()})"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), _path_at_start)))},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(_close, ours, process)
    return ours


def _close(line: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    line.close()
    process.wait()


def serve(descriptor: int) -> None:
    """Fork for each job; a fork returns here as the command, and ends as a program does."""
    _import_all()
    line = socket.socket(fileno=descriptor)
    while True:
        word, descriptors, *_ = socket.recv_fds(line, 32, 3)
        if not word:
            return
        pid = os.fork()
        if not pid:
            break
        for each in descriptors:
            os.close(each)
        line.send(str(pid).encode())
        line.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    line.close()
    _become(*descriptors)


def _end(main: Callable[[], object]) -> NoReturn:
    """What Python does at its end, but for taking apart a hundred thousand objects that the fork shares."""
    code = 1
    try:
        main()
        code = 0
    except SystemExit as ending:
        assert ending.code is None or isinstance(ending.code, int)
        code = ending.code or 0
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]  # waits for what has not ended
    atexit._run_exitfuncs()
    sys.stdout.flush()
    if not sys.stderr.closed:
        sys.stderr.flush()
    os._exit(code)


def _import_all() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.rpartition(".")[2].startswith("ray_"):  # Ray reads the environment as it is imported
                importlib.import_module(module.name)
    for library in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(library)
    assert "ray" not in sys.modules
    gc.collect()
    gc.freeze()  # a collection in a fork would copy them all


def _become(job: int, out: int, err: int) -> None:
    with os.fdopen(job) as file:
        file.seek(0)
        asked = json.load(file)
    for descriptor, place in ((out, 1), (err, 2)):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = asked["arguments"]
    _end(importlib.import_module(asked["program"]).main)
