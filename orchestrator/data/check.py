"""Decodes and checks every data set that is there, in a process of its own: the doctor imports no torch.

    python -m orchestrator.data.check DATA_ROOT CACHE

An empty ``DATA_ROOT`` stands for the downloads in the cache. Prints a JSON object: by the name of each data set that is
there its ``place``, its ``standing`` (:data:`orchestrator.data.decoded.Standing`), and its ``fault``.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict

from orchestrator.base.errors import DataError
from orchestrator.data import datasets, decoded, sources
from specs.datasets import DATASETS


class Checked(TypedDict):
    """What was found out about a data set that is there."""

    place: str
    standing: str
    fault: str
    """Why it cannot be used; empty where it can."""


def check(data_root: Path | None, cache: Path) -> dict[str, Checked]:
    """Look at every data set that is there, as a run would."""
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
