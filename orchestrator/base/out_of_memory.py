"""How to tell that memory ran out: torch, CUDA's libraries, the system and Ray each say it in their own way."""

from typing import Literal

TORCH_ERROR = "OutOfMemoryError"
"""The class of torch's error, by name: the driver asks too, and goes without torch."""

PHRASES = (
    "can't allocate memory",
    "not enough memory",
    "Cannot allocate memory",
    "MemoryError",
    "STATUS_ALLOC_FAILED",
    "bad_alloc",
    "running low on memory",
)
"""How torch, CUDA's libraries, the system, and Ray of a worker that it killed, say it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    return isinstance(error, MemoryError) or type(error).__name__ == TORCH_ERROR or says_out_of_memory(str(error))


def says_out_of_memory(message: str) -> bool:
    """Whether the text of an error says that memory ran out."""
    return any(phrase in message for phrase in PHRASES)


def cause_of(error: BaseException) -> Literal["oom", "error"]:
    """What a commit names as the cause of a failure by this error."""
    return "oom" if is_out_of_memory(error) else "error"
