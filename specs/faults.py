"""Named places where a test can kill, fail or stop the process. Nothing happens there unless a test says so.

It stands in the lowest room because every room above writes something that must survive a crash.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

Handler = Callable[[str], None]
"""Told the name of each place as it is passed; what it raises, or does to the process, is the fault."""

WRITES_PER_FILE = 8
"""In so many pieces a file is written while a handler is set, with a place after each: a cut after n bytes."""

_handler: Handler | None = None


def point(name: str) -> None:
    """Pass a named place."""
    if _handler is not None:
        _handler(name)


def write(name: str, file: BinaryIO, content: bytes) -> None:
    """Write content; under a handler in pieces, each on its way to the disk before the place is passed."""
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
    """Within the block, tell the handler of every place that this process passes."""
    global _handler  # noqa: PLW0603 - one process, one handler
    before, _handler = _handler, handler
    try:
        yield
    finally:
        _handler = before
