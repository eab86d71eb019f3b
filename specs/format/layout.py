"""Where things lie in a store.

Everything in a store has a key: its path relative to the store, with ``/`` on every system and on object storage.
"""

import json
from collections.abc import Iterable

VERSION = "format"
"""The version of the format that the store is written in, as a decimal number; in stores of version 1 it is missing."""

SPECS = "specs/"
"""Every sweep that ran here, resolved, as ``<hash>.yaml``."""
CURRENT = "specs/current"
"""One line: the hash of the sweep that ran here last."""
ATTEMPTS = "attempts/"
COMMITS = "commits/"
CHECKPOINTS = "checkpoints/"
TRIALS_OF_STACK = "trials.json"
"""Beside the checkpoint of a stack of several: the ids of the trials that it was begun with."""
WITHDRAWN = "withdrawn/"
"""Commits that no longer count, kept as evidence: failures that were tried again, results that were damaged."""
DATA = "data-"
LOCK = "lock"
REPORT = "report.html"


def spec(digest: str) -> str:
    """Key of a resolved spec."""
    return f"{SPECS}{digest}.yaml"


def attempt(trial_id: str, name: str) -> str:
    """Prefix of an attempt's files: immutable, and of no meaning until a commit names it."""
    return f"{ATTEMPTS}{trial_id}/{name}/"


def table(trial_id: str, attempt_name: str, table_name: str) -> str:
    """Key of one table of an attempt."""
    return f"{attempt(trial_id, attempt_name)}{table_name}.parquet"


def commit(trial_id: str) -> str:
    """Key of a commit: a trial is done when it exists, and never otherwise."""
    return f"{COMMITS}{trial_id}.json"


def checkpoint(stack_id: str) -> str:
    """Prefix of the checkpoint of a stack in training."""
    return f"{CHECKPOINTS}{stack_id}/"


def begun_with(content: bytes) -> frozenset[str]:
    """The trials that a stack's list names; none where it is damaged."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()


def data(dataset: str) -> str:
    """Key of the fingerprint of the data that this store's trials of one data set were trained on."""
    return f"{DATA}{dataset}.json"


def dataset(key: str) -> str | None:
    """Whose fingerprint lies under a key; None where it is the key of something else."""
    name = key.removeprefix(DATA).removesuffix(".json")
    return name if data(name) == key else None


def committed_ids(keys: Iterable[str]) -> list[str]:
    """The trials that have a commit, among the keys below ``COMMITS``; files in the making start with a dot."""
    names = [key.removeprefix(COMMITS) for key in keys]
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json") and not name.startswith("."))
