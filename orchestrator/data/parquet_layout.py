"""Finds the Parquet files of each split in the layouts of the Hugging Face hub, and rejects ambiguous folders."""

import re
from dataclasses import dataclass
from pathlib import Path

from orchestrator.base.errors import DataError
from specs.datasets import DATASETS

SPLITS = ("train", "test")
LAYOUTS = ("{split}-*.parquet", "{split}.parquet", "{split}/*.parquet")
"""Where the files of a split lie below a folder: ``train-00000-of-00002.parquet``, ``train.parquet``,
``train/0000.parquet``."""
SHARD = re.compile(r"(?P<stem>.*-)(?P<number>\d+)-of-(?P<count>\d+)\.parquet")


@dataclass(frozen=True)
class Splits:
    """The Parquet files of a data set, each split in order."""

    folder: Path
    """The folder that holds the files."""
    train: tuple[Path, ...]
    test: tuple[Path, ...]


def find(name: str, root: Path) -> Splits | None:
    """The Parquet files of a data set in ``root/name``, or in the one folder directly below it that has some.

    None if there are no Parquet files at all.

    Raises:
        DataError: several folders hold files, a split or a numbered file is missing, or the files lie at the wrong
            level. The message says what was found, and what to do.
    """
    folder = root / name
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file, expected a folder with train-*.parquet and test-*.parquet")
    holding = [each for each in (folder, *_folders(folder)) if any(_split(each, split) for split in SPLITS)]
    if not holding:
        _explain_misplaced(name, root)
        return None
    if len(holding) > 1:
        listed = ", ".join(str(each) for each in holding)
        raise DataError(f"{name}: Parquet files lie in several folders, {listed}; keep those of one in {folder}")
    found = {split: _split(holding[0], split) for split in SPLITS}
    for split, paths in found.items():
        if not paths:
            raise DataError(f"{name}: {holding[0]} has no {split}-*.parquet; put that split's files there")
        _check_whole(name, paths)
    return Splits(holding[0], found["train"], found["test"])


def _folders(folder: Path) -> list[Path]:
    """The folders directly below a folder, except those named after a split."""
    return (
        sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in SPLITS)
        if folder.is_dir()
        else []
    )


def _split(folder: Path, split: str) -> tuple[Path, ...]:
    """The files of one split, in the first layout that has any."""
    for layout in LAYOUTS:
        if paths := tuple(sorted(folder.glob(layout.format(split=split)))):
            return paths
    return ()


def _check_whole(name: str, paths: tuple[Path, ...]) -> None:
    """Check that no file is missing, where the files' names state their total.

    Raises:
        DataError: a file is missing.
    """
    for path in paths:
        if not (said := SHARD.fullmatch(path.name)):
            continue
        count, width = int(said["count"]), len(said["number"])
        expected = [f"{said['stem']}{number:0{width}}-of-{said['count']}.parquet" for number in range(count)]
        present = {each.name for each in paths}
        if missing := [each for each in expected if each not in present]:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise DataError(f"{name}: {path.parent} lacks {missing[0]}{more}; {path.name} says that there are {count}")


def _explain_misplaced(name: str, root: Path) -> None:
    """Explain the mistake if the files lie one level above the expected folder.

    Raises:
        DataError: they do.
    """
    if not all(_split(root, split) for split in SPLITS):
        return
    if root.name in DATASETS:
        raise DataError(
            f"{root} holds the files of {root.name} itself; give the folder above it, --data-root {root.parent}"
        )
    raise DataError(f"{root} holds Parquet files itself; move them into {root / name}, if they are those of {name}")
