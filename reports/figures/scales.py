"""Where a λ or a name stands on a horizontal axis, and the reader's switch between two scales of λ."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from reports import wording
from reports.figures import style
from reports.figures.style import axis_suffix

Positions = Mapping[float, float]


def even(lambdas: Sequence[float]) -> dict[float, float]:
    """Even steps: the paper's grid crowds near 1, where everything happens."""
    return {lam: float(i) for i, lam in enumerate(sorted(lambdas))}


def logarithmic(lambdas: Sequence[float]) -> dict[float, float]:
    """−log10(1 − λ); λ = 1, which is infinitely far, stands one unit beyond the last, and any above it farther."""
    finite = {lam: -math.log10(1 - lam) + 0.0 for lam in sorted(lambdas) if lam < 1}
    last = max(finite.values(), default=-1.0)
    beyond = {lam: last + i for i, lam in enumerate(sorted(lam for lam in lambdas if lam >= 1), start=1)}
    return finite | beyond


SCALES = {"even steps": even, "−log₁₀(1 − λ)": logarithmic}


def follow(figure: go.Figure, lambdas: Sequence[float], panels: int) -> None:
    """Put traces at even steps of λ, label the axes, and offer the other scale.

    A trace that follows the scale carries, in ``meta``, its x as pairs (λ, offset). On the page it is only told to
    follow: from an x of even steps, the page reckons that of an option's ``places`` and ``step``, the offset's unit.
    """
    at = even(lambdas)
    for trace in figure.data:
        if isinstance(trace.meta, dict) and "at" in trace.meta:
            trace.x = [round(at[lam] + offset, 4) for lam, offset in trace.meta["at"]]
            trace.meta = {"follows": True} | {key: value for key, value in trace.meta.items() if key != "at"}
    options = [_option(label, list(scale(lambdas).values()), panels) for label, scale in SCALES.items()]
    _label(figure, lambdas, options[0]["set"], panels)  # type: ignore[arg-type]
    if len(lambdas) > 2:
        style.add_switch(figure, "λ axis", options)


def _option(label: str, at: Sequence[float], panels: int) -> dict[str, object]:
    step, places = _least_gap(at), [round(x, 6) for x in at]
    changes: dict[str, object] = {}
    for panel in range(panels):
        name = f"layout.xaxis{axis_suffix(panel)}"
        changes[f"{name}.tickvals"] = places
        changes[f"{name}.range"] = [min(at) - 0.6 * step, max(at) + 0.6 * step]
    return {"label": label, "set": changes, "places": places, "step": step}


def _label(figure: go.Figure, lambdas: Sequence[float], changes: Mapping[str, object], panels: int) -> None:
    for panel in range(panels):
        name = f"xaxis{axis_suffix(panel)}"
        figure.layout[name].update(
            tickmode="array",
            tickangle=0,
            tickfont={"size": 11},
            tickvals=changes[f"layout.{name}.tickvals"],
            ticktext=[wording.bare(lam) for lam in sorted(lambdas)],
            range=changes[f"layout.{name}.range"],
        )


def name(figure: go.Figure, labels: Sequence[str], panel: int = 0) -> None:
    """Put names under the places 0, 1 … of one panel's axis, and its traces where their ``meta`` says."""
    suffix = axis_suffix(panel)
    for trace in figure.data:
        if trace.xaxis in (f"x{suffix}", None) and isinstance(trace.meta, dict) and "at" in trace.meta:
            trace.x = [round(place + offset, 4) for place, offset in trace.meta["at"]]
            trace.meta = {key: value for key, value in trace.meta.items() if key != "at"}
    figure.layout[f"xaxis{suffix}"].update(
        tickmode="array", tickvals=list(range(len(labels))), ticktext=list(labels), tickfont={"size": 11},
        range=[-0.6, len(labels) - 0.4],
    )  # fmt: skip


def _least_gap(positions: Sequence[float]) -> float:
    gaps = [after - before for before, after in pairwise(positions)]
    return min([1.0, *gaps])
