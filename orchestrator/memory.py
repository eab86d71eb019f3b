"""Trials that run out of memory: each gets one more chance, and is given up then. Batch sizes are never touched."""

from typing import Literal

from orchestrator.plan import Task
from orchestrator.store import Store

MARK = "out-of-memory"
"""Lies beside the checkpoint of a stack that ran out of memory once."""

TORCHS = "OutOfMemoryError"
"""The class of torch's error, by name: the driver asks too, and goes without torch."""

WORDS = (
    "can't allocate memory",
    "not enough memory",
    "Cannot allocate memory",
    "MemoryError",
    "STATUS_ALLOC_FAILED",
    "bad_alloc",
    "running low on memory",
)
"""How torch, CUDA's libraries, the system, and Ray of a worker that it killed, say it."""


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    return isinstance(error, MemoryError) or type(error).__name__ == TORCHS or says_so(str(error))


def says_so(message: str) -> bool:
    """Whether the text of an error says that memory ran out."""
    return any(words in message for words in WORDS)


def cause_of(error: BaseException) -> Literal["oom", "error"]:
    """What a commit names as the cause of a failure by this error."""
    return "oom" if ran_out(error) else "error"


def may_try_again(task: Task, store: Store) -> bool:
    """True the first time that a stack runs out of memory; remembered in the store, whoever asks."""
    return store.checkpoint(task.id).create(MARK, b"")


def forget(task: Task, store: Store) -> None:
    """Give a stack its second chance back, once it is decided."""
    store.checkpoint(task.id).delete([MARK])
