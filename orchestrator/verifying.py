"""What is wrong with a store, and how a run mends it.

Every committed file is compared with the SHA-256 that its commit names, and parsed, and its rows are held against the
spec of the trial that they claim to be of.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from orchestrator.store import Store, pinned_data
from specs import layout
from specs.layout import Commit
from specs.loading import SpecError, parse_sweep
from specs.sweep import PlannedTrial, SweepSpec, expand

PORTION = 256
"""Trials whose files are held in memory at once."""


@dataclass(frozen=True)
class Problem:
    """Something in a store that is not what was written."""

    key: str
    """Of the damaged file."""
    problem: str
    withdraw: str
    """Key to take back, so that a run makes it anew."""

    def described(self) -> str:
        """One line."""
        return f"{self.key}: {self.problem}"


def verify(store: Store) -> list[Problem]:
    """All that is wrong with a store; nothing where nothing is."""
    known = planned_anywhere(store)
    commits, damaged = store.read_commits()
    return [
        *_damaged_specs(store, is_begun=bool(commits or damaged)),
        *_damaged_pins(store),
        *(Problem(found.key, found.problem, found.key) for found in damaged),
        *_damaged_results(store, commits, known),
        *_other_data(store, commits, known),
    ]


def heal(store: Store, problems: Sequence[Problem]) -> None:
    """Take back what is damaged, so that the run makes it again; the evidence is kept in the store."""
    trained_on = {problem.key: _trained_on(store, problem.key) for problem in problems}  # before it is taken back
    for key in dict.fromkeys(problem.withdraw for problem in problems):
        store.withdraw(key)
    for key, fingerprints in trained_on.items():
        if (dataset := layout.dataset(key)) and len(fingerprints) == 1:
            store.pin_data(dataset, fingerprints.pop())


def planned_anywhere(store: Store) -> dict[str, PlannedTrial]:
    """Every trial of every spec that ran in this store, by id."""
    found: dict[str, PlannedTrial] = {}
    for sweep in _sweeps(store):
        found |= {trial.id: trial for trial in expand(sweep)}
    return found


def _damaged_specs(store: Store, *, is_begun: bool) -> Iterator[Problem]:
    good = store.specs()
    for key in store.storage.keys(layout.SPECS):
        digest = key.removeprefix(layout.SPECS).removesuffix(".yaml")
        if key.endswith(".yaml") and not digest.startswith(".") and digest not in good:
            yield Problem(key, "is not what was written: its SHA-256 differs from its name", key)
    current = store.storage.read_many([layout.CURRENT]).get(layout.CURRENT)
    if current is None:
        if is_begun:
            yield Problem(layout.CURRENT, "is missing, which names the spec that ran here last", layout.CURRENT)
    elif current.decode("ascii", "replace").strip() not in good:
        yield Problem(layout.CURRENT, "names no spec of this store", layout.CURRENT)


def _damaged_pins(store: Store) -> Iterator[Problem]:
    keys = {layout.data(sweep.dataset.name) for sweep in _sweeps(store)}
    keys |= {key for key in store.storage.keys("") if layout.dataset(key)}
    pins = _pins(store, keys)
    for key in sorted(keys - pins.keys()):
        if store.storage.read_many([key]):
            yield Problem(key, "does not name the data that this store was begun with", key)
        elif _trained_on(store, key):
            yield Problem(key, "is missing, which names the data that this store was begun with", key)


def _pins(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The fingerprint of the data that the store was begun with, by key; without those that are damaged or missing."""
    contents = store.storage.read_many(keys)
    found = {key: pinned_data(layout.dataset(key) or "", content) for key, content in contents.items()}
    return {key: fingerprint for key, fingerprint in found.items() if fingerprint}


def _trained_on(store: Store, key: str) -> set[str]:
    """The fingerprints of the data that committed trials were trained on, given the key of its pin.

    Results say of which data set they are, also where the spec that asked for them is damaged.
    """
    from reports.checking import checked_tables
    from reports.parquet import CorruptError

    found: set[str] = set()
    for commit in store.read_commits()[0].values() if layout.dataset(key) else ():
        contents = store.storage.read_many(_keys(commit).values())
        with suppress(CorruptError):
            rows = checked_tables(commit, contents)["trials"].to_pylist() if commit.files else []
            found |= {str(commit.environment["data"]) for row in rows if layout.data(row["dataset"]) == key}
    return found


def _sweeps(store: Store) -> Iterator[SweepSpec]:
    for digest, text in store.specs().items():
        with suppress(SpecError):  # of another version of this program
            yield parse_sweep(text, layout.spec(digest))


def _damaged_results(
    store: Store, commits: Mapping[str, Commit], known: Mapping[str, PlannedTrial]
) -> Iterator[Problem]:
    ids = sorted(commits)
    for start in range(0, len(ids), PORTION):
        portion = [commits[trial_id] for trial_id in ids[start : start + PORTION]]
        contents = store.storage.read_many(key for commit in portion for key in _keys(commit).values())
        for commit in portion:
            if problem := _compare(commit, contents, known):
                key = layout.commit(commit.trial_id)
                yield Problem(key, problem, key)


def _keys(commit: Commit) -> dict[str, str]:
    return {name: layout.table(commit.trial_id, commit.attempt, name) for name in commit.files}


def _compare_hashes(commit: Commit, contents: Mapping[str, bytes]) -> str:
    for name, key in _keys(commit).items():
        if key not in contents:
            return f"{key} is missing or cannot be read"
        if hashlib.sha256(contents[key]).hexdigest() != commit.files[name].sha256:
            return f"{key} is not what was committed: its SHA-256 differs"
    return ""


def _compare(commit: Commit, contents: Mapping[str, bytes], known: Mapping[str, PlannedTrial]) -> str:
    """What is wrong with a commit, given the contents of its files; nothing where nothing is."""
    from reports.checking import checked_tables
    from reports.parquet import CorruptError

    if problem := _compare_hashes(commit, contents):
        return problem
    try:
        tables = checked_tables(commit, contents)
    except CorruptError as error:
        return str(error)
    if "trials" not in tables or commit.trial_id not in known:
        return ""
    (row,) = tables["trials"].to_pylist()
    spec = known[commit.trial_id].spec
    expected = {
        "method": spec.method,
        "lam": spec.lam,
        "seed": spec.seed,
        "kind": spec.architecture.kind,
        "members": spec.architecture.members,
        "total_parameters": spec.total_parameters,
        "dataset": spec.dataset.name,
        "batch_size": spec.training.batch_size,
        "learning_rate": spec.training.learning_rate,
        "status": commit.status,
    }
    wrong = [f"{name} is {row[name]}, its spec says {value}" for name, value in expected.items() if row[name] != value]
    return f"its row is of another trial: {'; '.join(wrong)}" if wrong else ""


def _other_data(store: Store, commits: Mapping[str, Commit], known: Mapping[str, PlannedTrial]) -> Iterator[Problem]:
    """Results that were trained on other data than the store was begun with."""
    pins = _pins(store, {layout.data(trial.spec.dataset.name) for trial in known.values()})
    for trial_id, commit in commits.items():
        data = commit.environment.get("data")
        if trial_id not in known or data is None:
            continue
        pin = pins.get(layout.data(known[trial_id].spec.dataset.name))
        if pin is not None and data != pin:
            key = layout.commit(trial_id)
            yield Problem(key, f"was trained on other data ({str(data)[:12]}) than the store was begun with", key)
