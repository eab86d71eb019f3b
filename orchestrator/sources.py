"""Where a data set's files are: a folder of Parquet, torchvision's own files, or inside scikit-learn."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from orchestrator.errors import DataError
from orchestrator.idx_images import IDX_FILES, read_idx
from orchestrator.parquet_images import read_parquet
from specs.datasets import DATASETS
from trainers.data import Arrays


@dataclass(frozen=True)
class Files:
    """The files that hold a data set, and how they are decoded."""

    paths: tuple[Path, ...]
    decode: Callable[[], Arrays]


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
    return Files((path,), _decode_digits)


def _decode_digits() -> Arrays:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = torch.from_numpy(bunch.images.astype("uint8")).unsqueeze(1)
    labels = torch.from_numpy(bunch.target.astype("int64"))
    train = DATASETS["digits"].train
    return Arrays(images[:train], labels[:train], images[train:], labels[train:])


def _parquet(name: str, root: Path) -> Files | None:
    folder = root / name
    train, test = (tuple(sorted(folder.glob(f"{split}-*.parquet"))) for split in ("train", "test"))
    if not train and not test:
        return None
    for split, paths in (("train", train), ("test", test)):
        if not paths:
            raise DataError(f"{name}: {folder} has no {split}-*.parquet; put that split's files there")
    return Files(train + test, lambda: Arrays(*read_parquet(name, train), *read_parquet(name, test)))


def _torchvision(name: str, root: Path) -> Files:
    if name == "fashion_mnist":
        folder = root / "FashionMNIST" / "raw"
        paths = tuple(folder / file for file in IDX_FILES)
        if not all(path.is_file() for path in paths):
            _download(name, root)
        return Files(paths, lambda: read_idx(folder))
    train, test = _download(name, root)
    folder = root / train.base_folder
    paths = tuple(folder / entry[0] for entry in (*train.train_list, *train.test_list))
    return Files(paths, lambda: Arrays(*_cifar_split(train), *_cifar_split(test)))


def _download(name: str, root: Path) -> tuple[Any, Any]:
    """Both splits as torchvision's data sets, which checks its own files' MD5 sums."""
    from torchvision import datasets

    kind = {"fashion_mnist": datasets.FashionMNIST, "cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[name]
    try:
        # torchvision prints which mirror it tries; standard output is for data.
        with redirect_stdout(sys.stderr):
            return kind(root, train=True, download=True), kind(root, train=False, download=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            f"{name} is not in {root} and could not be downloaded: {' '.join(str(error).split())}\n"
            f"Without a network, point --data-root at a folder that holds {name}/train-*.parquet and "
            f"{name}/test-*.parquet, or torchvision's files from another machine."
        ) from error


def _cifar_split(split: Any) -> tuple[Tensor, Tensor]:
    images = torch.from_numpy(split.data).permute(0, 3, 1, 2).contiguous()
    return images, torch.tensor(split.targets)
