"""Fashion-MNIST's own files: a big-endian header, then one byte per pixel or label."""

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from orchestrator.base.errors import DataError
from trainers.data import Arrays

IMAGES, LABELS = 2051, 2049
"""Values of the first four bytes of a file: unsigned bytes in three dimensions, or in one."""


def read_idx(paths: Sequence[Path]) -> Arrays:
    """Read four files: training images, training labels, test images and test labels.

    Raises:
        DataError: a file cannot be read, is cut short, or is no idx file.
    """
    train_images, train_labels, test_images, test_labels = (
        _read(path, magic) for path, magic in zip(paths, (IMAGES, LABELS) * 2, strict=True)
    )
    return Arrays(train_images.unsqueeze(1), train_labels.long(), test_images.unsqueeze(1), test_labels.long())


def _read(path: Path, magic: int) -> Tensor:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    dimensions = magic & 0xFF
    header = 4 + 4 * dimensions
    found, *shape = struct.unpack(f">{1 + dimensions}I", content[:header].ljust(header, b"\0"))
    if found != magic:
        raise DataError(f"{path}: begins with {found}, expected {magic}; delete the file and run again to download it")
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise DataError(
            f"{path}: {len(content):,} bytes, expected {expected:,}; delete the file and run again to download it"
        )
    return torch.from_numpy(np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape).copy())
