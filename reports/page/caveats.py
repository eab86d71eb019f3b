"""What a reader must know before believing the answer, and stands beside it."""

from collections.abc import Sequence

from reports import wording
from reports.figures import error_against_lambda
from reports.frames.frames import Frames
from reports.page.answer import Comparison
from reports.statistics.summaries import binomial_se
from specs.datasets import facts_of


def caveats(frames: Frames, study: Sequence[Frames], comparisons: Sequence[Comparison]) -> list[str]:
    """The learning rate, the seeds and the test set, each in a sentence."""
    return [*_learning_rates(frames, study, comparisons), _seeds(comparisons, frames), _test_set(frames)]


def _learning_rates(frames: Frames, study: Sequence[Frames], comparisons: Sequence[Comparison]) -> list[str]:
    confounded = [c.architecture for c in comparisons if len(c.learning_rates) > 1]
    if not confounded:
        return []
    said = (
        f"The learning rate changes with λ for {wording.listed(confounded)}: the effect of λ is confounded with that "
        "of the learning rate."
    )
    if error_against_lambda.in_study(frames, study)["control"].any():
        return [f"{said} Figure 3 shows a control with one learning rate beside it."]
    return [said]


def _seeds(comparisons: Sequence[Comparison], frames: Frames) -> str:
    planned = len(frames.sweep.seed_numbers)
    if planned == 1:
        return "There is one seed: no interval can be given, and no difference told from chance."
    paired = sorted({c.difference.n for c in comparisons if c.difference.n})
    if not paired:
        return f"The plan has {planned} seeds: every interval will rest on at most so many values."
    if paired == [planned]:
        return f"Each interval rests on {planned} seeds."
    between = " to ".join(str(n) for n in dict.fromkeys([paired[0], paired[-1]]))
    return f"Each interval rests on {between} of {planned} seeds."


def _test_set(frames: Frames) -> str:
    images = facts_of(frames.sweep.dataset).test
    resolution = f"All seeds share {images:,} test images: one image is {100 / images:.2g} points."
    if frames.trials.empty:
        return resolution
    error = float(frames.trials["test_error"].median())
    points = 100 * binomial_se(error, images)
    return (
        f"{resolution} One trial's error of {100 * error:.1f} % has a binomial standard error of {points:.2f} points."
    )
