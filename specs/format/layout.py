"""The keys of a store.

A key is a path relative to the store, with ``/`` on every system and on object storage.
"""

import json
from collections.abc import Iterable

VERSION = "format"
"""The version of the store's format, as a decimal number. Stores of version 1 do not have this key."""

SPECS = "specs/"
"""Prefix of the sweeps that ran in the store, each with all defaults, as ``<digest>.yaml``."""
CURRENT = "specs/current"
"""One line with the digest of the sweep that ran in the store last."""
ATTEMPTS = "attempts/"
COMMITS = "commits/"
CHECKPOINTS = "checkpoints/"
TRIALS_OF_STACK = "trials.json"
"""File beside the checkpoint of a stack of several trials: the ids of the trials with which the stack was started."""
WITHDRAWN = "withdrawn/"
"""Prefix of commits that no longer count, kept as evidence: retried failures and damaged results."""
DATA = "data-"
LOCK = "lock"
REPORT = "report.html"


def spec(digest: str) -> str:
    """Key of a spec with all defaults, by its digest."""
    return f"{SPECS}{digest}.yaml"


def attempt(trial_id: str, name: str) -> str:
    """Prefix of an attempt's files. They are immutable, and have no meaning until a commit names the attempt."""
    return f"{ATTEMPTS}{trial_id}/{name}/"


def table(trial_id: str, attempt_name: str, table_name: str) -> str:
    """Key of one table of an attempt."""
    return f"{attempt(trial_id, attempt_name)}{table_name}.parquet"


def commit(trial_id: str) -> str:
    """Key of a commit. A trial is done if and only if its commit exists."""
    return f"{COMMITS}{trial_id}.json"


def checkpoint(stack_id: str) -> str:
    """Prefix of the checkpoint of a stack in training."""
    return f"{CHECKPOINTS}{stack_id}/"


def begun_with(content: bytes) -> frozenset[str]:
    """The trial ids in the content of ``TRIALS_OF_STACK``; empty if the content is damaged."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()


def data(dataset: str) -> str:
    """Key of the fingerprint of one data set, as the store's trials were trained on it."""
    return f"{DATA}{dataset}.json"


def dataset(key: str) -> str | None:
    """The data set whose fingerprint has this key; None if the key belongs to something else."""
    name = key.removeprefix(DATA).removesuffix(".json")
    return name if data(name) == key else None


def committed_ids(keys: Iterable[str]) -> list[str]:
    """Ids of the trials that have a commit, from the keys below ``COMMITS``. Unfinished files start with a dot."""
    names = [key.removeprefix(COMMITS) for key in keys]
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json") and not name.startswith("."))
