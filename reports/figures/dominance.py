"""Figure 6: the ensemble's error against its members' by epoch. Does one member do all the work?"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.cells import places, planned_cells
from reports.figures import style
from reports.figures.entry import ReportFigure
from reports.figures.style import axis_suffix, rounded
from reports.loading import Frames
from reports.tables import DisplayTable, display

MOST_MEMBERS = 16
"""Up to so many members each has its own line; beyond, a band from the best to the worst."""
MOST_EPOCHS = 40
"""Curves are thinned to about so many epochs, the last always among them."""
EARLY = 3
"""These first epochs are always shown: the paper tells at the end of epoch 3 which member will dominate."""
FEWEST_EPOCHS, MOST_VALUES = 10, 10_000
"""Curves are thinned further, down to ``FEWEST_EPOCHS``, where members' own lines would hold more values than that."""
SPLITS = ("test", "train")


def data(frames: Frames) -> pd.DataFrame:
    """A row an epoch and split of the first complete seed of each ensemble's cell.

    Members have no identity across seeds, so seeds are not averaged. Columns: architecture, lam, place, members, seed,
    trial_id, split, epoch, ensemble, member_mean, best, median, worst (errors), member_errors (a list, on test
    images and up to ``MOST_MEMBERS`` members).
    """
    found = []
    place = places(frames)
    most = _epochs_shown(frames)
    by_trial = dict(list(frames.epochs.groupby("trial_id", sort=False)))
    for architecture, lam, trials in planned_cells(frames):
        done = trials[(trials["status"] == "complete") & (trials["members"] > 1)]
        for _, trial in done.head(1).iterrows():
            rows = by_trial.get(trial["trial_id"], frames.epochs.head(0))
            for _, row in _thinned(rows, most).iterrows():
                own = {"architecture": architecture, "lam": lam, "place": place[lam], "members": int(trial["members"])}
                found.append({**own, "seed": int(trial["seed"]), "trial_id": trial["trial_id"], **_measured(row)})
    return pd.DataFrame(found)


def _epochs_shown(frames: Frames) -> int:
    """How many epochs a curve may show, so that a sweep with many small ensembles still makes a small page."""
    counts = [int(trials["members"].iloc[0]) for _, _, trials in planned_cells(frames)]
    lines = sum(count for count in counts if count <= MOST_MEMBERS)
    return max(FEWEST_EPOCHS, min(MOST_EPOCHS, MOST_VALUES // max(lines, 1)))


def _thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    rows = rows[rows["split"].isin(SPLITS)].sort_values(["split", "epoch"])
    if rows.empty:
        return rows
    last = int(rows["epoch"].max())
    keep = {*range(1, min(last, EARLY) + 1), *np.linspace(EARLY, last, min(last, most)).round().astype(int).tolist()}
    return rows[rows["epoch"].isin(keep)]


def _measured(row: pd.Series) -> dict[str, object]:
    errors = np.asarray(row["member_errors"], dtype=float)
    return {
        "split": row["split"],
        "epoch": int(row["epoch"]),
        "ensemble": float(row["error"]),
        "member_mean": float(row["member_error"]),
        "best": float(errors.min()),
        "median": float(np.median(errors)),
        "worst": float(errors.max()),
        "member_errors": errors.tolist() if errors.size <= MOST_MEMBERS and row["split"] == "test" else [],
    }


def final_rows(data: pd.DataFrame) -> pd.DataFrame:
    """The last epoch of each cell and split."""
    return data.groupby(["architecture", "lam", "split"], sort=False).tail(1) if len(data) else data


def title(data: pd.DataFrame) -> str:
    """How far the members stand from their ensemble at the end, at the largest λ, where it is widest."""
    if data.empty:
        return "Ensemble and member errors by epoch"
    last = final_rows(data)
    last = last[(last["split"] == SPLITS[0]) & (last["lam"] == last["lam"].max())]
    if last.empty:
        return "Ensemble and member errors by epoch"
    row = last.iloc[int((last["median"] - last["ensemble"]).argmax())]
    best, median, whole = (wording.percent(row[name]) for name in ("best", "median", "ensemble"))
    return (
        f"{row['architecture']} at {wording.lam(row['lam'])}: the ensemble errs on {whole} % of test images, "
        f"its best member on {best} %, its median member on {median} %"
    )


def draw(data: pd.DataFrame) -> go.Figure:
    """Two panels an architecture: the smallest λ on the left, on the right the largest or the one chosen."""
    if data.empty:
        return style.empty("No complete ensemble yet.")
    names = list(dict.fromkeys(data["architecture"]))
    lambdas = sorted(set(data["lam"]))
    left, rest = lambdas[0], lambdas[1:]
    columns = 2 if rest else 1
    titles = [f"{name}, {wording.lam(lam)}" for name in names for lam in [left, *rest[-1:]]]
    figure = style.panels(titles, columns, "epoch", "error in %")
    if data["epoch"].max() <= 10:
        figure.update_xaxes(dtick=1)
    styles = style.lambda_styles(data)
    shown: dict[int, float] = {}
    named: set[str] = set()
    for i, name in enumerate(names):
        for lam in lambdas:
            own = data[(data["architecture"] == name) & (data["lam"] == lam)]
            before = len(figure.data)
            _add_cell(figure, i * columns + (lam != left), own, styles[lam], named if lam == left else None)
            shown |= {trace: lam for trace in range(before, len(figure.data)) if lam != left}
    for trace, lam in shown.items():
        figure.data[trace].visible = lam == rest[-1]
    if len(rest) > 1:
        _offer_lambdas(figure, names, rest[::-1], shown)
    return figure


def _add_cell(figure: go.Figure, panel: int, own: pd.DataFrame, look: style.Style, named: set[str] | None) -> None:
    """One cell: members thin behind, the ensemble thick in front; training errors dotted.

    ``named`` holds what the legend has so far; None keeps the cell out of it.
    """
    if own.empty:
        return
    test, train = (own[own["split"] == split] for split in SPLITS)
    curve = _Curves(figure, panel, named)
    if len(test) and test["member_errors"].iloc[0]:
        for member, errors in enumerate(zip(*test["member_errors"], strict=True)):
            curve.line("each member, test", test["epoch"], errors, style.MUTED, 1, label=f"member {member + 1}")
    else:
        curve.band("best to worst member, test", test)
        curve.line("median member, test", test["epoch"], test["median"], style.MUTED, 1.5, "dash")
    curve.line("median member, train", train["epoch"], train["median"], style.MUTED, 1.5, "dot")
    curve.line("ensemble, train", train["epoch"], train["ensemble"], look.color, 2, "dot")
    curve.line("ensemble, test", test["epoch"], test["ensemble"], look.color, 3)


class _Curves:
    """Adds curves to one panel; each name enters the figure's legend once."""

    def __init__(self, figure: go.Figure, panel: int, named: set[str] | None) -> None:
        self.figure, self.named = figure, named
        suffix = axis_suffix(panel)
        self.axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "mode": "lines"}

    def line(
        self, name: str, x: pd.Series, y: object, color: str, width: float, dash: str = "solid", label: str = ""
    ) -> None:
        if len(x):
            self._add(
                name, x=list(x), y=rounded(list(y), 100), line={"color": color, "width": width, "dash": dash},  # type: ignore[call-overload]
                hovertemplate=f"{label or name}<br>epoch %{{x}}: %{{y:.2f}} %<extra></extra>",
            )  # fmt: skip

    def band(self, name: str, rows: pd.DataFrame) -> None:
        if len(rows):
            there, back = rows, rows[::-1]
            self._add(
                name, x=[*there["epoch"], *back["epoch"]], y=rounded([*there["best"], *back["worst"]], 100),
                fill="toself", fillcolor=style.BAND, line={"color": style.MUTED, "width": 0.5}, hoverinfo="skip",
            )  # fmt: skip

    def _add(self, name: str, **trace: object) -> None:
        legend = self.named is not None and name not in self.named
        if self.named is not None:
            self.named.add(name)
        self.figure.add_scatter(name=name, legendgroup=name, showlegend=legend, **self.axes, **trace)


def _offer_lambdas(figure: go.Figure, names: list[str], lambdas: list[float], shown: dict[int, float]) -> None:
    options = []
    for lam in lambdas:
        changes: dict[str, object] = {f"data.{trace}.visible": own == lam for trace, own in shown.items()}
        for i, name in enumerate(names):
            changes[f"layout.annotations.{2 * i + 1}.text"] = f"<b>{name}, {wording.lam(lam)}</b>"
        options.append({"label": wording.lam(lam), "set": changes})
    style.add_switch(figure, "right-hand panels", options)


def table(data: pd.DataFrame) -> DisplayTable:
    """The last epoch of each curve."""
    return display(
        final_rows(data),
        {
            "architecture": lambda row: row["architecture"],
            "λ": lambda row: f"{row['lam']:g}",
            "split": lambda row: row["split"],
            "epoch": lambda row: row["epoch"],
            "ensemble error in %": lambda row: wording.percent(row["ensemble"]),
            "best member": lambda row: wording.percent(row["best"]),
            "median member": lambda row: wording.percent(row["median"]),
            "worst member": lambda row: wording.percent(row["worst"]),
            "mean member": lambda row: wording.percent(row["member_mean"]),
            "seed": lambda row: row["seed"],
        },
        row_headers=3,
    )


FIGURE = ReportFigure(
    key="fig-6-epochs",
    source="after Figure 6 of the paper",
    measured=(
        "Errors of the ensemble (thick, in the colour of its λ) and of its members (thin; a band from best "
        f"to worst beyond {MOST_MEMBERS} members) after each epoch, of the first complete seed; dotted on "
        "training images where those were measured. "
        "One low member under high ones is model dominance: the ensemble has become one network."
    ),
    data=data,
    draw=draw,
    title=title,
    table=table,
)
