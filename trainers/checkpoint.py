"""The exact state of a stack in training, saved to two slots in turn. Each slot is verified before it is used.

Each slot holds ``state.safetensors`` (tensors, and the book-keeping in its metadata) and ``sha256``, the digest of
that file. A write goes to the slot that does not hold the newest valid state, so an interrupted write leaves one whole
state. Reading a checkpoint never executes code from it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from specs import faults

log = logging.getLogger(__name__)

SLOTS = ("a/", "b/")
STATE, MARKER = "state.safetensors", "sha256"


class Files(Protocol):
    """Storage of the slots. Content appears under its key whole or not at all."""

    def read(self, key: str) -> bytes:
        """The content of a key.

        Raises:
            FileNotFoundError: there is none.
        """

    def replace(self, key: str, content: bytes) -> None:
        """Put content under a key, in one step."""


@dataclass(frozen=True)
class Saved:
    """One saved state: tensors on the CPU and book-keeping as JSON."""

    number: int
    """Number of states that were saved before this one."""
    tensors: dict[str, Tensor]
    book: str
    environments: tuple[str, ...] = ()
    """Names of the environments that trained up to this state: several where versions or the device changed."""


class Checkpoint:
    """Two slots that belong to one stack."""

    def __init__(self, files: Files, fingerprint: str, environment: str = "") -> None:
        """Prepare to load and save; this reads nothing yet.

        Args:
            files: where the slots are.
            fingerprint: names the stack and its data; states with another fingerprint are ignored.
            environment: names the versions and the device of this process.
        """
        self._files = files
        self._fingerprint = fingerprint
        self._environment = environment
        self._next: tuple[str, int] | None = None
        self.environments: tuple[str, ...] = (environment,)
        """Names of the environments that have trained this stack, this process's included."""

    def load(self, fits: Callable[[Saved], bool] = lambda saved: True) -> Saved | None:
        """The newest valid state, or None. An unusable slot is logged as a warning.

        ``fits`` says whether training can resume from a state whose file is intact.
        """
        states = {slot: state for slot in SLOTS if (state := self._read(slot, fits))}
        newest = max(states, key=lambda slot: states[slot].number, default=None)
        if newest is None:
            self._next = (SLOTS[0], 0)
            return None
        found = states[newest]
        self._next = (_other(newest), found.number + 1)
        self.environments = tuple(dict.fromkeys((*found.environments, self._environment)))
        return found

    def save(self, tensors: dict[str, Tensor], book: str) -> None:
        """Write a state to the slot that does not hold the newest valid one."""
        if self._next is None:
            self.load()
        assert self._next is not None
        slot, number = self._next
        metadata = {
            "number": str(number),
            "stack": self._fingerprint,
            "book": book,
            "environments": json.dumps(self.environments),
        }
        content = save({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, metadata)
        faults.point("checkpoint.save")
        self._files.replace(slot + STATE, content)
        faults.point("checkpoint.state")
        self._files.replace(slot + MARKER, hashlib.sha256(content).hexdigest().encode())
        faults.point("checkpoint.saved")
        self._next = (_other(slot), number + 1)

    def _read(self, slot: str, fits: Callable[[Saved], bool]) -> Saved | None:
        try:
            content = self._files.read(slot + STATE)
        except FileNotFoundError:
            return None  # nothing was written here, or its first write was cut off
        try:
            digest = self._files.read(slot + MARKER)
        except FileNotFoundError:
            log.warning("checkpoint slot %s is incomplete; it is left out", slot)
            return None
        if hashlib.sha256(content).hexdigest().encode() != digest:
            log.warning("checkpoint slot %s does not match its SHA-256; it is left out", slot)
            return None
        try:
            found = self._parsed(content, slot)
        except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
            log.warning("checkpoint slot %s cannot be read (%s); it is left out", slot, error)
            return None
        if found and not fits(found):
            log.warning("checkpoint slot %s holds something else than this stack's state; it is left out", slot)
            return None
        return found

    def _parsed(self, content: bytes, slot: str) -> Saved | None:
        # A safetensors file starts with the length of its JSON header in 8 little-endian bytes.
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        if header["stack"] != self._fingerprint:
            log.warning("checkpoint slot %s is of other trials or other data; it is left out", slot)
            return None
        environments = tuple(str(name) for name in json.loads(header["environments"]))
        return Saved(int(header["number"]), load(content), header["book"], environments)


def _other(slot: str) -> str:
    return SLOTS[1] if slot == SLOTS[0] else SLOTS[0]
