"""A cell of the plan is one architecture at one λ; its seeds are its replicates."""

from collections.abc import Iterator

import pandas as pd

from reports.loading import STATUSES, Frames
from reports.statistics import summarise


def architectures(frames: Frames) -> list[str]:
    """Names in the spec's order."""
    return list(dict.fromkeys(frames.planned["architecture"]))


def lambdas(frames: Frames) -> list[float]:
    """Every planned λ, ascending."""
    return sorted(set(frames.planned["lam"]))


def places(frames: Frames) -> dict[float, int]:
    """Each planned λ's place in the grid, from 0."""
    return {lam: place for place, lam in enumerate(lambdas(frames))}


def planned_cells(frames: Frames) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """Architecture, λ and the planned trials of each cell, by seed; architectures in the spec's order, λ ascending."""
    for architecture in architectures(frames):
        own = frames.planned[frames.planned["architecture"] == architecture]
        for lam, trials in own.groupby("lam", sort=True):
            yield architecture, float(lam), trials.sort_values("seed")  # type: ignore[arg-type]


def by_seed(frames: Frames, architecture: str, lam: float, column: str) -> dict[int, float]:
    """The value of a column of ``trials`` for each complete seed of one cell."""
    rows = frames.trials[(frames.trials["architecture"] == architecture) & (frames.trials["lam"] == lam)]
    return {int(seed): float(value) for seed, value in zip(rows["seed"], rows[column], strict=True)}


def summarised(frames: Frames, column: str) -> pd.DataFrame:
    """A row a planned cell: its counts by status, and a column of ``trials`` summarised over the complete seeds.

    Columns: architecture, lam, place, members, learning_rate, planned, one count a status, seeds, trial_ids and values
    (lists, by seed), mean, sd, low, high.
    """
    rows = []
    place = places(frames)
    ids = dict(zip(frames.trials["trial_id"], frames.trials[column], strict=True))
    for architecture, lam, trials in planned_cells(frames):
        done = trials[trials["status"] == "complete"]
        values = [float(ids[trial_id]) for trial_id in done["trial_id"]]
        summary = summarise(values)
        rows.append(
            {
                "architecture": architecture,
                "lam": lam,
                "place": place[lam],
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
        )
    return pd.DataFrame(rows)
