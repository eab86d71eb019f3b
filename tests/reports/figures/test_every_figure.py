"""What every figure and table must do, whatever the store holds."""

import json
import re
from collections.abc import Callable
from io import StringIO

import pandas as pd
import pytest

from reports.figures import FIGURES
from reports.figures.entry import ReportFigure
from reports.frames.frames import Frames
from reports.tables import to_csv
from specs.format.commits import Status
from specs.sweep import PlannedTrial, SweepSpec
from tests.reports.conftest import FramesOf, partial
from tests.reports.synthetic import sweep

CONVNET = {"kind": "convnet", "members": 3, "filters": [4, 8], "strides": [1, 2]}
METHODS = ["joint", "bagging", "stacking"]
NO_NUMBER = r"\bnan\b"
Outcome = Callable[[PlannedTrial], Status | None]


def with_filters(**changes: object) -> SweepSpec:
    """A sweep to which every figure applies."""
    networks = {"1x64H": {"kind": "mlp", "members": 1, "hidden": 64}, "3xC": CONVNET, "2xC": {**CONVNET, "members": 2}}
    dataset = {"name": "cifar100", "validation": 1000}
    evaluation = {"filters": True, "robustness": {"masks": ["example", "shared"]}}
    design = {"architectures": networks, "methods": METHODS, "dataset": dataset, "evaluation": evaluation}
    return sweep(**{**design, **changes})


STATES: dict[str, tuple[SweepSpec, Outcome]] = {
    "all trials": (with_filters(), lambda trial: "complete"),
    "no trial": (with_filters(), lambda trial: None),
    "all failed": (with_filters(), lambda trial: "failed"),
    "all diverged": (with_filters(), lambda trial: "diverged"),
    "one trial": (with_filters(), lambda t: "complete" if t.spec.seed + t.spec.lam == 0 else None),
    "one seed": (with_filters(seeds=1), lambda trial: "complete"),
    "missing λ": (with_filters(), lambda trial: None if trial.spec.lam in (0, 1) else "complete"),
    "one λ": (with_filters(**{"lambda": [0.5]}), lambda trial: "complete"),
    "some": (with_filters(), lambda t: "failed" if t.spec.seed == 1 else None if t.spec.lam == 0.9 else "complete"),
    "no train errors": (
        with_filters(evaluation={"filters": True, "train_examples": 0, "robustness": {"repeats": 0}}),
        lambda trial: "complete",
    ),
    "small": (sweep(), partial),
}


@pytest.mark.parametrize("state", STATES)
def test_every_figure_works_in_every_state(state: str, frames_of: FramesOf) -> None:
    spec, outcome = STATES[state]
    frames = frames_of(outcome, spec)
    for figure in FIGURES:
        if not figure.applies(frames):
            continue
        data = figure.rows(frames, [frames])
        json.dumps(figure.draw(data).to_plotly_json(), allow_nan=False)
        words = " ".join([figure.title(data), figure.note(data) if figure.note and len(data) else ""])
        assert words.strip()
        assert not re.search(NO_NUMBER, words)
        table = figure.table(data)
        assert all(len(row) == len(table.headers) for row in table.rows)
        assert not [cell for row in table.rows for cell in row if re.search(NO_NUMBER, cell)]


def test_a_full_sweep_has_every_figure(frames_of: FramesOf) -> None:
    frames = frames_of(spec=with_filters())
    assert [figure.key for figure in FIGURES if figure.applies(frames)] == [figure.key for figure in FIGURES]


def test_keys_and_titles_are_each_figures_own(full_frames: Frames) -> None:
    shown = [figure for figure in FIGURES if figure.applies(full_frames)]
    titles = [figure.title(figure.data(full_frames)) for figure in shown]
    assert len(set(titles)) == len(titles)
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_the_csv_holds_every_row(figure: ReportFigure, full_frames: Frames) -> None:
    if not figure.applies(full_frames):
        pytest.skip("the synthetic sweep is not of its kind")
    data = figure.data(full_frames)
    again = pd.read_csv(StringIO(to_csv(data)))
    assert list(again.columns) == list(data.columns)
    assert len(again) == len(data)


def test_no_figure_uses_yellow_nor_leaves_a_lambda_axis_without_its_scale(full_frames: Frames) -> None:
    for figure in (each for each in FIGURES if each.applies(full_frames)):
        drawn = figure.draw(figure.data(full_frames))
        assert "F0E442" not in json.dumps(drawn.to_plotly_json()).upper()
        follows = any(isinstance(trace.meta, dict) and trace.meta.get("follows") for trace in drawn.data)
        assert follows == any(switch["label"] == "λ axis" for switch in drawn.layout.meta["switches"])
