"""Figure 6: the error of the ensemble and of each member against λ, per trial, on test and training images."""

import numpy as np
import pandas as pd

from reports import wording
from reports.cells import places, planned_cells
from reports.figures.entry import ReportFigure
from reports.figures.member_marks import SPLITS, draw
from reports.loading import STATUSES, Frames
from reports.tables import DisplayTable, display

MOST_MEMBERS = 16
"""Up to so many members each is a dot; beyond, a bar from the best to the worst with a tick at the median."""
MOST_VALUES = 6_000
"""So are the members of a sweep that would make more dots in all."""
WIDTH = 0.5
"""Share of a step of the axis over which a cell's trials stand side by side."""


def data(frames: Frames) -> pd.DataFrame:
    """A row a split and complete trial of an ensemble at its tested epoch; a cell without any has one row of counts.

    Columns: architecture, lam, place, members, learning_rate, planned, a count a status; seed, trial_id, split,
    offset (where the trial stands beside its λ), ensemble, best, median, worst (errors); dominance, the index of
    the test errors; member_errors, a list of up to ``MOST_MEMBERS``, to 4 digits.
    """
    place, each = places(frames), _few(frames)
    finished = frames.trials.set_index("trial_id")
    train = frames.epochs[frames.epochs["split"] == SPLITS[1]]
    trained = {str(trial_id): rows for trial_id, rows in train.groupby("trial_id", sort=False)}
    rows: list[dict[str, object]] = []
    for name, lam, trials in planned_cells(frames):
        if trials["members"].iloc[0] == 1:
            continue
        cell = {"architecture": name, "lam": lam, "place": place[lam], **_counts(trials)}
        measured = [
            {**cell, "seed": int(trial["seed"]), "offset": _offset(i, len(trials)), **row}
            for i, (_, trial) in enumerate(trials.iterrows())
            for row in _measured(finished, trained, str(trial["trial_id"]), each)
        ]
        rows += measured or [{**cell, "seed": -1, "trial_id": "", "split": "", "member_errors": []}]
    return pd.DataFrame(rows)


def _counts(trials: pd.DataFrame) -> dict[str, object]:
    return {
        "members": int(trials["members"].iloc[0]),
        "learning_rate": float(trials["learning_rate"].iloc[0]),
        "planned": len(trials),
        **{status: int((trials["status"] == status).sum()) for status in STATUSES},
    }


def _offset(i: int, n: int) -> float:
    return WIDTH * (i - (n - 1) / 2) / max(n - 1, 4)


def _few(frames: Frames) -> bool:
    """Whether there are so few members in all that each may be a dot."""
    members = frames.planned["members"]
    return 2 * int(members[(members > 1) & (members <= MOST_MEMBERS)].sum()) <= MOST_VALUES


def _measured(
    finished: pd.DataFrame, trained: dict[str, pd.DataFrame], trial_id: str, each: bool
) -> list[dict[str, object]]:
    if trial_id not in finished.index:
        return []
    trial: pd.Series = finished.loc[trial_id]  # type: ignore[assignment]
    rows = [_row(trial_id, "test", float(trial["test_error"]), trial["member_test_errors"], each)]
    if trial_id in trained:
        train = trained[trial_id][trained[trial_id]["epoch"] == trial["best_epoch"]]
        rows += [_row(trial_id, "train", row["error"], row["member_errors"], each) for _, row in train.iterrows()]
    return [{**row, "dominance": float(trial["dominance"])} for row in rows]


def _row(trial_id: str, split: str, ensemble: float, members: object, each: bool) -> dict[str, object]:
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
    test = data[data["split"] == SPLITS[0]] if len(data) else data
    if test.empty:
        return "Errors of the ensemble and of its members against λ"
    ends = sorted({test["lam"].max(), test["lam"].min()}, reverse=True)
    parts = [_gap_at(lam, test[test["lam"] == lam]) for lam in ends]
    return f"The median member errs more than the best one: {'; '.join(parts)}"


def _gap_at(lam: float, rows: pd.DataFrame) -> str:
    gaps = (rows["median"] - rows["best"]).groupby(rows["architecture"], sort=False).mean()
    named = [f"{100 * gap:.1f} points in {name}" for name, gap in gaps.items()]
    return f"at {wording.lam(lam)} by {wording.listed(named)}"


def note(data: pd.DataFrame) -> str:
    """The dominance index at the largest λ."""
    test = data[data["split"] == SPLITS[0]]
    top = test[test["lam"] == test["lam"].max()]
    if top.empty:
        return ""
    index = top.groupby("architecture", sort=False)["dominance"].mean()
    named = wording.listed([f"{value:.2f} for {name}" for name, value in index.items()])
    return (
        f"Mean dominance index at {wording.lam(top['lam'].iloc[0])}: {named} (0: members equally good; 1: all but one "
        "err as often as chance)."
    )


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers, a row a trial and split."""
    measured = data[data["split"] != ""] if len(data) else data
    percents = {"ensemble": "ensemble, in %", "best": "best member", "median": "median member", "worst": "worst member"}
    return display(
        measured,
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: f"{row['lam']:g}",
            "seed": lambda row: row["seed"],
            "images": lambda row: row["split"],
            **{words: lambda row, of=of: wording.percent(row[of]) for of, words in percents.items()},  # type: ignore[misc]
            "dominance index": lambda row: wording.number(row["dominance"], 3),
        },
        row_headers=4,
    )


FIGURE = ReportFigure(
    key="fig-6",
    source="after Figure 6 of the paper",
    measured=(
        "Error of the ensemble (large marks) and of its members (small grey ones; from best to worst with a tick at "
        f"the median beyond {MOST_MEMBERS} members) at the tested epoch. Each trial stands for itself, seeds side by "
        "side, because members have no identity across seeds. A cross where a trial failed. One member low beside the "
        "ensemble and all others high is model dominance."
    ),
    data=data,
    draw=draw,
    title=title,
    table=table,
    note=note,
)
