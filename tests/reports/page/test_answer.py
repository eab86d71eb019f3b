import pytest

from reports import cautions
from reports.frames.frames import Frames
from reports.page import answer, coverage
from reports.page.document import render
from specs.format.commits import Status
from specs.sweep import PlannedTrial
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

NB = "\u00a0"
SINGLE = {"kind": "mlp", "members": 1, "hidden": 64}


def test_the_answer_names_the_better_end_for_each_architecture(full_frames: Frames) -> None:
    comparisons = answer.compare(full_frames)
    assert [(c.architecture, c.verdict) for c in comparisons] == [("4x16H", "ensemble"), ("20x4H", "system")]
    errors = full_frames.trials.query("architecture == '20x4H'").set_index(["lam", "seed"])["test_error"]
    by_hand = sum(errors[1.0, seed] - errors[0.0, seed] for seed in range(3)) / 3
    assert comparisons[1].difference.mean == pytest.approx(by_hand)
    text = answer.sentence(full_frames, comparisons)
    assert text.index("lower for 20x4H (−") < text.index("higher for 4x16H (+")


def test_both_ends_are_summarised_over_the_seeds_that_have_both(frames_of: FramesOf) -> None:
    def outcome(trial: PlannedTrial) -> str | None:
        lost = {("20x4H", 1.0): 0, ("4x16H", 0.5): 2}.get((trial.architecture, trial.spec.lam))
        return None if trial.spec.seed == lost else "complete"

    frames = frames_of(outcome)
    larger, small = answer.compare(frames)
    errors = frames.trials.set_index(["architecture", "lam", "seed"])["test_error"]
    assert (small.independent.n, small.system.n, small.difference.n) == (2, 2, 2)
    assert small.independent.mean == pytest.approx((errors["20x4H", 0.0, 1] + errors["20x4H", 0.0, 2]) / 2)
    assert small.system.mean - small.independent.mean == pytest.approx(small.difference.mean)
    # A seed that one λ between lacks is left out of the choice, and not of the comparison of both ends.
    assert (larger.difference.n, larger.choice.seeds, larger.at_best.n) == (3, (0, 1), 2)
    assert larger.at_best.mean == pytest.approx((errors["4x16H", 0.0, 0] + errors["4x16H", 0.0, 1]) / 2)
    text = answer.sentence(frames, [larger, small])
    assert text.count(", n = 2)") == text.count(", n = 3)") == 1
    row = answer.table(frames, [larger, small]).rows[0]
    assert [cell.rsplit(", ", 1)[-1] for cell in row[1:5]] == ["n = 3", "n = 3", "n = 3", "n = 2"]


def test_the_best_lambda_is_chosen_by_validation(full_frames: Frames) -> None:
    assert [c.choice.tied for c in answer.compare(full_frames)] == [(0.0,), (0.99,)]


def test_one_seed_separates_nothing(frames_of: FramesOf) -> None:
    frames = frames_of(spec=sweep(seeds=1))
    assert {c.verdict for c in answer.compare(frames)} == {"unclear"}
    assert "one seed, no interval" in answer.sentence(frames, answer.compare(frames))


def test_an_empty_store_has_no_answer_yet(frames_of: FramesOf) -> None:
    frames = frames_of(lambda trial: None)
    assert answer.sentence(frames, answer.compare(frames)).startswith("No answer yet")


def test_an_architecture_without_both_ends_is_not_measured(frames_of: FramesOf) -> None:
    def without_independent(trial: PlannedTrial) -> str | None:
        return None if trial.architecture == "20x4H" and trial.spec.lam == 0 else "complete"

    frames = frames_of(without_independent)
    assert "not measured yet for 20x4H" in answer.sentence(frames, answer.compare(frames))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lambda": [0, 0.5]}, f"it does not plan λ{NB}={NB}1 (one system)"),  # where the single network stands
        ({"lambda": [0.5, 1]}, f"it does not plan λ{NB}={NB}0 (independent networks)"),
        ({"lambda": [0.9]}, f"it does not plan λ{NB}={NB}0 (independent networks) or λ{NB}={NB}1 (one system)"),
        ({"architectures": {"1x64H": SINGLE}}, "it plans single networks alone, which are no ensemble"),
        ({"methods": ["bagging"]}, "it plans no joint training, which is what λ weighs"),
    ],
)
@pytest.mark.parametrize("status", ["complete", None])
def test_what_is_not_planned_is_not_waited_for(
    frames_of: FramesOf, changes: dict[str, object], said: str, status: Status | None
) -> None:
    frames = frames_of(lambda trial: status, sweep(seeds=1, **changes))
    assert answer.sentence(frames, answer.compare(frames)) == f"No answer from this sweep: {said}."


def test_before_any_trial_the_plan_says_how_the_best_lambda_will_be_chosen(frames_of: FramesOf) -> None:
    frames = frames_of(lambda trial: None)
    assert "least mean validation error" in answer.table(frames, answer.compare(frames)).headers


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
