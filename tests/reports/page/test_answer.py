import pytest

from reports import cautions
from reports.frames.frames import Frames
from reports.page import answer, coverage, provenance
from reports.page.document import render
from specs.sweep import PlannedTrial
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

NB = "\u00a0"


def test_the_answer_names_the_better_end_for_each_architecture(full_frames: Frames) -> None:
    comparisons = answer.compare(full_frames)
    assert [(c.architecture, c.verdict) for c in comparisons] == [("4x16H", "ensemble"), ("20x4H", "system")]
    errors = full_frames.trials.query("architecture == '20x4H'").set_index(["lam", "seed"])["test_error"]
    by_hand = sum(errors[1.0, seed] - errors[0.0, seed] for seed in range(3)) / 3
    assert comparisons[1].difference.mean == pytest.approx(by_hand)
    text = answer.sentence(full_frames, comparisons)
    assert text.index("lower for 20x4H (−") < text.index("higher for 4x16H (+")


def test_the_best_lambda_is_chosen_by_validation_and_tested(full_frames: Frames) -> None:
    comparisons = answer.compare(full_frames)
    assert [c.best for c in comparisons] == [0.0, 0.99]
    assert "least mean validation error is 0 for 4x16H and 0.99 for 20x4H" in answer.choice(full_frames, comparisons)


def test_a_lambda_picked_by_test_error_says_so(frames_of: FramesOf) -> None:
    training = {"epochs": 6, "batch_size": 64, "learning_rate": 0.1, "selection": "final"}
    frames = frames_of(spec=sweep(dataset={"name": "digits", "validation": 0}, training=training))
    assert "picked on the test images themselves" in answer.choice(frames, answer.compare(frames))
    assert any("picked by test error" in limit for limit in provenance.limits(frames))


def test_one_seed_separates_nothing(frames_of: FramesOf) -> None:
    frames = frames_of(spec=sweep(seeds=1))
    assert {c.verdict for c in answer.compare(frames)} == {"unclear"}
    assert "one seed, no interval" in answer.sentence(frames, answer.compare(frames))


def test_an_empty_store_has_no_answer_yet(frames_of: FramesOf) -> None:
    frames = frames_of(lambda trial: None)
    assert answer.sentence(frames, answer.compare(frames)).startswith("No answer yet")
    assert answer.choice(frames, answer.compare(frames)) == ""


def test_an_architecture_without_both_ends_is_not_measured(frames_of: FramesOf) -> None:
    def without_independent(trial: PlannedTrial) -> str | None:
        return None if trial.architecture == "20x4H" and trial.spec.lam == 0 else "complete"

    frames = frames_of(without_independent)
    assert "not measured yet for 20x4H" in answer.sentence(frames, answer.compare(frames))


def test_the_matrix_counts_every_status(partial_frames: Frames) -> None:
    matrix = coverage.matrix(partial_frames)
    rows = dict(matrix.rows)
    assert matrix.headers == ("λ = 0", "λ = 0.5", "λ = 0.9", "λ = 0.99", "λ = 1")
    assert [cell.text for cell in rows["1x64H"]] == ["–", "–", "–", "–", "3/3"]
    assert [(cell.text, cell.state) for cell in rows["4x16H"]][2:] == [
        ("2/3", "partial"),
        ("3/3", "full"),
        ("2/3", "bad"),
    ]
    assert rows["4x16H"][4].notes == ("✕ 1 diverged",)
    assert (rows["20x4H"][1].text, rows["20x4H"][1].notes) == ("0/3", ("✕ 3 failed",))
    assert (rows["20x4H"][2].state, rows["20x4H"][2].notes) == ("none", ("○ 3 missing",))
    assert coverage.totals(partial_frames) == "25 of 33 planned trials complete, 1 diverged, 3 failed, 4 missing"
    assert f"20x4H at λ{NB}={NB}0.5 (3 of 3)" in coverage.gaps(partial_frames)
    assert coverage.lacking(partial_frames) == coverage.gaps(partial_frames)


def test_that_nothing_is_lacking_is_said_once(full_frames: Frames) -> None:
    assert coverage.gaps(full_frames) == ""
    page = render([full_frames])
    assert page.count("No planned trial is lacking.") == 1
    assert "Trials are lacking" not in page


def test_reduced_scale_is_said(full_frames: Frames, frames_of: FramesOf) -> None:
    assert "6 of 200 epochs and 3 of 5 seeds" in cautions.scale_warning(full_frames)
    assert cautions.scale_warning(frames_of(spec=sweep(full_scale={"epochs": 6, "seeds": 3}))) == ""


def test_a_part_of_the_training_images_is_a_reduced_scale(frames_of: FramesOf) -> None:
    spec = sweep(
        full_scale={"epochs": 6, "seeds": 3}, dataset={"name": "digits", "validation": 200, "train_examples": 100}
    )
    assert cautions.scale_warning(frames_of(spec=spec)).startswith("Reduced scale: 100 of 1,237 training images.")
