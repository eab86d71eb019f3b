"""Bagging and stacking stand beside λ = 0 in the plan; no number of a joint trial may change because of them."""

from pathlib import Path

import pytest

from reports.figures import FIGURES
from reports.figures.entry import ReportFigure
from reports.figures.scales import logarithmic
from reports.frames import cells
from reports.frames.cells import baseline_cells, by_seed, lambdas, planned_cells
from reports.frames.frames import Frames, load
from reports.page import answer, choosing, coverage, provenance
from reports.page.document import render
from reports.tables import to_csv
from specs.sweep import PlannedTrial
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep, write_store

ALL = ["joint", "bagging", "stacking"]
WITH_BASELINES = ("fig-2", "table-1", "table-2")
"""Figures of every method: two of errors, and the cost of all trials."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """A full store whose sweep plans every method."""
    return load(write_store(tmp_path_factory.mktemp("methods") / "store", sweep(methods=ALL)).storage)


def test_the_store_holds_what_could_be_mixed_up(both: Frames) -> None:
    at_zero = both.trials.query("lam == 0")
    assert set(at_zero["method"]) == set(ALL)
    assert at_zero.groupby("method")["test_error"].mean().idxmin() == "joint"
    assert len(both.planned) == 33 + 2 * 2 * 3


def test_joint_means_are_those_of_a_sweep_without_baselines(both: Frames, full_frames: Frames) -> None:
    for ours, theirs in zip(answer.compare(both), answer.compare(full_frames), strict=True):
        assert (ours.independent, ours.system, ours.difference) == (
            theirs.independent,
            theirs.system,
            theirs.difference,
        )
        assert ours.choice.tied == theirs.choice.tied
        assert (ours.at_best, ours.learning_rates) == (theirs.at_best, theirs.learning_rates)
    sentences = [answer.sentence(frames, answer.compare(frames)) for frames in (both, full_frames)]
    assert sentences[0] == sentences[1]
    assert choosing.told(answer.compare(both)) == choosing.told(answer.compare(full_frames))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_no_figure_against_lambda_shows_a_baseline(figure: ReportFigure, both: Frames, full_frames: Frames) -> None:
    if not figure.applies(both):
        pytest.skip("the synthetic sweep is not of its kind")
    if figure.key in WITH_BASELINES:
        assert "bagging" in to_csv(figure.data(both)) or figure.key == "table-1"
        return
    assert to_csv(figure.data(both)) == to_csv(figure.data(full_frames))
    assert figure.titled(figure.data(both)) == figure.titled(figure.data(full_frames))


def test_each_cell_holds_one_method(both: Frames) -> None:
    assert {method for _, _, trials in planned_cells(both) for method in trials["method"]} == {"joint"}
    assert [(name, method, len(trials)) for name, method, trials in baseline_cells(both)] == [
        ("4x16H", "bagging", 3),
        ("4x16H", "stacking", 3),
        ("20x4H", "bagging", 3),
        ("20x4H", "stacking", 3),
    ]


@pytest.mark.parametrize("method", ALL)
def test_errors_by_seed_are_those_of_one_method(both: Frames, method: str) -> None:
    found = by_seed(both, "4x16H", 0.0, "test_error", method)  # type: ignore[arg-type]
    rows = both.trials.query("architecture == '4x16H' and lam == 0 and method == @method")
    assert found == dict(zip(rows["seed"], rows["test_error"], strict=True))
    assert len(found) == 3


def test_the_comparison_table_has_a_column_a_baseline(both: Frames, full_frames: Frames) -> None:
    table = answer.table(both, answer.compare(both))
    assert list(table.headers[-3:]) == ["bagging", "stacking", "learning rates"]
    errors = both.trials.query("architecture == '4x16H' and method == 'bagging'")["test_error"]
    assert table.rows[0][-3].startswith(f"{100 * errors.mean():.2f} % [")
    assert list(table.rows[-1][-3:-1]) == ["–", "–"]
    assert {len(row) for row in table.rows} == {len(table.headers)}
    assert "bagging" not in answer.table(full_frames, answer.compare(full_frames)).headers


def test_the_matrix_has_a_column_a_baseline(frames_of: FramesOf) -> None:
    def outcome(trial: PlannedTrial) -> str | None:
        if trial.spec.method == "stacking":
            return None if trial.spec.seed else "failed"
        return "complete"

    frames = frames_of(outcome, sweep(methods=ALL))
    matrix = coverage.matrix(frames)
    rows = dict(matrix.rows)
    assert matrix.headers == ("λ = 0", "λ = 0.5", "λ = 0.9", "λ = 0.99", "λ = 1", "bagging", "stacking")
    assert [cell.text for cell in rows["1x64H"]] == ["–", "–", "–", "–", "3/3", "–", "–"]
    assert [cell.text for cell in rows["4x16H"]] == ["3/3"] * 6 + ["0/3"]
    assert rows["4x16H"][6].notes == ("✕ 1 failed", "○ 2 missing")
    assert coverage.totals(frames) == "39 of 45 planned trials complete, 2 failed, 4 missing"
    assert {row[2] for row in coverage.problems(frames).rows} == {"stacking"}
    assert coverage.gaps(frames) == ""  # of those against λ
    lost = "Trials are lacking from 4x16H by stacking (3 of 3) and 20x4H by stacking (3 of 3)."
    assert coverage.gaps(frames, only_joint=False) == coverage.lacking(frames) == lost


def test_one_method_alone_has_one_column(frames_of: FramesOf) -> None:
    frames = frames_of(spec=sweep(methods=["joint", "stacking"]))
    assert coverage.matrix(frames).headers[-2:] == ("λ = 1", "stacking")


def test_limits_say_whose_settings_they_are(both: Frames, full_frames: Frames) -> None:
    limits = " ".join(provenance.limits(both))
    assert "The paper publishes no settings for bagging and stacking; those here are ours: bagging trains" in limits
    assert "Stacking holds out" not in limits
    assert "bagging" not in " ".join(provenance.limits(full_frames))


def test_limits_say_what_stacking_alone_holds_out(frames_of: FramesOf) -> None:
    training = {"epochs": 6, "batch_size": 64, "learning_rate": 0.1, "selection": "final"}
    spec = sweep(methods=ALL, dataset={"name": "digits", "validation": 0}, stacking_validation=150, training=training)
    frames = frames_of(spec=spec)
    assert "Stacking holds out 150 images" in " ".join(provenance.limits(frames))
    assert not cells.chosen_by_validation(frames)
    assert "picked on the test images" in choosing.told(answer.compare(frames))


def test_validation_of_joint_trials_alone_decides_how_lambda_is_chosen(both: Frames) -> None:
    without = both.trials["validation_error"].mask(both.trials["method"] == "bagging")
    assert cells.chosen_by_validation(Frames(**{**vars(both), "trials": both.trials.assign(validation_error=without)}))


def test_a_sweep_of_baselines_alone_renders_and_answers_nothing(tmp_path: Path) -> None:
    frames = load(write_store(tmp_path, sweep(methods=["bagging", "stacking"])).storage)
    assert lambdas(frames) == []
    page = render([frames])
    assert "No answer from this sweep: it plans no joint training, which is what λ weighs." in page
    assert "12 of 12 planned trials complete" in page


def test_the_page_names_the_baselines(both: Frames) -> None:
    page = render([both])
    assert "Both ends of λ, and the best between; bagging and stacking" in page
    assert '<th scope="col">stacking</th>' in page


def test_lambdas_beyond_1_have_their_place_and_draw(frames_of: FramesOf) -> None:
    grid = [-0.5, 0, 0.9, 1, 1.5]
    at = logarithmic(grid)
    assert list(at) == grid
    assert sorted(at.values()) == list(at.values())
    unmeasured = {"robustness": {"repeats": 0}}
    spec = sweep(seeds=1, allow_extrapolation=True, evaluation=unmeasured, **{"lambda": grid})
    frames = frames_of(spec=spec)
    for figure in (each for each in FIGURES if each.applies(frames)):
        figure.drawn(figure.data(frames))
    assert "λ = 1.5" in render([frames])
