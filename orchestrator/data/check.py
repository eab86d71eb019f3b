"""Decodes and checks every data set that is present. The doctor runs this as a process, since it imports no torch.

    python -m orchestrator.data.check DATA_ROOT CACHE

An empty ``DATA_ROOT`` stands for the downloads in the cache. The output is a JSON object. It maps the name of each data
set that is present to its ``place``, ``standing`` (:data:`orchestrator.data.decoded.Standing`) and ``fault``.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict

from orchestrator.base.errors import DataError
from orchestrator.data import datasets, decoded, sources
from specs.datasets import DATASETS


class Checked(TypedDict):
    """The state of a data set that is present."""

    place: str
    standing: str
    fault: str
    """Why the data set cannot be used; empty if it can."""


def check(data_root: Path | None, cache: Path) -> dict[str, Checked]:
    """Load every data set that is present, as a run would; returns the state of each by its name."""
    found: dict[str, Checked] = {}
    for name in DATASETS:
        try:
            if place := sources.place(name, decoded.folder(data_root, cache)):
                standing = datasets.load(name, data_root, cache).known.standing
                found[name] = Checked(place=str(place), standing=standing, fault="")
        except DataError as error:
            found[name] = Checked(place="", standing="", fault=str(error))
    return found


if __name__ == "__main__":
    root, at = sys.argv[1:]
    json.dump(check(Path(root) if root else None, Path(at)), sys.stdout)
