"""Drawing of error curves by epoch: the ensemble in front, its members behind."""

import pandas as pd
import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.figures.entry import cell_name
from reports.figures.style import axis_suffix, rounded

SPLITS = ("test", "train")


def draw(data: pd.DataFrame) -> go.Figure:
    """Two panels an architecture: the smallest λ on the left, on the right the largest or the one chosen."""
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
    for (name, _), own in data.groupby(["architecture", "lam"], sort=False):
        before, lam = len(figure.data), float(own["lam"].iloc[0])
        panel = names.index(name) * columns + (lam != left)
        _add_cell(figure, panel, own, styles[lam], named if lam == left else None)
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
    test, train = (own[own["split"] == split] for split in SPLITS)
    curve = _Curves(figure, panel, named, _told(own.iloc[0]))
    if test["member_errors"].iloc[0]:
        for member, errors in enumerate(zip(*test["member_errors"], strict=True)):
            curve.line("each member, test", test["epoch"], errors, style.MUTED, 1, label=f"member {member + 1}")
    else:
        curve.band("best to worst member, test", test)
        curve.line("median member, test", test["epoch"], test["median"], style.MUTED, 1.5, "dash")
    curve.line("median member, train", train["epoch"], train["median"], style.MUTED, 1.5, "dot")
    curve.line("ensemble, train", train["epoch"], train["ensemble"], look.color, 2, "dot")
    curve.line("ensemble, test", test["epoch"], test["ensemble"], look.color, 3)


def _told(first: pd.Series) -> str:
    """What is under the pointer on every curve of a cell: the trial and how it was trained."""
    return (
        f"{cell_name(first)}, seed {first['seed']} · {first['trial_id']}<br>"
        f"{first['complete']} of {wording.count(first['planned'], 'seed')} · learning rate {first['learning_rate']:g}"
    )


class _Curves:
    """Adds curves to one panel; each name enters the figure's legend once.

    ``told`` ends each curve's text under the pointer. It stands once a curve: once a point it would fill the page.
    """

    def __init__(self, figure: go.Figure, panel: int, named: set[str] | None, told: str) -> None:
        self.figure, self.named, self.told = figure, named, told
        suffix = axis_suffix(panel)
        self.axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "mode": "lines"}

    def line(
        self, name: str, x: pd.Series, y: object, color: str, width: float, dash: str = "solid", label: str = ""
    ) -> None:
        if len(x):
            self._add(
                name, x=list(x), y=rounded(list(y), 100), line={"color": color, "width": width, "dash": dash},  # type: ignore[call-overload]
                hovertemplate=f"{label or name}<br>epoch %{{x}}: %{{y:.2f}} %<br>{self.told}<extra></extra>",
            )  # fmt: skip

    def band(self, name: str, rows: pd.DataFrame) -> None:
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
