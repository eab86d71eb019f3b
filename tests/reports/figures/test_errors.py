"""Figures 2 and 3 and Table 2: errors by method and by λ, beside the paper's."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reports.figures import error_against_lambda, error_by_method, error_table, paper
from reports.frames.frames import Frames, load
from specs.loader import load_sweep
from specs.sweep import SweepSpec
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep, write_store

METHODS = ["joint", "bagging", "stacking"]
MLPS = {
    "one": {"kind": "mlp", "members": 1, "hidden": 1024},
    "tiny": {"kind": "mlp", "members": 256, "hidden": 4, "learning_rate": {"default": 5.15, "from_lambda": {1: 1.5}}},
}


def paper_like(**changes: object) -> SweepSpec:
    """The paper's smallest and largest MLP under other names, without robustness, which takes long to make up."""
    design: dict[str, object] = {
        "architectures": MLPS,
        "methods": METHODS,
        "lambda": [0, 0.5, 0.95, 1],
        "dataset": {"name": "fashion_mnist", "validation": 1000},
        "evaluation": {"robustness": {"repeats": 0}},
        "training": {"epochs": 1, "batch_size": 64, "learning_rate": 0.02},
    }
    return sweep(**{**design, **changes})


def with_errors(frames: Frames, errors: Mapping[tuple[str, str, float], list[float]]) -> Frames:
    """The same frames with made-up test errors by architecture, method and λ, one a seed."""
    trials = frames.trials.copy()
    for (name, method, lam), values in errors.items():
        own = (trials["architecture"] == name) & (trials["method"] == method) & (trials["lam"] == lam)
        trials.loc[own, "test_error"] = trials.loc[own, "seed"].map(dict(enumerate(values)))
    return replace(frames, trials=trials)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    frames = load(write_store(tmp_path_factory.mktemp("errors") / "store", paper_like()).storage)
    return with_errors(
        frames,
        {
            ("one", "joint", 1.0): [0.10, 0.11, 0.12],
            ("tiny", "joint", 0.0): [0.16, 0.17, 0.18],
            ("tiny", "joint", 0.95): [0.101, 0.111, 0.121],
            ("tiny", "joint", 1.0): [0.10, 0.12, 0.12],
        },
    )


def test_methods_are_compared_with_the_single_network_within_seeds(made_up: Frames) -> None:
    data = error_by_method.data(made_up).set_index(["method", "lam"])
    tiny = data[data["members"] > 1]
    assert list(tiny.index) == [("joint", 0), ("joint", 0.95), ("joint", 1), ("bagging", 0), ("stacking", 0)]
    assert tiny.loc[("joint", 0), "difference"] == pytest.approx(0.06)
    assert tiny.loc[("joint", 0.95), "difference_high"] == pytest.approx(
        0.001 + 4.302653 * (2**0.5 / 10_000) / 3**0.5,
        rel=1e-5,  # no spread: the resolution of two rates of 10,000 images
    )
    # differences 0, 0.01, 0: t(2) 4.302653 times SD 0.0057735 over the root of 3
    assert tiny.loc[("joint", 1), "difference_high"] == pytest.approx(
        0.01 / 3 + 4.302653 * 0.0057735 / 3**0.5, rel=1e-5
    )
    verdicts = [error_by_method.verdict(row) for _, row in tiny.iterrows()]
    assert verdicts[:3] == ["different", "equivalent", "cannot be told"]


def test_the_method_figure_says_its_finding_rates_and_the_papers_numbers(made_up: Frames) -> None:
    data = error_by_method.data(made_up)
    assert error_by_method.title(data).startswith("tiny against the single network one, in points of error: +6.00 at λ")
    figure = error_by_method.draw(data)
    assert [label.split("<br>")[-1] for label in figure.layout.xaxis.ticktext][:4] == [
        "lr 0.02", "lr 5.15", "lr 5.15", "lr 1.5",
    ]  # fmt: skip
    (diamonds,) = (trace for trace in figure.data if trace.name == "the paper's number")
    assert diamonds.marker.symbol == "diamond"
    assert list(diamonds.y) == [10.2, 16.3, 10.3]
    assert "text, section 4" in diamonds.text[0]
    (band,) = (trace for trace in figure.data if trace.name == "single network ± 0.5 points")
    assert set(band.y) == {10.5, 11.5}


def test_no_number_of_the_paper_is_shown_on_other_data(full_frames: Frames, made_up: Frames) -> None:
    assert error_by_method.data(full_frames)["paper"].isna().all()
    for figure in (error_by_method, error_against_lambda):
        shown = [set(figure.table(figure.data(frames)).headers) for frames in (full_frames, made_up)]
        assert shown[1] - shown[0] == {"the paper's, in %"}
    assert not [
        t for t in error_by_method.draw(error_by_method.data(full_frames)).data if t.name == "the paper's number"
    ]


def test_the_papers_table_is_found_by_network_not_by_name() -> None:
    spec = load_sweep("paper/cifar100-densenet")
    frames = Frames(spec, "", *(pd.DataFrame() for _ in range(6)), 0)  # type: ignore[call-arg]
    found = [paper.error(frames, "DN-Low", "joint", 0.5), paper.error(frames, "DN-High", "bagging", 0)]
    assert [(each.value, each.source) for each in found if each] == [(0.235, "Table 2"), (0.284, "Table 2")]
    assert paper.error(frames, "DN-Low", "joint", 0.7) is None


def test_the_table_is_bold_only_where_every_paired_interval_excludes_zero(made_up: Frames) -> None:
    data = error_table.data(made_up)
    assert not data["separable"].any()  # λ = 0.95 and 1 cannot be told apart
    clear = with_errors(made_up, {("tiny", "joint", 1.0): [0.141, 0.15, 0.16]})
    table = error_table.table(error_table.data(clear))
    assert table.headers == ("test error in %", "tiny")
    rows = dict(table.rows)  # type: ignore[arg-type]
    assert rows["λ\u00a0=\u00a00.95"].startswith("<strong>11.10 [8.85, 13.84] (3); paper 10.3, Δ +0.80</strong>")
    assert rows["λ\u00a0=\u00a00"] == "17.00 [14.66, 19.63] (3); paper 16.3, Δ +0.70"
    assert "<strong>" not in rows["bagging"]
    assert "separable from every other row for tiny (λ" in error_table.title(error_table.data(clear))


def test_the_least_error_of_the_table_is_found_on_shared_seeds_and_names_its_ties(made_up: Frames) -> None:
    errors = {
        ("tiny", "joint", 0.0): [0.14, 0.15, 0.16], ("tiny", "joint", 0.5): [0.13, 0.14, 0.18],
        ("tiny", "joint", 0.95): [0.15, 0.13, 0.17], ("tiny", "joint", 1.0): [0.2, 0.2, 0.2],
    }  # fmt: skip
    tied = with_errors(made_up, errors)
    expected = "The least mean test error is not separable for tiny (λ = 0, λ = 0.5 and λ = 0.95, tied)"
    assert error_table.title(error_table.data(tied)).replace("\u00a0", " ") == expected
    # λ = 0.5 now lacks its worst seed: its own mean is the least, and over the seeds that all have it ties with 0.95.
    lost = tied.planned.query("architecture == 'tiny' and method == 'joint' and lam == 0.5 and seed == 2")["trial_id"]
    status = tied.planned["status"].mask(tied.planned["trial_id"].isin(lost), "missing")
    partial = replace(
        tied,
        planned=tied.planned.assign(status=status),
        trials=with_errors(made_up, errors | {("tiny", "joint", 0.95): [0.14, 0.13, 0.17]}).trials,
    )
    partial = replace(partial, trials=partial.trials[~partial.trials["trial_id"].isin(lost)])
    title = error_table.title(error_table.data(partial)).replace("\u00a0", " ")
    assert title.endswith("for tiny (λ = 0.5 and λ = 0.95, tied)")


def test_a_table_cell_says_how_many_seeds_it_lacks(frames_of: FramesOf) -> None:
    lost = {("bagging", 2), ("stacking", 0), ("stacking", 1), ("stacking", 2)}
    frames = frames_of(lambda t: None if (t.spec.method, t.spec.seed) in lost else "complete", paper_like())
    cells = dict(error_table.table(error_table.data(frames)).rows)  # type: ignore[arg-type]
    assert "(2 of 3)" in cells["bagging"]
    assert cells["stacking"] == "– (0 of 3)"


def test_a_control_with_one_learning_rate_stands_beside_figure_3(made_up: Frames, tmp_path: Path) -> None:
    fixed = {name: {**network, "learning_rate": 1.5} for name, network in MLPS.items()}
    fixed["fixed"] = fixed.pop("tiny")
    spec = paper_like(name="control", architectures=fixed, methods=["joint"])
    control = load(write_store(tmp_path, spec).storage)
    data = error_against_lambda.in_study(made_up, [made_up, control])
    beside = data[data["control"]]
    assert list(beside["architecture"]) == ["tiny"] * 4
    assert set(beside["learning_rate"]) == {1.5}
    figure = error_against_lambda.draw(data)
    (line,) = (trace for trace in figure.data if trace.name == error_against_lambda.CONTROL)
    assert [switch["label"] for switch in figure.layout.meta["switches"]][-1] == error_against_lambda.CONTROL
    assert line.hovertemplate
    assert "Control with one rate: From" in error_against_lambda.note(data)
    assert not error_against_lambda.in_study(control, [made_up, control])["control"].any()
    assert "No control" in error_against_lambda.note(error_against_lambda.data(made_up))


def test_figure_3_names_the_ends_of_the_ensembles_not_where_a_single_network_stands(frames_of: FramesOf) -> None:
    data = error_against_lambda.data(frames_of(spec=sweep(**{"lambda": [0, 0.5]})))
    assert error_against_lambda.title(data).startswith("From λ\u00a0=\u00a00 to λ\u00a0=\u00a00.5 the test error ")


def test_figure_3_panels_share_one_y_axis(made_up: Frames, full_frames: Frames) -> None:
    figure = error_against_lambda.draw(error_against_lambda.data(full_frames))
    assert figure.layout.yaxis2.matches == "y"
    paired = error_against_lambda.data(made_up)
    assert math.isnan(paired.loc[paired["lam"] == 0.5, "paper"].iloc[0])
