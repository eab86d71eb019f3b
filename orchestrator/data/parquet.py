"""Images in Parquet as the Hugging Face hub lays them out: a column of encoded files, a column of labels.

An image is stored as the bytes of a PNG or JPEG file, alone or in a struct with the file's former path.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from orchestrator.base.errors import DataError
from specs.datasets import DATASETS

IMAGE_COLUMNS = ("image", "img")
MODES = {1: "L", 3: "RGB"}
"""Pillow's mode by the number of channels."""
FORMATS = ("PNG", "JPEG")
"""The only formats that are decoded. For some others Pillow starts external programs."""


def read_parquet(name: str, label: str, paths: Sequence[Path]) -> tuple[Tensor, Tensor]:
    """Images (example, channel, height, width) and labels of one split, in the order of files and rows.

    Raises:
        DataError: a file is damaged, lacks a column, or holds anything but images of the expected shape and labels.
    """
    parts = [_read_file(name, label, path) for path in paths]
    return torch.cat([images for images, _ in parts]), torch.cat([labels for _, labels in parts])


def _read_file(name: str, label: str, path: Path) -> tuple[Tensor, Tensor]:
    shape = DATASETS[name].shape
    try:
        names = pq.read_schema(path).names
        image, label = _column(path, names, IMAGE_COLUMNS), _column(path, names, (label,))
        table = pq.read_table(path, columns=[image, label], page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: is no whole Parquet file of images and labels: {error}; fetch it again") from error
    labels = torch.tensor(_labels(table[label], f"{path}: column {label}"), dtype=torch.int64)
    images = np.empty((table.num_rows, *shape), dtype=np.uint8)
    for row, content in enumerate(_encoded(table[image], f"{path}: column {image}")):
        images[row] = decode_image(content, shape, f"{path}: row {row}")
    return torch.from_numpy(images), labels


def _column(path: Path, names: list[str], wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in names:
            return name
    raise DataError(f"{path}: has columns {', '.join(names)}; expected one called {' or '.join(wanted)}")


def _labels(column: pa.ChunkedArray, where: str) -> list[int]:
    """The labels as whole numbers.

    Raises:
        DataError: a label is a fraction, a text or missing; the message names its row.
    """
    labels: list[int] = column.to_pylist()
    for row, value in enumerate(labels):
        if type(value) is not int:
            found = "no label" if value is None else f"the label {value!r}"
            raise DataError(f"{where} of type {column.type}: row {row} has {found}; expected whole numbers from 0 on")
    return labels


def _encoded(column: pa.ChunkedArray, where: str) -> list[bytes]:
    """The encoded file of each image: the column's own bytes, or those of its field ``bytes``.

    Raises:
        DataError: the column holds no bytes, or a row has none.
    """
    kind = column.type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        found: list[Any] = [None if row is None else row["bytes"] for row in column.to_pylist()]
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        found = column.to_pylist()
    else:
        raise DataError(f"{where} has the type {kind}; expected the bytes of PNG or JPEG files")
    for row, content in enumerate(found):
        if content is None:
            said = column[row].as_py()
            path = said.get("path") if isinstance(said, dict) else None
            what = f"the path {path!r} and no bytes" if path else "no image"
            raise DataError(f"{where} of type {kind}: row {row} has {what}; expected the bytes of a PNG or JPEG file")
    return found


def decode_image(content: bytes, shape: tuple[int, int, int], where: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of one PNG or JPEG file of that shape: channels, height, width.

    Raises:
        DataError: the content is no such file, is damaged, or has another shape. The message names ``where``.
    """
    channels, height, width = shape
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            found = (image.mode, image.height, image.width)
            right = found == (MODES[channels], height, width)
            pixels = np.asarray(image) if right else None  # a small file may hold an image of gigabytes
    except UnidentifiedImageError as error:
        begins = f"{len(content):,} bytes that begin with {content[:8]!r}"
        raise DataError(f"{where}: the image is no whole PNG or JPEG file: {begins}; fetch the file again") from error
    except (OSError, SyntaxError, ValueError, TypeError, Image.DecompressionBombError) as error:
        raise DataError(f"{where}: the image cannot be decoded: {error}; fetch the file again") from error
    if pixels is None:
        expected = f"{MODES[channels]} {height}×{width}"
        raise DataError(f"{where}: the image is {found[0]} {found[1]}×{found[2]}, expected {expected}")
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
