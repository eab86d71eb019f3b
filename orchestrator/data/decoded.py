"""The decoded form of a data set on disk: its path, and whether it is intact.

This module does not import torch, which takes longer than everything else that a driver does before its workers start.
"""

import errno
import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestrator.base.errors import DataError
from orchestrator.data import sources
from orchestrator.data.files import Files
from specs import files
from specs.datasets import DATASETS

DECODING = "1"
"""Version of the decoder. Raise it whenever decoding gives other arrays for the same files, or finds more faults."""

Standing = Literal["published", "other", "unknown"]
"""Whether data are those that were published under their name: yes, no, or not known."""

COUNTS = {name: (facts.train, facts.test) for name, facts in DATASETS.items()}
"""Training and test examples of each data set."""


@dataclass(frozen=True)
class Known:
    """What is known of a decoded data set."""

    fingerprint: str
    """:meth:`trainers.data.Arrays.fingerprint`: equal for equal data in the same order, wherever it came from."""
    standing: Standing
    """Whether it is the published data set of its name."""


def known(name: str, data_root: Path | None, cache: Path) -> Known | None:
    """The record that an earlier process made when it decoded a data set; None if nothing intact exists.

    Raises:
        DataError: the files are missing or cannot be read.
    """
    with locked(name, cache):
        return recorded(place(name, sources.find(name, folder(data_root, cache)), cache, COUNTS[name]))


def standing_of(name: str, content: str, *, vouched_for: bool) -> Standing:
    """Whether data are the published ones.

    The digest ``content`` decides. If the published digest is unknown, ``vouched_for`` decides: whether the files'
    checksums are the published ones.
    """
    published = DATASETS[name].content
    if published is None:
        return "published" if vouched_for else "unknown"
    return "published" if content == published else "other"


def warning(name: str, standing: str) -> str:
    """A warning that data are not the published ones of their name; empty unless ``standing`` is ``other``."""
    if standing != "other":
        return ""
    return (
        f"these images and labels are not those of the published {name}, though they have its shape and counts; their "
        "trials are named as if they were. Point --data-root at the published data, or go on if you mean it"
    )


def folder(data_root: Path | None, cache: Path) -> Path:
    """The folder in which the data sets' own files are looked for.

    Raises:
        DataError: ``data_root`` does not exist.
    """
    if data_root is not None and not data_root.is_dir():
        raise DataError(f"{data_root}: no such folder; create it, or mend --data-root")
    return data_root or cache / "downloads"


def place(name: str, found: Files, cache: Path, counts: tuple[int, int]) -> Path:
    """Path of the decoded form of these files. Its name depends on their contents and on how they are decoded.

    Raises:
        DataError: a file cannot be read.
    """
    digest = hashlib.sha256(f"{DECODING} {counts}".encode())
    for path in found.paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return cache / "decoded" / f"{name}-{digest.hexdigest()[:16]}.safetensors"


def record(path: Path, known: Known) -> None:
    """Record fingerprint and standing of a decoded form that passed its checks."""
    files.replace_whole(_record(path), f"{known.fingerprint} {known.standing} {_seal(path, known)}\n".encode())


def recorded(path: Path) -> Known | None:
    """The record of a decoded form; None if the form or the record is missing or damaged."""
    try:
        fingerprint, standing, seal = _record(path).read_text().split()
        found = Known(fingerprint, standing)  # type: ignore[arg-type]  # a matching seal proves it valid
        return found if seal == _seal(path, found) else None
    except (FileNotFoundError, ValueError):  # UnicodeDecodeError among them
        return None


def _record(path: Path) -> Path:
    return path.with_suffix(".fingerprint")


def _seal(path: Path, known: Known) -> str:
    """SHA-256 over the record and the whole decoded file. It detects a flipped bit that no other check would find."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").digest()
    return hashlib.sha256(f"{known.fingerprint} {known.standing}".encode() + content).hexdigest()


@contextmanager
def locked(name: str, cache: Path) -> Iterator[None]:
    """Admit one process at a time to the block, so that a data set is downloaded and decoded once.

    Raises:
        DataError: the block raises an ``OSError``, or the cache cannot be written.
    """
    try:
        with _lock(cache / f"{name}.lock"):
            yield
    except OSError as error:
        raise DataError(f"{name}: {error}; {cache} must be writable ($ENSWEEP_CACHE names another folder)") from error


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            # Some network file systems have no locks. The cache stays intact without them: writes are atomic.
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
                raise
        yield
