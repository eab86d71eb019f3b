"""The exact state of a stack in training on disk: whole writes, two slots in turn, checked before it is read.

Each slot holds ``state.safetensors`` (tensors, and the book-keeping in its metadata) and ``sha256``, the digest of
that file. A write goes to the slot that does not hold the newest valid state, so that whenever it is cut off one
whole state is left. Nothing read here can execute code.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """One saved state: tensors on the CPU and book-keeping as JSON."""

    number: int
    """How many states were saved before it."""
    tensors: dict[str, Tensor]
    book: str


class Checkpoint:
    """Two slots in a directory that belong to one stack."""

    def __init__(self, directory: Path, fingerprint: str) -> None:
        """``fingerprint`` names the stack and its data: states of another are left out."""
        self._slots = (directory / "a", directory / "b")
        self._fingerprint = fingerprint
        self._next: tuple[Path, int] | None = None

    def load(self) -> Saved | None:
        """The newest valid state; none where there is none. What is wrong with a slot is logged once, as a warning."""
        states = {slot: state for slot in self._slots if (state := self._read(slot))}
        newest = max(states, key=lambda slot: states[slot].number, default=None)
        if newest is None:
            self._next = (self._slots[0], 0)
            return None
        self._next = (self._other(newest), states[newest].number + 1)
        return states[newest]

    def save(self, tensors: dict[str, Tensor], book: str) -> None:
        """Write a state whole, next to the newest valid one."""
        if self._next is None:
            self.load()
        assert self._next is not None
        slot, number = self._next
        metadata = {"number": str(number), "stack": self._fingerprint, "book": book}
        content = save({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, metadata)
        slot.mkdir(parents=True, exist_ok=True)
        _write_whole(slot / "state.safetensors", content)
        _write_whole(slot / "sha256", hashlib.sha256(content).hexdigest().encode())
        self._next = (self._other(slot), number + 1)

    def _other(self, slot: Path) -> Path:
        return self._slots[1] if slot == self._slots[0] else self._slots[0]

    def _read(self, slot: Path) -> Saved | None:
        try:
            content = (slot / "state.safetensors").read_bytes()
            digest = (slot / "sha256").read_bytes()
        except FileNotFoundError:
            if slot.exists():
                log.warning("checkpoint %s is incomplete; it is left out", slot)
            return None
        if hashlib.sha256(content).hexdigest().encode() != digest:
            log.warning("checkpoint %s does not match its SHA-256; it is left out", slot)
            return None
        try:
            return self._parsed(content, slot)
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            log.warning("checkpoint %s cannot be read (%s); it is left out", slot, error)
            return None

    def _parsed(self, content: bytes, slot: Path) -> Saved | None:
        # A safetensors file starts with the length of its JSON header in 8 little-endian bytes.
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        if header["stack"] != self._fingerprint:
            log.warning("checkpoint %s is of other trials or other data; it is left out", slot)
            return None
        return Saved(int(header["number"]), load(content), header["book"])


def _write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one move, on the disk before this returns."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
