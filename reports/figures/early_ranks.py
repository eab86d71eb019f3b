"""Does an early epoch tell which member will dominate? Ranks at epoch 3 against ranks at the end (paper, section 4)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.stats import binomtest

from reports import wording
from reports.cells import places, planned_cells
from reports.figures import style
from reports.figures.entry import ReportFigure
from reports.figures.style import axis_suffix
from reports.loading import Frames
from reports.tables import DisplayTable, display

MOST_RANKS = 16
"""Members beyond this final rank are left out."""


def data(frames: Frames) -> pd.DataFrame:
    """A row a complete trial of an ensemble.

    Columns: architecture, lam, place, members, planned, seed, trial_id, early_epoch; early_rank and early_rank_train,
    the rank at that epoch, by test and by training errors, of the member that is best in the last epoch (1 is the
    best); early_ranks, a list: the rank at that epoch, by test errors, of the member of each final rank.
    """
    rows: list[dict[str, object]] = []
    place = places(frames)
    tests = frames.epochs[frames.epochs["split"] == "test"]
    by_trial = dict(list(tests.groupby("trial_id", sort=False)))
    for name, lam, planned in planned_cells(frames):
        ids = list(planned.loc[planned["members"] > 1, "trial_id"])
        own = frames.trials[frames.trials["trial_id"].isin(ids) & frames.trials["early_rank_test"].notna()]
        for _, trial in own.sort_values("seed").iterrows():
            rows.append(
                {
                    "architecture": name,
                    "lam": lam,
                    "place": place[lam],
                    "members": int(trial["members"]),
                    "planned": len(planned),
                    "seed": int(trial["seed"]),
                    "trial_id": trial["trial_id"],
                    "early_epoch": int(trial["early_epoch"]),
                    "early_rank": int(trial["early_rank_test"]),
                    "early_rank_train": float(trial["early_rank_train"]),
                    "early_ranks": _early_ranks(by_trial.get(trial["trial_id"]), int(trial["early_epoch"])),
                }
            )
    return pd.DataFrame(rows)


def _early_ranks(epochs: pd.DataFrame | None, early: int) -> list[int]:
    """By final rank, the early rank of the same member."""
    if epochs is None or early not in set(epochs["epoch"]):
        return []
    last = epochs["epoch"].max()
    first, final = (ranks(epochs.loc[epochs["epoch"] == e, "member_errors"].iloc[0]) for e in (early, last))
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
    if data.empty:
        return "Does an early epoch tell which member will be the best?"
    found = hits(data)
    top = found[found["lam"] == found["lam"].max()]
    named = [f"{row['hits']} of {row['n']} trials in {row['architecture']}" for _, row in top.iterrows()]
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
    text = f"Exact binomial probability of at least so many hits by chance, not corrected: {wording.listed(named)}."
    epochs = set(data["early_epoch"])
    return text if epochs == {3} else f"{text} The paper looks at epoch 3; shorter trainings at their last."


def draw(data: pd.DataFrame) -> go.Figure:
    """A panel an ensemble: a dot a member and trial, its final rank across, its early rank up; a switch over λ."""
    if data.empty:
        return style.empty("No complete ensemble has measured early ranks.")
    names, lambdas = list(dict.fromkeys(data["architecture"])), sorted(set(data["lam"]), reverse=True)
    early = int(data["early_epoch"].max())
    ups = [f"rank at epoch {early}"] * len(names)
    figure = style.panels(names, 3, "rank in the last epoch", ups)
    styles = style.lambda_styles(data)
    drawn: dict[int, float] = {}
    for lam in lambdas:
        for panel, name in enumerate(names):
            own = data[(data["architecture"] == name) & (data["lam"] == lam)]
            drawn |= dict.fromkeys(_add_ranks(figure, panel, own, styles[lam], panel == 0), lam)
    for panel, name in enumerate(names):
        members = int(data.loc[data["architecture"] == name, "members"].iloc[0])
        _fit(figure, panel, members)
    for i, lam in drawn.items():
        figure.data[i].visible = lam == lambdas[0]
    options = [
        {"label": wording.lam(lam), "set": {f"data.{i}.visible": own == lam for i, own in drawn.items()}}
        for lam in lambdas
    ]
    if len(options) > 1:
        style.add_switch(figure, "trials at", options)
    return figure


def _add_ranks(figure: go.Figure, panel: int, own: pd.DataFrame, look: style.Style, legend: bool) -> range:
    """All members as small dots; the member that is best in the end larger: full where it led early too."""
    before, name = len(figure.data), axis_suffix(panel)
    axes = {"xaxis": f"x{name}", "yaxis": f"y{name}", "mode": "markers"}
    dots = [(rank, e) for each in own["early_ranks"] for rank, e in enumerate(each, start=1) if rank > 1]
    figure.add_scatter(
        x=[rank for rank, _ in dots], y=[e for _, e in dots], name="another member", legendgroup="other",
        marker={"color": style.MUTED, "size": 5, "opacity": 0.6}, showlegend=legend,
        hovertemplate="rank %{x} in the end, %{y} early<extra></extra>", **axes,
    )  # fmt: skip
    # Trials stand side by side, since most leaders would cover each other.
    shift = [0.09 * (i - (len(own) - 1) / 2) for i in range(len(own))]
    led = list(own["early_rank"] == 1)
    figure.add_scatter(
        x=[1 + s for s in shift], y=list(own["early_rank"]), name="best member in the end (full: it led early)",
        legendgroup="best", showlegend=legend,
        marker={"symbol": [look.symbol if hit else f"{look.symbol}-open" for hit in led], "color": look.color,
                "line": {"width": 2, "color": look.color}, "size": 11},
        text=[f"{row['architecture']}, {wording.lam(row['lam'])}, seed {row['seed']}: rank {row['early_rank']} of "
              f"{row['members']} at epoch {row['early_epoch']}<br>{row['trial_id']}" for _, row in own.iterrows()],
        hovertemplate="%{text}<extra></extra>", **axes,
    )  # fmt: skip
    return range(before, len(figure.data))


def _fit(figure: go.Figure, panel: int, members: int) -> None:
    last = min(members, MOST_RANKS)
    name = axis_suffix(panel)
    figure.layout[f"xaxis{name}"].update(range=[0.3, last + 0.7], tickmode="array", tickvals=_rank_ticks(last))
    y = figure.layout[f"yaxis{name}"]
    if members > MOST_RANKS:  # few of its ranks are shown, near the top
        ticks = [4**i for i in range(6) if 4**i <= members]
        y.update(type="log", range=[np.log10(1.25 * members), -0.12], tickmode="array", tickvals=ticks)
    else:
        y.update(range=[1.04 * members + 0.5, 0.6 - 0.02 * members], tickmode="array", tickvals=_rank_ticks(members))


def _rank_ticks(last: int) -> list[int]:
    return sorted({1, *(round(last * i / 4) for i in range(1, 5))} - {0})


def table(data: pd.DataFrame) -> DisplayTable:
    """The hit rate of each cell, by test and by training errors."""
    if data.empty:
        return DisplayTable((), ())
    by_train = hits(data, "early_rank_train")
    train = {(row["architecture"], row["lam"]): row for _, row in by_train.iterrows()}
    return display(
        hits(data),
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: f"{row['lam']:g}",
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
        "Rank of each member by test error at the end of epoch 3 against its rank in the last epoch; 1 is the best. "
        "The member that is best in the end is a large mark: full where it was the best at epoch 3 already. Final "
        f"ranks beyond {MOST_RANKS} are left out. A trial is a hit where the early leader is the best in the end."
    ),
    data=data,
    draw=draw,
    title=title,
    table=table,
    note=note,
)
