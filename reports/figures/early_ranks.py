"""Does an early epoch tell which member will dominate? Ranks at epoch 3 against ranks at the end (paper, section 4)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from reports import wording
from reports.figures.early_rank_marks import MOST_RANKS, draw
from reports.figures.entry import ReportFigure
from reports.frames.cells import Columns, frame_of, places, planned_cells
from reports.frames.frames import Frames
from reports.tables import DisplayTable, display

COLUMNS: Columns = {
    "architecture": str, "lam": float, "place": int, "members": int, "learning_rate": float,
    "planned": int, "complete": int, "seed": int, "trial_id": str, "early_epoch": int,
    "early_rank": int, "early_rank_train": float, "early_ranks": list,
}  # fmt: skip
"""``planned`` and ``complete`` count the cell's trials. ``early_rank`` and ``early_rank_train`` are the rank at the
early epoch, by test and by training errors, of the member that is best in the last epoch; 1 is the best.
``early_ranks``: by final rank, the early rank of the same member by test errors."""
OF_TRIAL = ["trial_id", "members", "learning_rate", "seed", "early_epoch", "early_rank_test", "early_rank_train"]


def data(frames: Frames) -> pd.DataFrame:
    """A row a complete trial of an ensemble."""
    rows: list[dict[str, object]] = []
    place = places(frames)
    ranked = frames.trials[frames.trials["early_rank_test"].notna() & (frames.trials["members"] > 1)]
    members = _by_epoch(frames, ranked)
    found = {row["trial_id"]: row for row in ranked[OF_TRIAL].to_dict("records")}
    for name, lam, planned in planned_cells(frames):
        complete = list(planned["status"]).count("complete")
        for trial in (found[trial_id] for trial_id in planned["trial_id"] if trial_id in found):
            early = int(trial["early_epoch"])
            rows.append(
                {
                    "architecture": name,
                    "lam": lam,
                    "place": place[lam],
                    "members": int(trial["members"]),
                    "learning_rate": float(trial["learning_rate"]),
                    "planned": len(planned),
                    "complete": complete,
                    "seed": int(trial["seed"]),
                    "trial_id": trial["trial_id"],
                    "early_epoch": early,
                    "early_rank": int(trial["early_rank_test"]),
                    "early_rank_train": float(trial["early_rank_train"]),
                    "early_ranks": _early_ranks(members.get(trial["trial_id"], {}), early),
                }
            )
    return frame_of(rows, COLUMNS)


ByEpoch = dict[int, Sequence[float]]
"""Each member's test error, by epoch."""


def _by_epoch(frames: Frames, ranked: pd.DataFrame) -> dict[str, ByEpoch]:
    """By trial, of the early epoch and the last."""
    tests = frames.epochs[frames.epochs["split"] == "test"]
    early = tests["trial_id"].map(ranked.set_index("trial_id")["early_epoch"])
    last = tests["trial_id"].map(tests.groupby("trial_id")["epoch"].max())
    tests = tests[(tests["epoch"] == early) | (tests["epoch"] == last)]
    found: dict[str, ByEpoch] = {}
    for trial_id, epoch, errors in zip(tests["trial_id"], tests["epoch"], tests["member_errors"], strict=True):
        found.setdefault(trial_id, {})[epoch] = errors
    return found


def _early_ranks(errors: ByEpoch, early: int) -> list[int]:
    """By final rank, the early rank of the same member."""
    if early not in errors:
        return []
    first, final = ranks(errors[early]), ranks(errors[max(errors)])
    return [int(first[member]) for member in np.argsort(final)][:MOST_RANKS]


def ranks(errors: Sequence[float]) -> np.ndarray:
    """Rank of each member, 1 for the least error; of equal errors the lower number is the better."""
    found = np.empty(len(errors), dtype=int)
    found[np.argsort(np.asarray(errors, dtype=float), kind="stable")] = np.arange(1, len(errors) + 1)
    return found


def hits(data: pd.DataFrame, column: str = "early_rank") -> pd.DataFrame:
    """By architecture and λ: trials whose finally best member led early, and how probable so many are by chance.

    Columns: architecture, lam, members, hits, n, p: the exact binomial probability of at least so many hits where each
    has probability 1/M. One sided; nothing is assumed of ties.
    """
    measured = data[data[column].notna()]
    rows = []
    for (name, lam), own in measured.groupby(["architecture", "lam"], sort=False):
        members, k, n = int(own["members"].iloc[0]), int((own[column] == 1).sum()), len(own)
        p = float(binomtest(k, n, 1 / members, alternative="greater").pvalue)
        rows.append({"architecture": name, "lam": lam, "members": members, "hits": k, "n": n, "p": p})
    return pd.DataFrame(rows, columns=["architecture", "lam", "members", "hits", "n", "p"])


def title(data: pd.DataFrame) -> str:
    """At the largest λ: in how many trials the early leader is the best in the end."""
    found = hits(data)
    top = found[found["lam"] == found["lam"].max()]
    named = [
        f"{row['hits']} of {wording.count(row['n'], 'trial')} in {row['architecture']}" for _, row in top.iterrows()
    ]
    early = int(data["early_epoch"].max())
    lam = wording.lam(top["lam"].iloc[0])
    return f"At {lam} the best member of epoch {early} is the best in the end in {wording.listed(named)}"


def note(data: pd.DataFrame) -> str:
    """The probabilities by chance, and what so few trials can show."""
    found = hits(data)
    top = found[found["lam"] == found["lam"].max()]
    named = [
        f"{row['architecture']} {wording.probability(row['p'])} (1/M = {1 / row['members']:.3g})"
        for _, row in top.iterrows()
    ]
    text = f"Chance of at least so many hits, not corrected: {wording.listed(named)}."
    epochs = set(data["early_epoch"])
    return text if epochs == {3} else f"{text} The paper looks at epoch 3; shorter trainings at their last."


def table(data: pd.DataFrame) -> DisplayTable:
    """The hit rate of each cell, by test and by training errors."""
    by_train = hits(data, "early_rank_train")
    train = {(row["architecture"], row["lam"]): row for _, row in by_train.iterrows()}
    return display(
        hits(data),
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "hits by test error": lambda row: f"{row['hits']} of {row['n']}",
            "1/M": lambda row: f"{1 / row['members']:.3g}",
            "p by chance": lambda row: wording.probability(row["p"]).removeprefix("p = "),
            "hits by training error": lambda row: _words(train.get((row["architecture"], row["lam"]))),
        },
        row_headers=2,
    )


def _words(row: pd.Series | None) -> str:
    return "–" if row is None else f"{row['hits']} of {row['n']} ({wording.probability(row['p'])})"


FIGURE = ReportFigure(
    key="fig-6-ranks",
    source="ours, to section 4 of the paper: dominance as an early diagnosis",
    measured=(
        "Rank of each member at epoch 3 against its final rank, by test error. Large: the best in the end, full where "
        f"it led early (a hit). Final ranks beyond {MOST_RANKS} are left out."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Does an early epoch tell which member will be the best?",
    table=table,
    note=note,
    undrawn="No complete ensemble has measured early ranks.",
)
