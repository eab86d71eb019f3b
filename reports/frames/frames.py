"""Verified data frames of a store: the plan, and the committed rows that may be used.

The plan comes from the store's current spec, unless another is given. Rows are matched to planned trials by
``trial_id`` alone. Names of architectures come from the plan, because they are labels that may have changed since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from reports.frames.verified import Outcome, Reading, read
from specs.format.reader import Reader
from specs.sweep import SweepSpec

STATUSES = ("complete", "diverged", "failed", "corrupt", "missing")
"""The statuses of a planned trial: three as committed, ``corrupt`` if its files are damaged, ``missing`` without a
commit."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The verified data of one store. Frames of measurements hold rows of complete trials only. Never modified."""

    sweep: SweepSpec
    spec_text: str
    planned: pd.DataFrame
    """One row per planned trial: trial_id, architecture, method, lam, seed, learning_rate, members, member_parameters,
    total_parameters, status (one of ``STATUSES``), message."""
    trials: pd.DataFrame
    epochs: pd.DataFrame
    robustness: pd.DataFrame
    filters: pd.DataFrame
    environments: pd.DataFrame
    """One row per planned trial whose commit names its environment, which failures do not: trial_id, then a column per
    item. Values are as committed, and NaN where a commit lacks an item."""
    stale: int
    """Commits of trials that the current spec does not plan: counted, never used."""
    newer: str = ""
    """See :class:`reports.frames.verified.Reading`, as for ``unmeasured``."""
    unmeasured: Mapping[str, int] = field(default_factory=dict)


def load(store: Reader, sweep: SweepSpec | None = None) -> Frames:
    """Read a store and verify every file before its rows are used.

    ``sweep`` is the plan, as in :func:`reports.frames.verified.read`.

    Raises:
        StoreError: the folder is no store, or its spec is missing or invalid.
    """
    return framed(read(store, sweep))


def framed(reading: Reading) -> Frames:
    """The data frames of a reading."""
    outcomes = reading.outcomes
    names = {outcome.trial.id: outcome.trial.architecture for outcome in outcomes}
    frames: dict[str, pd.DataFrame] = {name: table.to_pandas() for name, table in reading.tables.items()}
    return Frames(
        sweep=reading.sweep,
        spec_text=reading.spec_text,
        planned=pd.DataFrame([_planned_row(outcome) for outcome in outcomes]),
        trials=frames["trials"].assign(architecture=lambda f: f["trial_id"].map(names)),
        epochs=frames["epochs"],
        robustness=frames["robustness"],
        filters=frames["filters"],
        environments=pd.DataFrame(
            [{"trial_id": o.trial.id, **o.commit.environment} for o in outcomes if o.commit and o.commit.environment],
            dtype=object,
        ),
        stale=reading.stale,
        newer=reading.newer,
        unmeasured=reading.unmeasured,
    )


def _planned_row(outcome: Outcome) -> dict[str, object]:
    trial, spec = outcome.trial, outcome.trial.spec
    return {
        "trial_id": trial.id,
        "architecture": trial.architecture,
        "method": spec.method,
        "lam": spec.lam,
        "seed": spec.seed,
        "learning_rate": spec.training.learning_rate,
        "members": spec.architecture.members,
        "member_parameters": spec.member_parameters,
        "total_parameters": spec.total_parameters,
        "status": outcome.status,
        "message": outcome.message,
    }
