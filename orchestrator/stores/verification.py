"""Verification of a store, and the withdrawal of what is damaged.

Verification compares every committed file with the SHA-256 in its commit, parses it, and compares its rows with the
spec of their trial. A run withdraws damaged files only. An intact file stays, even if this version of ensweep cannot
use it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from orchestrator.stores.store import Store
from specs.format import contents, layout
from specs.format.commits import Commit
from specs.sweep import PlannedTrial, SweepSpec, expand

PORTION = 256
"""Trials whose files are held in memory at once."""


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a store."""

    key: str
    """Key of the faulty file."""
    problem: str
    trial_id: str = ""
    """Trial whose results are unusable because of it; empty if there is none."""
    damaged: bool = True
    """Whether the file differs from what was written. If not, it contradicts its commit, its spec or its store."""

    def described(self) -> str:
        """The problem in one line."""
        return f"{self.key}: {self.problem}"


def verify(store: Store) -> list[Problem]:
    """All problems of a store. Each file is read and hashed once."""
    sweeps = contents.sweeps(store.storage)
    known = {trial.id: trial for sweep in sweeps for trial in expand(sweep)}
    commits = store.read_commits()
    return [
        *_damaged_specs(store, is_begun=bool(commits.readable or commits.unreadable)),
        *_damaged_pins(store, sweeps, commits.readable),
        *(
            Problem(layout.commit(trial_id), found.problem, trial_id, damaged=not found.intact)
            for trial_id, found in commits.unreadable.items()
        ),
        *_wrong_results(store, commits.readable, known),
        *_other_data(store, commits.readable, known),
    ]


def withdraw_damaged(store: Store, problems: Sequence[Problem]) -> None:
    """Withdraw what is damaged, so that the run replaces it. Copies are kept in the store as evidence.

    A damaged record of the data is restored if all committed trials name the same data.
    """
    damaged = [problem for problem in problems if problem.damaged]
    commits = store.read_commits().readable  # before any is withdrawn
    for key in dict.fromkeys(layout.commit(p.trial_id) if p.trial_id else p.key for p in damaged):
        store.withdraw(key)
    for dataset in filter(None, (layout.dataset(problem.key) for problem in damaged)):
        if len(fingerprints := _trained_on(store, commits, dataset)) == 1:
            store.pin_data(dataset, fingerprints.pop())


def planned_anywhere(store: Store) -> dict[str, PlannedTrial]:
    """Every trial of every spec that ran in this store, by id."""
    return {trial.id: trial for sweep in contents.sweeps(store.storage) for trial in expand(sweep)}


def _damaged_specs(store: Store, *, is_begun: bool) -> Iterator[Problem]:
    good = store.specs()
    for key in store.storage.keys(layout.SPECS):
        digest = key.removeprefix(layout.SPECS).removesuffix(".yaml")
        if key.endswith(".yaml") and not digest.startswith(".") and digest not in good:
            yield Problem(key, "is not what was written: its SHA-256 differs from its name")
    current = store.storage.read_many([layout.CURRENT]).get(layout.CURRENT)
    if current is None:
        if is_begun:
            yield Problem(layout.CURRENT, "is missing, which names the spec that ran here last")
    elif current.decode("ascii", "replace").strip() not in good:
        yield Problem(layout.CURRENT, "names no spec of this store")


def _damaged_pins(store: Store, sweeps: Iterable[SweepSpec], commits: Mapping[str, Commit]) -> Iterator[Problem]:
    keys = {layout.data(sweep.dataset.name) for sweep in sweeps}
    keys |= {key for key in store.storage.keys("") if layout.dataset(key)}
    pins = _pins(store, keys)
    for key in sorted(keys - pins.keys()):
        if store.storage.read_many([key]):
            yield Problem(key, "does not name the data that this store was begun with")
        elif _trained_on(store, commits, layout.dataset(key) or ""):
            yield Problem(key, "is missing, which names the data that this store was begun with")


def _pins(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The recorded fingerprints of the store's data, by key, without records that are damaged or missing."""
    stored = store.storage.read_many(keys)
    found = {key: contents.pinned_data(layout.dataset(key) or "", content) for key, content in stored.items()}
    return {key: fingerprint for key, fingerprint in found.items() if fingerprint}


def _trained_on(store: Store, commits: Mapping[str, Commit], dataset: str) -> set[str]:
    """The fingerprints of the data that committed trials of a data set were trained on.

    The rows of a trial name its data set, so that a damaged spec does not matter.
    """
    from specs.format.tables import DamagedError, UnusableError, read_tables

    found: set[str] = set()
    for commit in commits.values():
        with suppress(DamagedError, UnusableError):
            tables = read_tables(commit, store.storage.read_many(commit.keys.values())) if commit.files else {}
            rows = tables["trials"].to_pylist() if "trials" in tables else []
            found |= {str(commit.environment["data"]) for row in rows if row["dataset"] == dataset}
    return found


def _wrong_results(store: Store, commits: Mapping[str, Commit], known: Mapping[str, PlannedTrial]) -> Iterator[Problem]:
    ids = sorted(commits)
    for start in range(0, len(ids), PORTION):
        portion = [commits[trial_id] for trial_id in ids[start : start + PORTION]]
        stored = store.storage.read_many(key for commit in portion for key in commit.keys.values())
        for commit in portion:
            if problem := _examine(commit, stored, known.get(commit.trial_id)):
                yield problem


def _examine(commit: Commit, stored: Mapping[str, bytes], planned: PlannedTrial | None) -> Problem | None:
    """The problem of a commit's results, given the contents of its files; None if there is none."""
    from specs.format.tables import DamagedError, UnusableError, read_tables

    try:
        read_tables(commit, stored, planned.spec if planned else None)
    except DamagedError as error:
        return Problem(commit.keys[error.table], error.problem, commit.trial_id)
    except UnusableError as error:
        return _contradiction(commit, str(error))
    return None


def _contradiction(commit: Commit, problem: str) -> Problem:
    return Problem(layout.commit(commit.trial_id), problem, commit.trial_id, damaged=False)


def _other_data(store: Store, commits: Mapping[str, Commit], known: Mapping[str, PlannedTrial]) -> Iterator[Problem]:
    """Results that were trained on other data than the store was started with."""
    pins = _pins(store, {layout.data(trial.spec.dataset.name) for trial in known.values()})
    for trial_id, commit in commits.items():
        data = commit.environment.get("data")
        if trial_id not in known or data is None:
            continue
        pin = pins.get(layout.data(known[trial_id].spec.dataset.name))
        if pin is not None and data != pin:
            yield _contradiction(commit, f"was trained on other data ({str(data)[:12]}) than the store was begun with")
