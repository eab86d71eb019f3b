"""Loads a data set by its name: images and labels are decoded, checked, and cached for the next process."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError

from orchestrator.base.errors import DataError
from orchestrator.data import decoded, sources
from orchestrator.data.decoded import COUNTS, Known
from specs.datasets import DATASETS
from trainers.data import Arrays, read, write


@dataclass(frozen=True)
class Prepared:
    """A data set that is ready to train on."""

    arrays: Arrays
    known: Known
    """Its verified fingerprint and standing."""
    path: Path
    """The decoded form on disk, for :func:`trainers.data.read`."""

    @property
    def fingerprint(self) -> str:
        """See :class:`orchestrator.data.decoded.Known`."""
        return self.known.fingerprint


def load(name: str, data_root: Path | None, cache: Path, counts: tuple[int, int] | None = None) -> Prepared:
    """Load a data set: decode it once, and afterwards read the decoded form from ``cache``.

    The source is Parquet in ``data_root`` (``fashion_mnist/train-*.parquet``) or torchvision's files there. If neither
    exists, torchvision's files are downloaded. Several processes may call this at once.

    Args:
        name: the data set.
        data_root: folder with data sets; None for ``cache/downloads``.
        cache: folder of downloads and decoded data.
        counts: expected numbers of training and test examples. None expects the whole data set, and then checks the
            number of examples of each class too, which detects most labels of another data set.

    Raises:
        DataError: the files are missing, damaged or not this data set, or the cache cannot be written.
    """
    root = decoded.folder(data_root, cache)
    with decoded.locked(name, cache):
        found = sources.find(name, root)
        path = decoded.place(name, found, cache, counts or COUNTS[name])
        cached = _cached(path)
        arrays = cached.arrays if cached else found.decode()
        _check(name, arrays, counts or COUNTS[name], found.places)
        if counts is None:
            _check_classes(name, arrays, found.places)
        return cached or _keep(name, arrays, path, vouched_for=found.published)


def _keep(name: str, arrays: Arrays, path: Path, *, vouched_for: bool) -> Prepared:
    write(arrays, path)
    standing = decoded.standing_of(name, arrays.content(), vouched_for=vouched_for)
    known = Known(arrays.fingerprint(), standing)
    decoded.record(path, known)
    return Prepared(arrays, known, path)


def _cached(path: Path) -> Prepared | None:
    """The data set that an earlier call decoded; None if that form is missing or damaged."""
    known = decoded.recorded(path)
    try:
        return Prepared(read(path), known, path) if known else None
    except (FileNotFoundError, SafetensorError, TypeError):
        return None


def _check(name: str, arrays: Arrays, counts: tuple[int, int], places: tuple[str, str, str, str]) -> None:
    splits = (
        ("training", arrays.train_images, arrays.train_labels, counts[0], places[:2]),
        ("test", arrays.test_images, arrays.test_labels, counts[1], places[2:]),
    )
    for split, images, labels, count, (images_place, labels_place) in splits:
        expected = (count, *DATASETS[name].shape)
        if tuple(images.shape) != expected or images.dtype != torch.uint8:
            raise DataError(
                f"{images_place}: {split} images of {name} have shape {tuple(images.shape)}, expected {expected}; "
                "fetch the data set again"
            )
        if tuple(labels.shape) != (count,):
            raise DataError(f"{labels_place}: {len(labels)} {split} labels of {name}, expected {count}; fetch it again")
        low, high = int(labels.min()), int(labels.max())
        highest = DATASETS[name].classes - 1
        if low < 0 or high > highest:
            raise DataError(
                f"{labels_place}: {split} labels of {name} go from {low} to {high}, expected 0 to {highest}; "
                "is this another data set?"
            )


def _check_classes(name: str, arrays: Arrays, places: tuple[str, str, str, str]) -> None:
    train, test = DATASETS[name].class_counts
    splits = (
        ("training", arrays.train_labels, train, places[1]),
        ("test", arrays.test_labels, test, places[3]),
    )
    for split, labels, counts, place in splits:
        for number, (found, expected) in enumerate(
            zip(labels.bincount(minlength=len(counts)).tolist(), counts, strict=True)
        ):
            if found != expected:
                raise DataError(
                    f"{place}: {found} {split} images of {name} have label {number}, expected {expected}; "
                    "are these another data set's labels?"
                )
