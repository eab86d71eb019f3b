"""What every figure and table must do, whatever the store holds."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pandas as pd
import pytest

from reports.figures import FIGURES
from reports.figures.entry import ReportFigure
from reports.frames.cells import frame_of
from reports.frames.frames import Frames, load
from reports.tables import to_csv
from specs.format.commits import Status
from specs.sweep import PlannedTrial, SweepSpec
from tests.reports.conftest import FramesOf, partial
from tests.reports.synthetic import sweep, write_store

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
    "no joint training": (with_filters(methods=["bagging"], evaluation={"filters": True}), lambda trial: "complete"),
    "single networks": (sweep(architectures={"1x64H": {"kind": "mlp", "members": 1, "hidden": 64}}), partial),
}


@pytest.fixture(scope="module", params=STATES)
def any_frames(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """A store in each state; read it only."""
    spec, outcome = STATES[request.param]
    return load(write_store(tmp_path_factory.mktemp("state") / "store", spec, outcome).storage)


def test_every_figure_works_in_every_state(any_frames: Frames) -> None:
    for figure in (each for each in FIGURES if each.applies(any_frames)):
        data = figure.rows(any_frames, [any_frames])
        json.dumps(figure.drawn(data).to_plotly_json(), allow_nan=False)
        assert figure.titled(data)
        assert not re.search(NO_NUMBER, f"{figure.titled(data)} {figure.noted(data)}")
        table = figure.tabled(data)
        assert all(len(row) == len(table.headers) for row in table.rows)
        assert not [cell for row in table.rows for cell in row if re.search(NO_NUMBER, cell)]


def test_every_figure_has_its_declared_columns_in_every_state(any_frames: Frames) -> None:
    """The same ones whether every trial is complete or none."""
    for figure in (each for each in FIGURES if each.applies(any_frames)):
        declared, data = frame_of([], figure.columns), figure.rows(any_frames, [any_frames])
        assert list(data.columns) == list(figure.columns)
        assert dict(data.dtypes) == dict(declared.dtypes), figure.key


def refused(data: pd.DataFrame) -> str:
    raise AssertionError("asked without rows")


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_a_figure_without_rows_says_so_and_is_asked_nothing(figure: ReportFigure) -> None:
    unasked = replace(figure, draw=refused, title=refused, note=refused, table=refused)
    none = frame_of([], figure.columns)
    assert (unasked.titled(none), unasked.noted(none)) == (figure.untold, "")
    assert unasked.drawn(none).layout.annotations[-1].text == figure.undrawn
    assert not unasked.tabled(none).rows
    assert to_csv(none) == ",".join(figure.columns) + "\n"


def test_a_full_sweep_has_every_figure(frames_of: FramesOf) -> None:
    frames = frames_of(spec=with_filters())
    assert [figure.key for figure in FIGURES if figure.applies(frames)] == [figure.key for figure in FIGURES]


def test_keys_and_titles_are_each_figures_own(full_frames: Frames) -> None:
    shown = [figure for figure in FIGURES if figure.applies(full_frames)]
    titles = [figure.titled(figure.data(full_frames)) for figure in shown]
    assert len(set(titles)) == len(titles)
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_a_caption_is_short_and_repeats_nothing_that_all_figures_share(figure: ReportFigure) -> None:
    assert len(figure.measured.split()) <= 40
    assert not re.search("hollow|cross where|dot a seed|diamond|mean over seeds", figure.measured, re.IGNORECASE)


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
        drawn = figure.drawn(figure.data(full_frames))
        assert "F0E442" not in json.dumps(drawn.to_plotly_json()).upper()
        follows = any(isinstance(trace.meta, dict) and trace.meta.get("follows") for trace in drawn.data)
        assert follows == any(switch["label"] == "λ axis" for switch in drawn.layout.meta["switches"])
