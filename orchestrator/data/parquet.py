"""Images in Parquet as the Hugging Face hub lays them out: a column of encoded files, a column of labels."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image
from torch import Tensor

from orchestrator.base.errors import DataError
from specs.datasets import DATASETS

IMAGE_COLUMNS = ("image", "img")
LABEL_COLUMNS = {"cifar100": ("fine_label",)}
MODES = {1: "L", 3: "RGB"}
"""Pillow's name for images of so many channels."""


def read_parquet(name: str, paths: tuple[Path, ...]) -> tuple[Tensor, Tensor]:
    """Images (example, channel, height, width) and labels of one split, in the order of files and rows.

    Raises:
        DataError: a file is damaged, lacks a column, or holds an image of another shape.
    """
    parts = [_read_file(name, path) for path in paths]
    return torch.cat([images for images, _ in parts]), torch.cat([labels for _, labels in parts])


def _read_file(name: str, path: Path) -> tuple[Tensor, Tensor]:
    try:
        schema = pq.read_schema(path)
        image = _column(path, schema.names, IMAGE_COLUMNS)
        label = _column(path, schema.names, LABEL_COLUMNS.get(name, ("label",)))
        table = pq.read_table(path, columns=[image, label], page_checksum_verification=True)
        if not pa.types.is_integer(table.schema.field(label).type):
            raise TypeError(f"column {label} is no column of whole numbers")
        encoded = [row["bytes"] for row in table[image].to_pylist()]
        labels = torch.tensor(table[label].to_pylist(), dtype=torch.int64)
    except (OSError, pa.ArrowException, TypeError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(f"{path}: is no whole Parquet file of images and labels: {error}; fetch it again") from error
    images = np.empty((len(encoded), *DATASETS[name].shape), dtype=np.uint8)
    for row, content in enumerate(encoded):
        images[row] = decode_image(content, DATASETS[name].shape, f"{path}: row {row}")
    return torch.from_numpy(images), labels


def _column(path: Path, names: list[str], wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in names:
            return name
    raise DataError(f"{path}: has columns {', '.join(names)}; expected one called {' or '.join(wanted)}")


def decode_image(content: Any, shape: tuple[int, int, int], where: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of one PNG file of that shape: channels, height, width.

    Raises:
        DataError: it is none, or damaged, or of another shape; ``where`` is its place in the message.
    """
    channels, height, width = shape
    try:
        # PNG alone is lossless and what the hub has; for some other formats Pillow starts other programs.
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            found = (image.mode, image.height, image.width)
            right = found == (MODES[channels], height, width)
            pixels = np.asarray(image) if right else None  # a small file may hold an image of gigabytes
    except (OSError, SyntaxError, ValueError, TypeError, Image.DecompressionBombError) as error:
        raise DataError(f"{where}: the image cannot be decoded: {error}; fetch the file again") from error
    if pixels is None:
        expected = f"{MODES[channels]} {height}×{width}"
        raise DataError(f"{where}: the image is {found[0]} {found[1]}×{found[2]}, expected {expected}")
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
