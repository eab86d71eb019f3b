"""A cell of the plan is one architecture, method and λ; its seeds are its replicates.

In the plan, bagging and stacking have λ = 0, like independent members. They never count as joint trials: everything
shown against λ is of joint trials alone.
"""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from reports.frames.cache import remembered
from reports.frames.frames import STATUSES, Frames
from reports.frames.ranges import column_range
from reports.statistics.ranges import Range
from reports.statistics.summaries import summarise
from specs.methods import BASELINES, JOINT, Method

Columns = Mapping[str, type]
"""The columns of a frame, in order, and what each holds: text, whole numbers, numbers, truths or lists."""


def frame_of(rows: Sequence[Mapping[str, object]] | pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Rows with exactly these columns, also where there is no row; a number or text that a row lacks is NaN."""
    dtypes = {name: object if kind is list else kind for name, kind in columns.items()}
    return pd.DataFrame(rows, columns=list(columns)).astype(dtypes)


def architectures(frames: Frames) -> list[str]:
    """Names of the architectures, in the spec's order."""
    return list(_cells(frames)[0])


def lambdas(frames: Frames) -> list[float]:
    """Every λ of a planned joint trial, ascending."""
    return list(places(frames))


@remembered
def baselines(frames: Frames) -> list[Method]:
    """The planned methods other than joint training."""
    planned = set(frames.planned["method"])
    return [method for method in BASELINES if method in planned]


@remembered
def places(frames: Frames) -> dict[float, int]:
    """The position of each planned λ in the grid, from 0."""
    joint = frames.planned["method"] == JOINT
    return {float(lam): place for place, lam in enumerate(sorted(set(frames.planned.loc[joint, "lam"])))}


@remembered
def _cells(frames: Frames) -> tuple[dict[str, None], dict[tuple[str, Method, float], pd.DataFrame]]:
    """The architectures, and the planned trials of each cell, by seed; both in the spec's order, λ ascending."""
    planned = frames.planned
    order = dict.fromkeys(planned["architecture"])
    by_seed = planned.sort_values(["lam", "seed"], kind="stable")
    groups = dict(list(by_seed.groupby(["architecture", "method", "lam"], sort=False)))
    rank = {name: i for i, name in enumerate(order)}
    return order, {key: groups[key] for key in sorted(groups, key=lambda key: rank[key[0]])}  # type: ignore[misc]


def planned_cells(frames: Frames) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """Architecture, λ and the planned joint trials of each cell, by seed.

    Architectures come in the spec's order, λ ascending.
    """
    for (architecture, method, lam), trials in _cells(frames)[1].items():
        if method == JOINT:
            yield architecture, lam, trials


def baseline_cells(frames: Frames) -> Iterator[tuple[str, Method, pd.DataFrame]]:
    """Architecture, method and the planned trials of each cell of bagging and stacking, by seed."""
    cells = {(name, method): trials for (name, method, _), trials in _cells(frames)[1].items()}
    for architecture in architectures(frames):
        for method in baselines(frames):
            if (architecture, method) in cells:
                yield architecture, method, cells[architecture, method]


def chosen_by_validation(frames: Frames) -> bool:
    """Whether every complete joint trial has a validation error, so that no λ need be picked by test error.

    Before any is complete, the plan tells.
    """
    joint = frames.trials[frames.trials["method"] == JOINT]
    return bool(joint["validation_error"].notna().all()) if len(joint) else frames.sweep.dataset.validation > 0


def by_seed(frames: Frames, architecture: str, lam: float, column: str, method: Method = JOINT) -> dict[int, float]:
    """The value of a column of ``trials`` for each complete seed of one cell."""
    planned, values = _cells(frames)[1].get((architecture, method, lam)), column_by_trial(frames, column)
    if planned is None:
        return {}
    pairs = zip(planned["seed"], planned["trial_id"], strict=True)
    return {int(seed): values[trial_id] for seed, trial_id in pairs if trial_id in values}


@remembered
def column_by_trial(frames: Frames, column: str) -> dict[str, float]:
    """A column of ``trials`` by trial id."""
    trials = frames.trials
    return dict(zip(trials["trial_id"], trials[column].astype(float), strict=True))


SUMMARISED: Columns = {
    "architecture": str, "method": str, "lam": float, "place": int, "members": int, "learning_rate": float,
    "planned": int, **dict.fromkeys(STATUSES, int),
    "seeds": list, "trial_ids": list, "values": list,
    "mean": float, "sd": float, "low": float, "high": float, "resolution": float,
}  # fmt: skip
"""Of a cell: its trials planned, and by status; its complete seeds with their values, and these summarised.
``resolution``: the least standard deviation that the interval takes, 0 where none is known."""


def summarised(frames: Frames, column: str) -> pd.DataFrame:
    """One row per planned cell of joint trials: counts by status, and a column of ``trials`` over its complete seeds.

    Columns: ``SUMMARISED``; the lists are by seed.
    """
    return _summarised(frames, column).copy()


@remembered
def _summarised(frames: Frames, column: str) -> pd.DataFrame:
    rows = [_row(frames, column, architecture, trials) for architecture, _, trials in planned_cells(frames)]
    return frame_of(rows, SUMMARISED)


def summarised_baselines(frames: Frames, column: str) -> pd.DataFrame:
    """The same as :func:`summarised`, for the cells of bagging and stacking."""
    rows = [_row(frames, column, architecture, trials) for architecture, _, trials in baseline_cells(frames)]
    return frame_of(rows, SUMMARISED)


def fraction_range(cell: pd.Series) -> Range:
    """The range of a cell's fractions, with their resolution."""
    return Range(0.0, 1.0, least_sd=cell["resolution"])


def _row(frames: Frames, column: str, architecture: str, trials: pd.DataFrame) -> dict[str, object]:
    measured, statuses = column_by_trial(frames, column), list(trials["status"])
    planned = zip(trials["seed"], trials["trial_id"], statuses, strict=True)
    done = [(int(seed), str(trial_id)) for seed, trial_id, status in planned if status == "complete"]
    values = [measured[trial_id] for _, trial_id in done]
    within = column_range(frames, column)
    summary = summarise(values, within)
    lam = float(trials["lam"].iloc[0])
    return {
        "architecture": architecture,
        "method": trials["method"].iloc[0],
        "lam": lam,
        "place": places(frames).get(lam, 0),
        "members": int(trials["members"].iloc[0]),
        "learning_rate": float(trials["learning_rate"].iloc[0]),
        "planned": len(trials),
        **{status: statuses.count(status) for status in STATUSES},
        "seeds": [seed for seed, _ in done],
        "trial_ids": [trial_id for _, trial_id in done],
        "values": values,
        "mean": summary.mean,
        "sd": summary.sd,
        "low": summary.low,
        "high": summary.high,
        "resolution": within.least_sd,
    }
