"""Data sets: found, to be downloaded, or damaged. Nothing is read, decoded or downloaded."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from orchestrator.doctor.findings import Finding, error, ok, size
from specs.datasets import DATASETS

TOPIC = "data"

DOWNLOADS = {"fashion_mnist": 30_878_645, "cifar10": 170_498_071, "cifar100": 169_001_437}
"""Bytes that torchvision downloads."""

FOLDERS = {"fashion_mnist": "FashionMNIST/raw", "cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}
"""Where torchvision unpacks them."""

UNPACKED = {
    "fashion_mnist": (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ),
    "cifar10": (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
    "cifar100": ("train", "test"),
}
"""The files that it must find there."""


def examine(data_root: Path | None, cache: Path) -> Iterator[Finding]:
    """Where a run would take each data set from, as :func:`orchestrator.data.sources.find` would look for it."""
    if data_root is not None and not data_root.is_dir():
        yield error(TOPIC, f"{data_root}: no such folder", "create it, or mend --data-root")
        return
    for name in DATASETS:
        yield _digits() if name == "digits" else _one(name, data_root or cache / "downloads")


def _digits() -> Finding:
    found = find_spec("sklearn")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (Path(folder) / "datasets" / "data" / "digits.csv.gz").is_file():
            return ok(TOPIC, "digits: part of scikit-learn")
    return error(TOPIC, "digits: missing, it is part of scikit-learn", "pip install --force-reinstall scikit-learn")


def _one(name: str, root: Path) -> Finding:
    splits = {split: any((root / name).glob(f"{split}-*.parquet")) for split in ("train", "test")}
    if all(splits.values()):
        return ok(TOPIC, f"{name}: {root / name}")
    if any(splits.values()):
        absent = next(split for split, there in splits.items() if not there)
        return error(TOPIC, f"{name}: {root / name} has no {absent}-*.parquet", "put that split's files there")
    folder = root / FOLDERS[name]
    if all((folder / file).is_file() for file in UNPACKED[name]):
        return ok(TOPIC, f"{name}: {folder}")
    return ok(
        TOPIC,
        f"{name}: not in {root}; a run downloads {size(DOWNLOADS[name])}, or name a folder that has it by --data-root",
    )
