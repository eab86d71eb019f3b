"""Why a committed trial is no longer planned: the field of its spec that changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.planning.overview import column_of
from specs import differences
from specs.format.commits import Commit
from specs.identity import NUMERICS_VERSION
from specs.sweep import PlannedTrial


@dataclass(frozen=True)
class Stale:
    """A commit that the present spec does not plan."""

    trial_id: str
    cell: str
    """Architecture, λ or method, and seed; empty where no spec of the store tells."""
    why: str


def explain(
    stale: Sequence[str],
    planned: Sequence[PlannedTrial],
    known: Mapping[str, PlannedTrial],
    commits: Mapping[str, Commit],
) -> tuple[Stale, ...]:
    """What changed since each stale trial ran.

    Args:
        stale: ids of committed trials that are not planned.
        planned: the trials of the present spec.
        known: the trials of every spec that ran in the store, by id.
        commits: the store's.
    """
    cells = {_cell(trial): trial for trial in planned}
    return tuple(_explain(trial_id, cells, known, commits[trial_id]) for trial_id in stale)


def _explain(
    trial_id: str, cells: Mapping[tuple[object, ...], PlannedTrial], known: Mapping[str, PlannedTrial], commit: Commit
) -> Stale:
    numerics = commit.environment.get("numerics", NUMERICS_VERSION)
    if trial_id not in known:
        why = "no spec in this store plans it"
        if numerics != NUMERICS_VERSION:
            why = f"numerics version {numerics} → {NUMERICS_VERSION}: this program computes it otherwise"
        return Stale(trial_id, "", why)
    old = known[trial_id]
    cell = f"{old.architecture} {column_of(old)} seed {old.spec.seed}"
    new = cells.get(_cell(old))
    if new is None:
        return Stale(trial_id, cell, "the spec no longer has this cell")
    return Stale(trial_id, cell, ", ".join(changes(old, new)))


def changes(old: PlannedTrial, new: PlannedTrial) -> list[str]:
    """The fields in which two trials differ, as ``training.epochs 8 → 20``."""
    return [found.described() for found in differences.differences(old.spec, new.spec)]


def _cell(trial: PlannedTrial) -> tuple[object, ...]:
    return trial.architecture, trial.spec.method, trial.spec.lam, trial.spec.seed
