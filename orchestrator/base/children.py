"""Child processes that end with their parent."""

import os
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """Let this child process end when its parent is gone, whatever it is doing.

    A parent that is killed cannot stop its children. A calibration of large networks would go on for minutes.
    """
    Thread(target=_watch, daemon=True, name="parent watch").start()


def _watch() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
