"""A data set as tensors: the decoded form that trials train on and that is cached on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor

from specs import files


@dataclass(frozen=True)
class Arrays:
    """A whole decoded data set: images are uint8 (example, channel, height, width), labels int64 (example,).

    Nothing may modify the tensors: the fingerprint is computed once.
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def fingerprint(self) -> str:
        """SHA-256 in hex over names, shapes, types and contents: equal for equal data, however it was stored."""
        return self._fingerprint

    def content(self) -> str:
        """SHA-256 in hex over the examples of both splits; their order within a split does not matter."""
        digest = hashlib.sha256()
        for images, labels in ((self.train_images, self.train_labels), (self.test_images, self.test_labels)):
            rows = zip(images.flatten(1).contiguous().numpy(), labels.tolist(), strict=True)
            each = sorted(hashlib.sha256(bytes([label % 256]) + row.tobytes()).digest() for row, label in rows)
            digest.update(b"".join(each))
        return digest.hexdigest()

    @cached_property  # every stack that a process trains asks for it, and it takes 0.1 s
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for field in fields(self):
            tensor: Tensor = getattr(self, field.name).contiguous()
            digest.update(f"{field.name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            digest.update(tensor.numpy().data)
        return digest.hexdigest()


def write(arrays: Arrays, path: Path) -> None:
    """Write the decoded form whole: readers see the old file, the new one or none."""
    files.replace_whole(path, save({field.name: getattr(arrays, field.name).contiguous() for field in fields(arrays)}))


def read(path: Path) -> Arrays:
    """Read the decoded form.

    Raises:
        FileNotFoundError: there is no such file.
        safetensors.SafetensorError: the file is cut short or is no safetensors file.
        TypeError: the file holds other tensors than those of a data set.
    """
    return Arrays(**load_file(path))
