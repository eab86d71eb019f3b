"""The source of each data set. Decoders are imported when they are called, so that finding files needs no torch.

A data set that is not listed here is read only from Parquet files in the data root.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestrator.base.errors import DataError
from orchestrator.data import parquet_layout
from orchestrator.data.files import Files, together
from orchestrator.data.torchvision_files import IDX_FILES, TorchvisionFiles

if TYPE_CHECKING:
    from trainers.data import Arrays


class Origin(Protocol):
    """A source of a data set other than Parquet files in the data root."""

    @property
    def size(self) -> int:
        """Size of the download in bytes."""

    @property
    def package(self) -> str:
        """The installed package that contains the data set, as its only source; empty if it is downloaded."""

    def place(self, root: Path) -> Path | None:
        """Path of the data set; None if it is not there."""

    def find(self, name: str, root: Path) -> Files:
        """The files of the data set, downloaded if that is possible.

        Raises:
            DataError: the files are missing or damaged.
        """


@dataclass(frozen=True)
class PackagedDigits:
    """Scikit-learn's handwritten digits, found without importing scikit-learn, which takes a second."""

    size: int = 0
    package: str = "scikit-learn"

    def place(self, root: Path) -> Path | None:
        """See :class:`Origin`."""
        found = find_spec("sklearn")
        folders = (found.submodule_search_locations or []) if found else []
        paths = (Path(folder) / "datasets" / "data" / "digits.csv.gz" for folder in folders)
        return next((path for path in paths if path.is_file()), None)

    def find(self, name: str, root: Path) -> Files:
        """See :class:`Origin`."""
        path = self.place(root)
        if path is None:
            raise DataError(f"{name} is part of scikit-learn, which is missing or damaged; reinstall scikit-learn")
        place = str(path)
        return Files((path,), lambda: _read_digits(path), (place, place, place, place))


@dataclass(frozen=True)
class Source:
    """Where a data set comes from."""

    origin: Origin | None = None
    """Where it is taken from if the data root has no Parquet files of it, or always if it is part of a package."""
    label: str = "label"
    """The column of Parquet files that holds the label."""

    @property
    def package(self) -> str:
        """See :attr:`Origin.package`; empty without an origin."""
        return self.origin.package if self.origin else ""


SOURCES = {
    "digits": Source(PackagedDigits()),
    "fashion_mnist": Source(TorchvisionFiles("FashionMNIST", "FashionMNIST/raw", IDX_FILES, 30_878_645)),
    "cifar10": Source(
        TorchvisionFiles(
            "CIFAR10",
            "cifar-10-batches-py",
            (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
            170_498_071,
        )
    ),
    "cifar100": Source(TorchvisionFiles("CIFAR100", "cifar-100-python", ("train", "test"), 169_001_437), "fine_label"),
}
"""Sources by the name of the data set."""


def source_of(name: str) -> Source:
    """The source of a data set: Parquet files alone, unless ``SOURCES`` lists it."""
    return SOURCES.get(name, Source())


def find(name: str, root: Path) -> Files:
    """The files of a data set: Parquet in ``root``, or else those of its origin, downloaded into ``root`` if needed.

    Raises:
        DataError: there are none and they cannot be downloaded, or a part is missing.
    """
    source = source_of(name)
    if source.origin and source.package:
        return source.origin.find(name, root)
    if found := parquet_layout.find(name, root):
        place, test_place = together(found.train), together(found.test)
        return Files(
            found.train + found.test,
            lambda: _read_parquet(name, source.label, found),
            (place, place, test_place, test_place),
        )
    if source.origin is None or not (source.origin.place(root) or not _unknown(root / name)):
        raise DataError(_not_found(name, root))
    return source.origin.find(name, root)


def _not_found(name: str, root: Path) -> str:
    wanted = f"as {name}/train-*.parquet and {name}/test-*.parquet"
    if unknown := _unknown(root / name):
        return (
            f"{name}: {root / name} holds {', '.join(unknown)}, and no Parquet files of two splits; expected {wanted}"
        )
    return f"{name} is not in {root}; put its files there {wanted}, or name the folder that has them with --data-root"


def _unknown(folder: Path) -> list[str]:
    """The first few names in a folder, and how many more there are."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []
    return [*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else names


def place(name: str, root: Path) -> Path | None:
    """Path of a data set that is present. Nothing is downloaded; None if it is absent.

    Raises:
        DataError: a part of the data set is missing.
    """
    source = source_of(name)
    if not source.package and (found := parquet_layout.find(name, root)):
        return found.folder
    return source.origin.place(root) if source.origin else None


def _read_digits(path: Path) -> "Arrays":
    from orchestrator.data.digits import read_digits

    return read_digits(path)


def _read_parquet(name: str, label: str, found: parquet_layout.Splits) -> "Arrays":
    from orchestrator.data.parquet import read_parquet
    from trainers.data import Arrays

    return Arrays(*read_parquet(name, label, found.train), *read_parquet(name, label, found.test))
