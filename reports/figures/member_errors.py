"""Figure 6: the error of the ensemble and of each member against λ, per trial, on test and training images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports import wording
from reports.figures.entry import ReportFigure
from reports.figures.member_marks import SPLITS, draw
from reports.frames.cells import Columns, frame_of, places, planned_cells
from reports.frames.frames import STATUSES, Frames
from reports.statistics.dominance import model_dominance
from reports.tables import DisplayTable, display
from specs.datasets import facts_of

MOST_MEMBERS = 16
"""Up to so many members each is a dot; beyond, a bar from the best to the worst with a tick at the median."""
MOST_VALUES = 6_000
"""So are the members of a sweep that would make more dots in all."""
GROUP_WIDTH = 0.5
"""Share of a step of the axis over which a cell's trials stand side by side."""
COLUMNS: Columns = {
    "architecture": str, "lam": float, "place": int, "members": int, "learning_rate": float,
    "planned": int, **dict.fromkeys(STATUSES, int),
    "seed": int, "offset": float, "trial_id": str, "split": str,
    "ensemble": float, "best": float, "median": float, "worst": float, "member_errors": list,
    "model_dominance": float,
}  # fmt: skip
"""Of the cell: its trials planned, and by status. Of the trial: ``offset``, where it stands beside its λ; the errors of
the ensemble and of its members, each member's where there are up to ``MOST_MEMBERS``, to 4 digits; and their
:func:`model dominance <reports.statistics.dominance.model_dominance>`."""


def data(frames: Frames) -> pd.DataFrame:
    """A row a split and complete trial of an ensemble at its tested epoch; a cell without any has one row of counts."""
    place, each = places(frames), _few(frames)
    finished, classes = _finished(frames), facts_of(frames.sweep.dataset).classes
    rows: list[dict[str, object]] = []
    for name, lam, trials in planned_cells(frames):
        if trials["members"].iloc[0] == 1:
            continue
        cell = {"architecture": name, "lam": lam, "place": place[lam], **_counts(trials)}
        measured = [
            {**cell, "seed": int(seed), "offset": _offset(i, len(trials)), **row}
            for i, (trial_id, seed) in enumerate(zip(trials["trial_id"], trials["seed"], strict=True))
            for row in _measured(finished.get(trial_id, {}), trial_id, each, classes)
        ]
        rows += measured or [{**cell, "seed": -1, "trial_id": "", "split": "", "member_errors": []}]
    return frame_of(rows, COLUMNS)


def _counts(trials: pd.DataFrame) -> dict[str, object]:
    statuses = list(trials["status"])
    return {
        "members": int(trials["members"].iloc[0]),
        "learning_rate": float(trials["learning_rate"].iloc[0]),
        "planned": len(trials),
        **{status: statuses.count(status) for status in STATUSES},
    }


def _offset(i: int, n: int) -> float:
    return GROUP_WIDTH * (i - (n - 1) / 2) / max(n - 1, 4)


def _few(frames: Frames) -> bool:
    """Whether there are so few members in all that each may be a dot."""
    members = frames.planned["members"]
    return 2 * int(members[(members > 1) & (members <= MOST_MEMBERS)].sum()) <= MOST_VALUES


_Errors = dict[str, tuple[float, Sequence[float]]]
"""By split: the errors of a trial's ensemble and of its members at the tested epoch."""


def _finished(frames: Frames) -> dict[str, _Errors]:
    """By complete trial; of the training images only where they were measured."""
    trials = frames.trials
    columns = (trials[name] for name in ("trial_id", "test_error", "member_test_errors"))
    found: dict[str, _Errors] = {
        trial_id: {SPLITS[0]: (error, members)} for trial_id, error, members in zip(*columns, strict=True)
    }
    best = dict(zip(trials["trial_id"], trials["best_epoch"], strict=True))
    train = frames.epochs[frames.epochs["split"] == SPLITS[1]]
    train = train[train["epoch"] == train["trial_id"].map(best)]
    for trial_id, error, members in zip(train["trial_id"], train["error"], train["member_errors"], strict=True):
        found[trial_id][SPLITS[1]] = (error, members)
    return found


def _measured(tested: _Errors, trial_id: str, each: bool, classes: int) -> list[dict[str, object]]:
    return [
        {**_row(trial_id, split, error, members, each), "model_dominance": model_dominance(error, members, classes)}
        for split, (error, members) in tested.items()
    ]


def _row(trial_id: str, split: str, ensemble: float, members: Sequence[float], each: bool) -> dict[str, object]:
    errors = np.asarray(members, dtype=float)
    return {
        "trial_id": trial_id,
        "split": split,
        "ensemble": float(ensemble),
        "best": float(errors.min()),
        "median": float(np.median(errors)),
        "worst": float(errors.max()),
        "member_errors": [float(f"{e:.4g}") for e in errors] if each and errors.size <= MOST_MEMBERS else [],
    }


def title(data: pd.DataFrame) -> str:
    """How far the median member stands from the best, at both ends of λ."""
    test = data[data["split"] == SPLITS[0]]
    lams = sorted(set(test["lam"]), reverse=True)
    parts = [_gap_at(lam, test[test["lam"] == lam]) for lam in dict.fromkeys([*lams[:1], *lams[-1:]])]
    return f"The median member errs more than the best one: {'; '.join(parts)}" if parts else ""


def _gap_at(lam: float, rows: pd.DataFrame) -> str:
    gaps = (rows["median"] - rows["best"]).groupby(rows["architecture"], sort=False).mean()
    named = [f"{100 * gap:.1f} points in {name}" for name, gap in gaps.items()]
    return f"at {wording.lam(lam)} by {wording.listed(named)}"


def note(data: pd.DataFrame) -> str:
    """Mean model dominance on test images at the largest λ, and what it is."""
    test = data[data["split"] == SPLITS[0]]
    top = test[test["lam"] == test["lam"].max()]
    if top.empty:
        return ""
    index = top.groupby("architecture", sort=False)["model_dominance"].mean().dropna()
    named = wording.listed([f"{value:.2f} for {name}" for name, value in index.items()])
    if not named:
        return ""
    return f"On test images at {wording.lam(top['lam'].iloc[0])}, mean model dominance is {named}. {wording.DOMINANCE}"


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers, a row a trial and split."""
    percents = {"ensemble": "ensemble, in %", "best": "best member", "median": "median member", "worst": "worst member"}
    return display(
        data[data["split"] != ""],
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "seed": lambda row: row["seed"],
            "images": lambda row: row["split"],
            **{words: lambda row, of=of: wording.percent(row[of]) for of, words in percents.items()},  # type: ignore[misc]
            "model dominance": lambda row: wording.number(row["model_dominance"], 3),
        },
        row_headers=4,
    )


FIGURE = ReportFigure(
    key="fig-6",
    source="after Figure 6 of the paper",
    measured=(
        f"Errors at the tested epoch: large the ensemble, small its members (beyond {MOST_MEMBERS} a line from best to "
        "worst). Each trial stands for itself: members have no identity across seeds."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Errors of the ensemble and of its members against λ",
    table=table,
    note=note,
)
