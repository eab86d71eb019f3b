"""Figure 6: the error of the ensemble and of each member against λ, per trial, on test and training images."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.cells import places, planned_cells
from reports.figures import scales, style
from reports.figures.entry import ReportFigure
from reports.figures.marks import add_losses, named, where
from reports.figures.style import rounded
from reports.loading import STATUSES, Frames
from reports.tables import DisplayTable, display

MOST_MEMBERS = 16
"""Up to so many members each is a dot; beyond, a bar from the best to the worst with a tick at the median."""
MOST_VALUES = 6_000
"""So are the members of a sweep that would make more dots in all."""
SPREAD = "best, median and worst member"
SPLITS = ("test", "train")
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


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble, trials side by side at each λ; a switch between test and training images."""
    if data.empty:
        return style.empty("This sweep has no ensemble.")
    names = list(dict.fromkeys(data["architecture"]))
    figure = style.panels(names, 3, "λ", "error in %")
    styles = style.lambda_styles(data)
    drawn: dict[int, str] = {}
    for split in SPLITS:
        for panel, name in enumerate(names):
            own = data[(data["architecture"] == name) & (data["split"] == split)]
            before = len(figure.data)
            if len(own):
                _add_members(figure, panel, own)
                _add_ensembles(figure, panel, own, styles, legend=panel == 0)
            drawn |= dict.fromkeys(range(before, len(figure.data)), split)
    for i, split in drawn.items():
        figure.data[i].visible = split == SPLITS[0]
    _add_lost(figure, names, data)
    scales.follow(figure, sorted(set(data["lam"])), len(names))
    if len(set(drawn.values())) > 1:
        _offer_splits(figure, drawn)
    return figure


def _add_members(figure: go.Figure, panel: int, own: pd.DataFrame) -> None:
    own = own.reset_index(drop=True)
    dots = [(i, error) for i, errors in enumerate(own["member_errors"]) for error in errors]
    if dots:
        index = [i for i, _ in dots]
        figure.add_scatter(
            **where(panel, own["lam"][index], list(own["offset"][index])), y=rounded([e for _, e in dots], 100),
            name="one member", mode="markers", marker={"color": style.MUTED, "size": 5, "opacity": 0.6},
            hovertemplate="a member: %{y:.2f} %<extra></extra>", legendgroup="member",
            showlegend=not named(figure, "one member"),
        )  # fmt: skip
        return
    figure.add_scatter(
        **where(panel, own["lam"], list(own["offset"])), y=rounded(own["median"], 100), mode="markers",
        name=SPREAD, marker={"color": style.MUTED, "symbol": "line-ew", "size": 7,
        "line": {"width": 2, "color": style.MUTED}},
        error_y={"array": rounded(own["worst"] - own["median"], 100), "color": style.MUTED, "thickness": 1, "width": 2,
                 "arrayminus": rounded(own["median"] - own["best"], 100)},
        hovertemplate="median member: %{y} %<extra></extra>", legendgroup="members",
        showlegend=not named(figure, SPREAD),
    )  # fmt: skip


def _add_ensembles(
    figure: go.Figure, panel: int, own: pd.DataFrame, styles: dict[float, style.Style], legend: bool
) -> None:
    looks = [styles[lam] for lam in own["lam"]]
    figure.add_scatter(
        **where(panel, own["lam"], list(own["offset"])), y=rounded(own["ensemble"], 100), name="ensemble, one trial",
        mode="markers", marker={"color": [look.color for look in looks], "symbol": [look.symbol for look in looks],
        "size": 9, "line": {"width": 1, "color": style.INK}},
        text=[_hover(row) for _, row in own.iterrows()], hovertemplate="%{text}<extra></extra>",
        legendgroup="ensemble", showlegend=legend,
    )  # fmt: skip


def _hover(row: pd.Series) -> str:
    return (
        f"<b>{row['architecture']}, {wording.lam(row['lam'])}</b>, seed {row['seed']}, {row['split']}<br>ensemble "
        f"{wording.percent(row['ensemble'])} %<br>members: best {wording.percent(row['best'])} %, median "
        f"{wording.percent(row['median'])} %, worst {wording.percent(row['worst'])} %<br>{row['complete']} of "
        f"{wording.count(row['planned'], 'seed')} · learning rate {row['learning_rate']:g}<br>{row['trial_id']}"
    )


def _add_lost(figure: go.Figure, names: list[str], data: pd.DataFrame) -> None:
    top = 104 * max([0.0, *data["worst"].dropna()]) if "worst" in data else 1.0
    for panel, name in enumerate(names):
        cells = data[data["architecture"] == name].drop_duplicates("lam")
        text = [
            f"{name}, {wording.lam(row['lam'])}: {row['complete']} of {row['planned']}" for _, row in cells.iterrows()
        ]
        add_losses(figure, panel, cells.assign(at=cells["lam"], hover=text), top)


def _offer_splits(figure: go.Figure, drawn: dict[int, str]) -> None:
    options = [
        {"label": f"{split} images", "set": {f"data.{i}.visible": own == split for i, own in drawn.items()}}
        for split in SPLITS
    ]
    style.add_switch(figure, "errors on", options)


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
