"""From a data set's name to decoded images and labels, checked, and cached for the next process."""

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
    """Verified."""
    path: Path
    """The decoded form on disk, for :func:`trainers.data.read`."""

    @property
    def fingerprint(self) -> str:
        """See :class:`orchestrator.data.decoded.Known`."""
        return self.known.fingerprint


def load(name: str, data_root: Path | None, cache: Path, counts: tuple[int, int] | None = None) -> Prepared:
    """The data set, decoded once and then read from ``cache``.

    It is looked for in ``data_root`` as Parquet (``fashion_mnist/train-*.parquet``) or as torchvision's files, and
    downloaded there otherwise; without a ``data_root`` the folder is ``cache/downloads``. ``counts`` are the expected
    training and test examples, by default the whole data set's, whose examples of each class are then counted too:
    labels of another data set are mostly found out so. Safe in several processes at once.

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
    """What an earlier call wrote, or None where that is missing or damaged and must be decoded again."""
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
