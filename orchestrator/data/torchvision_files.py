"""Data sets as torchvision downloads and unpacks them."""

import hashlib
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.base.errors import DataError
from orchestrator.data.files import Files, together

if TYPE_CHECKING:
    from torch import Tensor

    from trainers.data import Arrays

IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""Files of Fashion-MNIST: training images, training labels, test images and test labels."""


@dataclass(frozen=True)
class TorchvisionFiles:
    """One of torchvision's data sets."""

    kind: str
    """Name of the class in ``torchvision.datasets``."""
    folder: str
    """Folder below the root into which it is unpacked."""
    files: tuple[str, ...]
    """Files in that folder after unpacking."""
    size: int
    """Size of the download in bytes."""
    package: str = ""

    def place(self, root: Path) -> Path | None:
        """The folder that holds the data set; None if a file is missing."""
        folder = root / self.folder
        return folder if all((folder / file).is_file() for file in self.files) else None

    def find(self, name: str, root: Path) -> Files:
        """The files of the data set, downloaded if they are missing.

        Raises:
            DataError: the files are missing and cannot be downloaded, or are damaged.
        """
        return self._idx(name, root) if self.files == IDX_FILES else self._cifar(name, root)

    def _idx(self, name: str, root: Path) -> Files:
        paths = tuple(root / self.folder / file for file in self.files)
        for path in paths:
            if path.exists() and not path.is_file():
                raise DataError(f"{path}: is a folder, expected a file; remove it and run again to download it")
        if self.place(root) is None:
            self._download(name, root)
        images, labels, test_images, test_labels = map(str, paths)
        return Files(paths, lambda: _read_idx(paths), (images, labels, test_images, test_labels))

    def _cifar(self, name: str, root: Path) -> Files:
        train, test = self._download(name, root)  # torchvision compares checksums with the published ones
        folder = root / self.folder
        first, second = ([folder / entry[0] for entry in entries] for entries in (train.train_list, train.test_list))
        place, test_place = together(first), together(second)
        return Files(
            (*first, *second),
            lambda: _read_cifar(train, test),
            (place, place, test_place, test_place),
            published=True,
        )

    def _download(self, name: str, root: Path) -> tuple[Any, Any]:
        """Both splits as torchvision's data sets. A failed download leaves only intact files behind."""
        from torchvision import datasets

        kind = getattr(datasets, self.kind)
        new = [path for path in self._made(kind, root) if not path.exists()]
        try:
            # torchvision prints which mirror it tries; standard output is for data.
            with redirect_stdout(sys.stderr):
                return kind(root, train=True, download=True), kind(root, train=False, download=True)
        except (OSError, RuntimeError, ValueError, AssertionError, EOFError) as error:
            state = self._damage(kind, root) or f"{name} is not in {root}"
            self._tidy(kind, root, new)
            raise DataError(
                f"{state} and could not be downloaded: {' '.join(str(error).split())}\n"
                f"Without a network, point --data-root at a folder that holds {name}/train-*.parquet and "
                f"{name}/test-*.parquet, or torchvision's files from another machine."
            ) from error

    def _damage(self, kind: Any, root: Path) -> str:
        """A message about the first of torchvision's files that is damaged or a folder; empty if there is none."""
        for path, md5 in self._published(kind, root):
            if path.is_dir():
                return f"{path}: is a folder, expected a file; remove it. It"
            if path.is_file() and (found := _md5(path)) != md5:
                return f"{path}: {path.stat().st_size:,} bytes with MD5 {found}, expected {md5}; it is damaged"
        return ""

    def _published(self, kind: Any, root: Path) -> list[tuple[Path, str]]:
        """Files with published MD5 checksums, each with its checksum."""
        if self.files == IDX_FILES:
            return [(root / self.folder / file, md5) for file, md5 in kind.resources]
        unpacked = [(root / self.folder / file, md5) for file, md5 in (*kind.train_list, *kind.test_list)]
        return [(root / kind.filename, kind.tgz_md5), *unpacked]

    def _made(self, kind: Any, root: Path) -> list[Path]:
        """Paths that a download creates: first files, then folders from the innermost outwards."""
        folder = root / self.folder
        folders = [folder, *(above for above in folder.parents if above.is_relative_to(root))]
        return [*(path for path, _ in self._published(kind, root)), *folders]

    def _tidy(self, kind: Any, root: Path, new: Sequence[Path]) -> None:
        """Remove what a failed download created: incomplete files and empty folders."""
        whole = {path for path, md5 in self._published(kind, root) if path.is_file() and _md5(path) == md5}
        for path in new:
            with suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                elif path not in whole:  # an intact file need not be downloaded again
                    path.unlink()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


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
