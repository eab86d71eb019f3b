"""The files that hold a data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainers.data import Arrays


@dataclass(frozen=True)
class Files:
    """The files that hold a data set, and how they are decoded."""

    paths: tuple[Path, ...]
    decode: "Callable[[], Arrays]"
    places: tuple[str, str, str, str]
    """Names, for messages, of the places of training images, training labels, test images and test labels."""
    published: bool = False
    """Whether checksums of the files themselves show that they are the published ones."""


def together(paths: Sequence[Path]) -> str:
    """A short name for the files of one split: the only file, or the first and the number of others."""
    return str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
