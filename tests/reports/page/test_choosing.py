"""What the page says of its best λs: how they were chosen, on which seeds, and what their test errors are worth."""

from dataclasses import replace

from reports.frames.frames import Frames
from reports.page import answer, choosing, provenance
from specs.sweep import PlannedTrial
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

FAIR = (
    "No test image took part in the choice, so the test error at the chosen λ is a fair estimate for the trained "
    "networks"
)
FINAL = {"epochs": 6, "batch_size": 64, "learning_rate": 0.1, "selection": "final"}


def told(frames: Frames) -> str:
    return choosing.told(answer.compare(frames))


def test_a_choice_by_validation_over_all_planned_trials_is_tested_fairly(full_frames: Frames) -> None:
    assert told(full_frames) == f"The λ with the least mean validation error is 0 for 4x16H and 0.99 for 20x4H. {FAIR}."


def test_so_is_one_where_the_last_epoch_is_tested(frames_of: FramesOf) -> None:
    assert FAIR in told(frames_of(spec=sweep(training=FINAL)))


def test_a_lambda_picked_by_test_error_says_so(frames_of: FramesOf) -> None:
    frames = frames_of(spec=sweep(dataset={"name": "digits", "validation": 0}, training=FINAL))
    assert "picked on the test images themselves" in told(frames)
    assert "fair estimate" not in told(frames)
    assert any("picked by test error" in limit for limit in provenance.limits(frames))


def test_a_tie_is_named_and_the_table_says_at_which_of_its_lambdas_it_tests(full_frames: Frames) -> None:
    trials = full_frames.trials.copy()
    trials.loc[(trials["architecture"] == "4x16H") & trials["lam"].isin([0.5, 0.9]), "validation_error"] = 0.01
    frames = replace(full_frames, trials=trials)
    assert "error is 0.5 or 0.9 (tied) for 4x16H and 0.99 for 20x4H. Of tied λs the table shows" in told(frames)
    comparisons = answer.compare(frames)
    assert answer.table(frames, comparisons).rows[0][4].startswith("λ\u00a0=\u00a00.5 (tied with 0.9): ")
    own = trials[(trials["architecture"] == "4x16H") & (trials["lam"] == 0.5)]["test_error"]
    assert comparisons[0].at_best.mean == own.mean()


def test_where_a_trial_is_missing_the_estimate_is_not_called_fair_and_the_seeds_are_stated(frames_of: FramesOf) -> None:
    def outcome(trial: PlannedTrial) -> str | None:
        lost = trial.architecture == "4x16H" and (trial.spec.lam, trial.spec.seed) == (0.9, 1)
        return None if lost else "complete"

    text = told(frames_of(outcome))
    assert f"{FAIR} of 20x4H." in text
    assert (
        "Not all planned trials of 4x16H are complete. There λ is chosen on the seeds that every measured λ has: 2 for "
        "4x16H. The test error at such a λ is no fair estimate." in text
    )


def test_what_takes_no_part_in_the_choice_is_named(partial_frames: Frames) -> None:
    assert "1 for 4x16H and 3 for 20x4H (without λ = 0.5 and 0.9, where no trial is complete)." in told(partial_frames)
    assert "a fair" not in told(partial_frames)


def test_no_choice_is_made_where_no_seed_is_complete_everywhere(frames_of: FramesOf) -> None:
    def outcome(trial: PlannedTrial) -> str | None:
        seed = {0.0: 0, 1.0: 1}.get(trial.spec.lam, 2)
        return "complete" if trial.architecture == "4x16H" and trial.spec.seed == seed else None

    assert told(frames_of(outcome)) == "No λ can be chosen for 4x16H: no seed is complete at every measured λ."


def test_nothing_is_told_of_an_empty_store(frames_of: FramesOf) -> None:
    assert told(frames_of(lambda trial: None)) == ""
