"""Detection of out-of-memory errors. Torch, CUDA's libraries, the system and Ray each report them differently."""

from typing import Literal

TORCH_ERROR = "OutOfMemoryError"
"""Name of torch's error class. A name suffices for the driver, which does not import torch."""

PHRASES = (
    "can't allocate memory",
    "not enough memory",
    "Cannot allocate memory",
    "MemoryError",
    "STATUS_ALLOC_FAILED",
    "bad_alloc",
    "running low on memory",
)
"""Phrases in the messages of torch, CUDA's libraries and the system, and in Ray's message about a killed worker."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    return isinstance(error, MemoryError) or type(error).__name__ == TORCH_ERROR or says_out_of_memory(str(error))


def says_out_of_memory(message: str) -> bool:
    """Whether the text of an error says that memory ran out."""
    return any(phrase in message for phrase in PHRASES)


def cause_of(error: BaseException) -> Literal["oom", "error"]:
    """The ``cause`` that a commit records for a failure by this error."""
    return "oom" if is_out_of_memory(error) else "error"
