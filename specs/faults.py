"""Named points at which a test can kill, fail or stop the process. Without a test's handler, nothing happens there.

The module is in the lowest package, because all packages above write something that must survive a crash.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

Handler = Callable[[str], None]
"""Called with the name of each point that the process passes. It makes a fault by raising or killing the process."""

WRITES_PER_FILE = 8
"""Pieces in which a file is written while a handler is set. After each is a point, so a test can cut the file there."""

_handler: Handler | None = None


def point(name: str) -> None:
    """Pass a named point: call the handler, if one is set."""
    if _handler is not None:
        _handler(name)


def write(name: str, file: BinaryIO, content: bytes) -> None:
    """Write content. With a handler, write and flush it in pieces, and pass the named point after each."""
    if _handler is None:
        file.write(content)
        return
    step = max(1, -(-len(content) // WRITES_PER_FILE))
    for start in range(0, len(content), step):
        file.write(content[start : start + step])
        file.flush()
        point(name)


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Call the handler at every point that this process passes inside the block."""
    global _handler  # noqa: PLW0603 - one process, one handler
    before, _handler = _handler, handler
    try:
        yield
    finally:
        _handler = before
