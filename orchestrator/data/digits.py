"""Scikit-learn's handwritten digits, read directly from its data file: importing scikit-learn takes a second."""

import gzip
import zlib
from pathlib import Path

import numpy as np
import torch

from orchestrator.base.errors import DataError
from specs.datasets import DATASETS
from trainers.data import Arrays


def read_digits(path: Path) -> Arrays:
    """Read rows of 64 grey values, from 0 to 16, and a label. The last rows are the test set.

    Raises:
        DataError: the file cannot be read, is cut short, or holds something else.
    """
    try:
        lines = gzip.decompress(path.read_bytes()).decode().split()
        if not lines:
            raise EOFError("it is empty")
        rows = torch.from_numpy(np.loadtxt(lines, delimiter=",", dtype=np.int64, ndmin=2))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{path}: is no whole compressed table: {error}; reinstall scikit-learn") from error
    facts = DATASETS["digits"]
    expected = (facts.train + facts.test, 65)
    if tuple(rows.shape) != expected:
        raise DataError(f"{path}: {tuple(rows.shape)} rows and columns, expected {expected}; reinstall scikit-learn")
    images, labels = rows[:, :-1].to(torch.uint8).reshape(-1, *facts.shape), rows[:, -1].contiguous()
    return Arrays(images[: facts.train], labels[: facts.train], images[facts.train :], labels[facts.train :])
