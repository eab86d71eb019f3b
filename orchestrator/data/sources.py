"""Where a data set's files are: a folder of Parquet, torchvision's own files, or inside scikit-learn.

What decodes them is imported when it does: finding them needs no torch, unless torchvision must look for them.
"""

import hashlib
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.base.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

    from trainers.data import Arrays

IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""Fashion-MNIST's own: training images and labels, test images and labels."""


@dataclass(frozen=True)
class Files:
    """The files that hold a data set, and how they are decoded."""

    paths: tuple[Path, ...]
    decode: "Callable[[], Arrays]"
    places: tuple[str, str, str, str]
    """Where training images, training labels, test images and test labels are, as messages name it."""


def find(name: str, root: Path) -> Files:
    """The files of a data set in ``root``, downloaded there through torchvision where it has none.

    Raises:
        DataError: there are none and they cannot be downloaded, or one split is missing.
    """
    if name == "digits":
        return _digits()
    return _parquet(name, root) or _torchvision(name, root)


def _digits() -> Files:
    """Scikit-learn's handwritten digits, found without importing it, which takes a second."""
    found = find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise DataError("digits is part of scikit-learn, which is not installed; install scikit-learn")
    path = Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise DataError(f"digits: {path} is missing; reinstall scikit-learn")
    place = str(path)
    return Files((path,), lambda: _read_digits(path), (place, place, place, place))


def _parquet(name: str, root: Path) -> Files | None:
    folder = root / name
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file, expected a folder with train-*.parquet and test-*.parquet")
    train, test = (tuple(sorted(folder.glob(f"{split}-*.parquet"))) for split in ("train", "test"))
    if not train and not test:
        return None
    for split, paths in (("train", train), ("test", test)):
        if not paths:
            raise DataError(f"{name}: {folder} has no {split}-*.parquet; put that split's files there")
    first, second = _together(train), _together(test)
    return Files(
        train + test,
        lambda: _read_parquet(name, train, test),
        (first, first, second, second),
    )


def _together(paths: Sequence[Path]) -> str:
    """The files of one split in a few words: the only one, or the first and how many more."""
    return str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _torchvision(name: str, root: Path) -> Files:
    if name == "fashion_mnist":
        folder = root / "FashionMNIST" / "raw"
        paths = tuple(folder / file for file in IDX_FILES)
        for path in paths:
            if path.exists() and not path.is_file():
                raise DataError(f"{path}: is a folder, expected a file; remove it and run again to download it")
        if not all(path.is_file() for path in paths):
            _download(name, root)
        images, labels, test_images, test_labels = map(str, paths)
        return Files(paths, lambda: _read_idx(paths), (images, labels, test_images, test_labels))
    train, test = _download(name, root)
    folder = root / train.base_folder
    first, second = ([folder / entry[0] for entry in entries] for entries in (train.train_list, train.test_list))
    place, test_place = _together(first), _together(second)
    return Files(
        (*first, *second),
        lambda: _read_cifar(train, test),
        (place, place, test_place, test_place),
    )


def _download(name: str, root: Path) -> tuple[Any, Any]:
    """Both splits as torchvision's data sets, which checks its own files' MD5 sums."""
    from torchvision import datasets

    kind = {"fashion_mnist": datasets.FashionMNIST, "cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[name]
    try:
        # torchvision prints which mirror it tries; standard output is for data.
        with redirect_stdout(sys.stderr):
            return kind(root, train=True, download=True), kind(root, train=False, download=True)
    except (OSError, RuntimeError, ValueError, AssertionError, EOFError) as error:
        state = _damage(kind, root) or f"{name} is not in {root}"
        raise DataError(
            f"{state} and could not be downloaded: {' '.join(str(error).split())}\n"
            f"Without a network, point --data-root at a folder that holds {name}/train-*.parquet and "
            f"{name}/test-*.parquet, or torchvision's files from another machine."
        ) from error


def _damage(kind: Any, root: Path) -> str:
    """The first of torchvision's files that is there and is not what it should be, in words; empty where none is."""
    if kind.__name__ == "FashionMNIST":
        published = [(root / "FashionMNIST" / "raw" / file, md5) for file, md5 in kind.resources]
    else:
        published = [(root / kind.filename, kind.tgz_md5)]
        published += [(root / kind.base_folder / file, md5) for file, md5 in (*kind.train_list, *kind.test_list)]
    for path, md5 in published:
        if path.is_dir():
            return f"{path}: is a folder, expected a file; remove it. It"
        if path.is_file() and (found := _md5(path)) != md5:
            return f"{path}: {path.stat().st_size:,} bytes with MD5 {found}, expected {md5}; it is damaged"
    return ""


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _read_digits(path: Path) -> "Arrays":
    from orchestrator.data.digits import read_digits

    return read_digits(path)


def _read_parquet(name: str, train: tuple[Path, ...], test: tuple[Path, ...]) -> "Arrays":
    from orchestrator.data.parquet import read_parquet
    from trainers.data import Arrays

    return Arrays(*read_parquet(name, train), *read_parquet(name, test))


def _read_idx(paths: Sequence[Path]) -> "Arrays":
    from orchestrator.data.idx import read_idx

    return read_idx(paths)


def _read_cifar(train: Any, test: Any) -> "Arrays":
    from trainers.data import Arrays

    return Arrays(*_cifar_split(train), *_cifar_split(test))


def _cifar_split(split: Any) -> "tuple[Tensor, Tensor]":
    import torch

    images = torch.from_numpy(split.data).permute(0, 3, 1, 2).contiguous()
    return images, torch.tensor(split.targets)
