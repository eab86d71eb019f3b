"""Figure 5: the first-layer filters of each member at both ends of λ. Do all members learn, or one for all?"""

import numpy as np
import pandas as pd

from reports import wording
from reports.figures.entry import ReportFigure, has_ensembles
from reports.figures.filter_drawing import MOST_FILTERS, MOST_MEMBERS, MOST_WEIGHTS, draw
from reports.frames.cells import Columns, frame_of, planned_cells
from reports.frames.frames import Frames
from reports.tables import DisplayTable, display
from specs.datasets import facts_of

COLUMNS: Columns = {
    "architecture": str, "lam": float, "place": int, "seed": int, "trial_id": str, "member": int,
    "norm": float, "initial_norm": float, "distance": float, "network_distance": float,
    "pictured": bool, "shape": list, "weights": list,
}  # fmt: skip
"""``member`` counts from 1. ``norm`` and ``initial_norm`` are of its first layer's weights, ``distance`` is between the
two, ``network_distance`` that of all its weights from their initial values, at the tested epoch. ``pictured``: whether
its filters are drawn; then it has their ``shape`` and ``weights``, to 4 digits, else empty lists."""


def applies(frames: Frames) -> bool:
    """Whether the sweep keeps its filters."""
    return frames.sweep.evaluation.filters and has_ensembles(frames)


def data(frames: Frames) -> pd.DataFrame:
    """A row a member of every complete trial at the smallest and the largest λ."""
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys(frames.planned.loc[frames.planned["members"] > 1, "architecture"]):
        cells = [(lam, trials) for architecture, lam, trials in planned_cells(frames) if architecture == name]
        ends = [cells[0], cells[-1]] if len(cells) > 1 else cells
        pictured = _first_shared([trials for _, trials in ends])
        for place, (lam, trials) in enumerate(ends):
            for _, trial in trials[trials["status"] == "complete"].iterrows():
                own = {"architecture": name, "lam": lam, "place": place, "seed": int(trial["seed"])}
                rows += [own | row for row in _members(frames, str(trial["trial_id"]), trial["seed"] == pictured)]
    return frame_of(rows, COLUMNS)


def _first_shared(ends: list[pd.DataFrame]) -> int | None:
    """The first seed that is complete at both ends; failing that, at one."""
    done = [set(trials.loc[trials["status"] == "complete", "seed"]) for trials in ends]
    shared = set.intersection(*done) or set.union(*done)
    return int(min(shared)) if shared else None


def _members(frames: Frames, trial_id: str, pictured: bool) -> list[dict[str, object]]:
    kept = frames.filters[frames.filters["trial_id"] == trial_id]
    by_stage = {stage: own.sort_values("member") for stage, own in kept.groupby("stage")}
    whole = _network_distances(frames, trial_id)
    rows = []
    for (_, before), (_, after) in zip(*(by_stage[s].iterrows() for s in ("initial", "final")), strict=True):
        initial, final = (np.asarray(each["weights"], dtype=float) for each in (before, after))
        member = int(after["member"])
        shape = _picture_shape(frames, [int(n) for n in after["shape"]]) if pictured and member < MOST_MEMBERS else []
        rows.append(
            {
                "trial_id": trial_id,
                "member": member + 1,
                "norm": float(np.linalg.norm(final)),
                "initial_norm": float(np.linalg.norm(initial)),
                "distance": float(np.linalg.norm(final - initial)),
                "network_distance": whole[member] if member < len(whole) else float("nan"),
                "pictured": pictured,
                "shape": shape,
                "weights": [float(f"{w:.4g}") for w in final[: int(np.prod(shape))]] if shape else [],
            }
        )
    return rows


def _network_distances(frames: Frames, trial_id: str) -> list[float]:
    """Each member's distance from its initial weights at the tested epoch."""
    epochs = frames.epochs[(frames.epochs["trial_id"] == trial_id) & (frames.epochs["split"] == "test")]
    best = frames.trials.loc[frames.trials["trial_id"] == trial_id, "best_epoch"]
    at = epochs[epochs["epoch"].isin(set(best))]
    return [float(each) for row in at["member_distance_from_init"].head(1) for each in row]


def _picture_shape(frames: Frames, shape: list[int]) -> list[int]:
    """(filter, channel, height, width) as pictured; a dense unit's weights are laid out as the image that it sees."""
    image = list(facts_of(frames.sweep.dataset).shape)
    whole = shape if len(shape) == 4 else [shape[0], *image] if shape[1:] == [int(np.prod(image))] else []
    if not whole or np.prod(whole[1:]) > MOST_WEIGHTS:
        return []
    return [min(whole[0], MOST_FILTERS), *whole[1:]]


def concentration(data: pd.DataFrame, column: str) -> pd.DataFrame:
    """By architecture and λ: how many times the largest member's value is the median member's, mean over trials.

    Columns: architecture, lam, ratio, trials.
    """
    by_trial = data.groupby(["architecture", "lam", "trial_id"], sort=False)[column].agg(["max", "median"])
    ratios = (by_trial["max"] / by_trial["median"]).rename("ratio").reset_index()
    return ratios.groupby(["architecture", "lam"], sort=False)["ratio"].agg(ratio="mean", trials="count").reset_index()


def title(data: pd.DataFrame) -> str:
    """How much stronger than the median member's the strongest member's filters are, at each end."""
    found = concentration(data, "norm")
    first = found[found["architecture"] == found["architecture"].iloc[0]].sort_values("lam", ascending=False)
    parts = [f"{row['ratio']:.1f} times at {wording.lam(row['lam'])}" for _, row in first.iterrows()]
    return (
        f"{first['architecture'].iloc[0]}: the norm of the strongest member's first-layer filters is "
        f"{wording.listed(parts)} that of the median member's"
    )


def note(data: pd.DataFrame) -> str:
    """The same of the distance from the initial weights, and what is pictured."""
    parts = []
    for name, own in concentration(data, "distance").groupby("architecture", sort=False):
        ratios = [f"{row['ratio']:.1f} at {wording.lam(row['lam'])}" for _, row in own.iterrows()]
        parts.append(f"{name} {wording.listed(ratios)}")
    return (
        f"The farthest member's move, in medians: {'; '.join(parts)}. At most {MOST_MEMBERS} members and "
        f"{MOST_FILTERS} filters of each are shown."
    )


def table(data: pd.DataFrame) -> DisplayTable:
    """The numbers of the bars."""
    return display(
        data[data["pictured"]],
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: wording.bare(row["lam"]),
            "member": lambda row: row["member"],
            "norm": lambda row: wording.number(row["norm"]),
            "initial norm": lambda row: wording.number(row["initial_norm"]),
            "distance": lambda row: wording.number(row["distance"]),
            "distance of the whole network": lambda row: wording.number(row["network_distance"]),
            "seed": lambda row: row["seed"],
        },
        row_headers=3,
    )


FIGURE = ReportFigure(
    key="fig-5",
    source="after Figure 5 of the paper",
    measured=(
        "First-layer filters of the first seed complete at both ends of λ: a row a member, grey is 0, one scale. Bars: "
        "norm of a member's weights, and how far they moved. The title's ratios are means over all trials."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="First-layer filters of each member",
    table=table,
    note=note,
    undrawn="No complete trial has kept its filters.",
    applies=applies,
)
