"""A cell of the plan is one architecture, method and λ; its seeds are its replicates.

Bagging and stacking stand at λ = 0 in the plan, as independent members do, and are never counted among the joint
trials there: whatever is shown against λ is of joint trials alone.
"""

from collections.abc import Iterator

import pandas as pd

from reports.loading import STATUSES, Frames
from reports.statistics import summarise
from specs.trial import Method

JOINT: Method = "joint"
BASELINES: tuple[Method, ...] = ("bagging", "stacking")


def architectures(frames: Frames) -> list[str]:
    """Names in the spec's order."""
    return list(dict.fromkeys(frames.planned["architecture"]))


def lambdas(frames: Frames) -> list[float]:
    """Every λ of a planned joint trial, ascending."""
    return sorted(set(_of(frames.planned, JOINT)["lam"]))


def baselines(frames: Frames) -> list[Method]:
    """The other methods that are planned."""
    planned = set(frames.planned["method"])
    return [method for method in BASELINES if method in planned]


def _of(rows: pd.DataFrame, method: Method) -> pd.DataFrame:
    return rows[rows["method"] == method]


def places(frames: Frames) -> dict[float, int]:
    """Each planned λ's place in the grid, from 0."""
    return {lam: place for place, lam in enumerate(lambdas(frames))}


def planned_cells(frames: Frames) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """Architecture, λ and the planned joint trials of each cell, by seed.

    Architectures come in the spec's order, λ ascending.
    """
    joint = _of(frames.planned, JOINT)
    for architecture in architectures(frames):
        own = joint[joint["architecture"] == architecture]
        for lam, trials in own.groupby("lam", sort=True):
            yield architecture, float(lam), trials.sort_values("seed")  # type: ignore[arg-type]


def baseline_cells(frames: Frames) -> Iterator[tuple[str, Method, pd.DataFrame]]:
    """Architecture, method and the planned trials of each cell of bagging and stacking, by seed."""
    for architecture in architectures(frames):
        for method in baselines(frames):
            own = _of(frames.planned, method)
            if len(trials := own[own["architecture"] == architecture]):
                yield architecture, method, trials.sort_values("seed")


def by_seed(frames: Frames, architecture: str, lam: float, column: str, method: Method = JOINT) -> dict[int, float]:
    """The value of a column of ``trials`` for each complete seed of one cell."""
    own = _of(frames.trials, method)
    rows = own[(own["architecture"] == architecture) & (own["lam"] == lam)]
    return {int(seed): float(value) for seed, value in zip(rows["seed"], rows[column], strict=True)}


SUMMARISED = [
    "architecture", "method", "lam", "place", "members", "learning_rate", "planned", *STATUSES,
    "seeds", "trial_ids", "values", "mean", "sd", "low", "high",
]  # fmt: skip


def summarised(frames: Frames, column: str) -> pd.DataFrame:
    """A row a planned cell of joint trials: its counts by status, and a column of ``trials`` over the complete seeds.

    Columns: ``SUMMARISED``; a count a status; seeds, trial_ids and values are lists, by seed.
    """
    rows = [_row(frames, column, architecture, trials) for architecture, _, trials in planned_cells(frames)]
    return pd.DataFrame(rows, columns=SUMMARISED)


def summarised_baselines(frames: Frames, column: str) -> pd.DataFrame:
    """The same for the cells of bagging and stacking."""
    rows = [_row(frames, column, architecture, trials) for architecture, _, trials in baseline_cells(frames)]
    return pd.DataFrame(rows, columns=SUMMARISED)


def _row(frames: Frames, column: str, architecture: str, trials: pd.DataFrame) -> dict[str, object]:
    done = trials[trials["status"] == "complete"]
    measured = frames.trials.set_index("trial_id")[column].reindex(done["trial_id"])
    values = [float(value) for value in measured]
    summary = summarise(values)
    lam = float(trials["lam"].iloc[0])
    return {
        "architecture": architecture,
        "method": trials["method"].iloc[0],
        "lam": lam,
        "place": places(frames).get(lam, 0),
        "members": int(trials["members"].iloc[0]),
        "learning_rate": float(trials["learning_rate"].iloc[0]),
        "planned": len(trials),
        **{status: int((trials["status"] == status).sum()) for status in STATUSES},
        "seeds": [int(seed) for seed in done["seed"]],
        "trial_ids": list(done["trial_id"]),
        "values": values,
        "mean": summary.mean,
        "sd": summary.sd,
        "low": summary.low,
        "high": summary.high,
    }
