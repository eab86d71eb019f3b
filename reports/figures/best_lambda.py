"""Figure 4: error against λ, a line an architecture; does the best λ fall as members grow?"""

import math

import pandas as pd
import plotly.graph_objects as go
from scipy.stats import kendalltau

from reports import wording
from reports.figures import scales, style
from reports.figures.entry import PERCENT_COLUMNS, SEED_COLUMNS, ReportFigure, ensembles, percent_hover
from reports.figures.marks import add_losses, ceiling, offer_intervals, placed, series
from reports.figures.style import rounded
from reports.frames import cells
from reports.frames.cells import chosen_by_validation
from reports.frames.frames import Frames
from reports.statistics.bootstrap import best_lambda
from reports.tables import DisplayTable, display
from specs.methods import JOINT

COLUMNS: cells.Columns = {
    **cells.SUMMARISED,
    "member_parameters": int, "best": float, "best_low": float, "best_high": float,
    "best_share": float, "best_n": float, "chosen_by": str,
}  # fmt: skip
"""A cell; ``best`` is the λ chosen for its ensemble by ``chosen_by``: the mean validation error, or the test error
where there is no validation. The rest is as in :class:`reports.statistics.bootstrap.Best`. NaN where nothing can be
chosen."""


def applies(frames: Frames) -> bool:
    """Whether there are several ensembles and several λs to choose between."""
    joint = frames.planned[frames.planned["method"] == JOINT]
    return joint.loc[joint["members"] > 1, "architecture"].nunique() > 1 and len(cells.lambdas(frames)) > 1


def data(frames: Frames) -> pd.DataFrame:
    """A row per planned cell of an ensemble: its test error, and the best λ of its ensemble."""
    rows = cells.summarised(frames, "test_error")
    rows = rows[rows["members"] > 1].reset_index(drop=True)
    parameters = dict(zip(frames.planned["architecture"], frames.planned["member_parameters"], strict=True))
    rows["member_parameters"] = [int(parameters[name]) for name in rows["architecture"]]
    criterion = "validation_error" if chosen_by_validation(frames) else "test_error"
    chosen = {name: _chosen(frames, name, criterion) for name in ensembles(rows)}
    for i, column in enumerate(("best", "best_low", "best_high", "best_share", "best_n")):
        rows[column] = [chosen[name][i] for name in rows["architecture"]]
    return cells.frame_of(rows.assign(chosen_by=criterion.replace("_", " ")), COLUMNS)


def _chosen(frames: Frames, name: str, criterion: str) -> tuple[float, float, float, float, float]:
    found = best_lambda({lam: cells.by_seed(frames, name, lam, criterion) for lam in cells.lambdas(frames)})
    if found is None:
        return (float("nan"),) * 5
    return found.lam, found.low, found.high, found.share, float(found.n)


def _bests(data: pd.DataFrame) -> pd.DataFrame:
    """A row an ensemble with a chosen λ, by parameters a member."""
    chosen = data[data["best"].notna()].drop_duplicates("architecture")
    return chosen.sort_values(["member_parameters", "architecture"], kind="stable")


def title(data: pd.DataFrame) -> str:
    """The best λ of each ensemble from the smallest members to the largest, and whether it falls."""
    chosen = _bests(data)
    named = wording.listed([f"{wording.bare(row['best'])} ({row['architecture']})" for _, row in chosen.iterrows()])
    return f"From the smallest members to the largest, the best λ {_trend(chosen)}: {named}" if named else ""


def _trend(chosen: pd.DataFrame) -> str:
    """The order of the best λs in words; only where intervals at both ends do not meet is it called a trend."""
    steps = list(chosen["best"].diff().dropna())
    if not steps:
        return "is known for one size only"
    if not any(steps):
        return "stays the same"
    down, up = all(step <= 0 for step in steps), all(step >= 0 for step in steps)
    if not (down or up):
        return "neither falls nor rises steadily"
    first, last = chosen.iloc[0], chosen.iloc[-1]
    apart = last["best_high"] < first["best_low"] if down else last["best_low"] > first["best_high"]
    return ("falls" if down else "rises") + ("" if apart else ", though not separably")


def note(data: pd.DataFrame) -> str:
    """How the best λ was chosen, how sure it is, and the rank correlation with the members' size."""
    chosen = _bests(data)
    if chosen.empty:
        return "No best λ can be chosen yet."
    text = f"The best λ is the one with the least mean {chosen['chosen_by'].iloc[0]}"
    text += ", picked on the test images themselves. " if chosen["chosen_by"].iloc[0].startswith("test") else ". "
    sure = [f"{100 * row['best_share']:.0f} % for {row['architecture']}" for _, row in chosen.iterrows()
            if not math.isnan(row["best_share"])]  # fmt: skip
    text += f"Share of bootstrap resamples over seeds that agree: {wording.listed(sure)}." if sure else ""
    if len(chosen) > 2 and chosen["best"].nunique() > 1 and chosen["member_parameters"].nunique() > 1:
        tau = kendalltau(chosen["member_parameters"], chosen["best"]).statistic
        text += f" Kendall's τ of best λ and parameters: {tau:+.2f} over {len(chosen)} sizes.".replace("-", "−")
    return text


def draw(data: pd.DataFrame) -> go.Figure:
    """On the left a line an ensemble with its best λ ringed; on the right the best λ against parameters a member."""
    figure = style.panels(
        ["error", "best λ and its bootstrap interval"], 2, ["λ", "parameters a member"], ["test error in %", "best λ"]
    )
    looks = {name: style.series_style(i) for i, name in enumerate(ensembles(data))}
    hovers = [percent_hover(row) for _, row in data.iterrows()]
    shown = placed(data, data["lam"], [looks[name] for name in data["architecture"]], hovers)
    lambdas = sorted(set(data["lam"]))
    for name in looks:
        series(figure, 0, shown[shown["architecture"] == name], 100, name)
    _add_rings(figure, shown)
    add_losses(figure, 0, shown, ceiling(data, 100))
    scales.follow(figure, lambdas, 1)
    _add_bests(figure, _bests(shown), lambdas)
    offer_intervals(figure)
    return figure


def _add_rings(figure: go.Figure, shown: pd.DataFrame) -> None:
    best = shown[(shown["lam"] == shown["best"]) & shown["mean"].notna()]
    figure.add_scatter(
        x=list(best["lam"]), y=rounded(best["mean"], 100), mode="markers", name="best λ", hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 20, "color": style.INK, "line": {"width": 2}},
        xaxis="x", yaxis="y", meta={"at": [[lam, 0.0] for lam in best["lam"]]},
    )  # fmt: skip


def _add_bests(figure: go.Figure, chosen: pd.DataFrame, lambdas: list[float]) -> None:
    """Best λs stand at even steps, as on the left-hand axis."""
    at = scales.even(lambdas)
    for _, row in chosen.iterrows():
        y, low, high = at[row["best"]], at.get(row["best_low"]), at.get(row["best_high"])
        figure.add_scatter(
            x=[row["member_parameters"]], y=[y], mode="markers", xaxis="x2", yaxis="y2", showlegend=False,
            name=row["architecture"], legendgroup=row["architecture"],
            marker={"color": row["look"].color, "symbol": row["look"].symbol, "size": 11},
            error_y=None if low is None or high is None else {
                "array": [high - y], "arrayminus": [y - low], "color": row["look"].color, "thickness": 1.5, "width": 5,
            },
            text=[_best_hover(row)], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.layout.yaxis2.update(
        tickmode="array", tickvals=list(at.values()), ticktext=[wording.bare(lam) for lam in at],
        range=[-0.5, len(at) - 0.5],
    )  # fmt: skip
    figure.layout.xaxis2.update(type="log", **_size_ticks(sorted(set(chosen["member_parameters"]))))


MOST_TICKS = 8
"""More sizes than that would stand on top of each other."""


def _size_ticks(sizes: list[int]) -> dict[str, object]:
    """A tick a size: the logarithmic axis' own say 2 and 5 of a power that a reader must look for."""
    if len(sizes) > MOST_TICKS:
        return {"dtick": 1}
    return {"tickmode": "array", "tickvals": sizes, "ticktext": [f"{size:,}" for size in sizes]}


def _best_hover(row: pd.Series) -> str:
    best, low, high = (wording.bare(row[name]) for name in ("best", "best_low", "best_high"))
    interval = "one seed: no interval"
    if not math.isnan(row["best_low"]):
        interval = f"95 % of resamples: {low} to {high}; {100 * row['best_share']:.0f} % agree"
    return (
        f"<b>{row['architecture']}</b><br>{row['member_parameters']:,} parameters a member<br>best λ {best} "
        f"by {row['chosen_by']}<br>{interval}<br>{wording.count(int(row['best_n']), 'seed')} at every measured λ"
    )


def table(data: pd.DataFrame) -> DisplayTable:
    """The plotted numbers of both panels."""
    columns = {
        "architecture": lambda row: row["architecture"],
        "λ": lambda row: wording.bare(row["lam"]),
        **PERCENT_COLUMNS,
        "best λ": lambda row: wording.best(row["best"]) if row["lam"] == row["best"] else "",
        "its bootstrap interval": lambda row: (
            f"{wording.best(row['best_low'])} to {wording.best(row['best_high'])}" if row["lam"] == row["best"] else ""
        ),
        "parameters a member": lambda row: f"{row['member_parameters']:,}",
        **SEED_COLUMNS,
    }
    return display(data, columns, row_headers=2)


FIGURE = ReportFigure(
    key="fig-4",
    source="after Figure 4 of the paper",
    measured=(
        "Left: a ring marks the best λ of each ensemble. Right: the best λ by size, with its 95 % interval over "
        "bootstrap resamples of the seeds."
    ),
    columns=COLUMNS,
    data=data,
    draw=draw,
    title=title,
    untold="Error against λ, and the best λ by the members' size",
    table=table,
    note=note,
    applies=applies,
)
