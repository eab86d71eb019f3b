"""How the best λs were chosen, in words that stand before their test errors."""

from collections.abc import Iterator, Sequence

from reports import wording
from reports.page.answer import Comparison


def told(comparisons: Sequence[Comparison]) -> str:
    """The best λs, how they were chosen, on which seeds, and what their test errors are worth."""
    measured = [comparison for comparison in comparisons if comparison.measured]
    chosen = [comparison for comparison in measured if comparison.choice.tied]
    without = [comparison.architecture for comparison in measured if not comparison.choice.tied]
    said = list(_sentences(chosen)) if chosen else []
    if without:
        said.append(f"No λ can be chosen for {wording.listed(without)}: no seed is complete at every measured λ.")
    return " ".join(said)


def _sentences(chosen: Sequence[Comparison]) -> Iterator[str]:
    by_validation = chosen[0].choice.by_validation
    named = wording.listed([f"{wording.tied(c.choice.tied)} for {c.architecture}" for c in chosen])
    yield f"The λ with the least mean {chosen[0].choice.criterion} is {named}."
    if any(len(c.choice.tied) > 1 for c in chosen):
        yield "Of tied λs the table shows the test error at the smallest."
    if not by_validation:
        yield (
            "It was picked on the test images themselves, for want of validation images, so its error is too good by "
            "some amount."
        )
    if fair := [c.architecture for c in chosen if c.choice.tests_fairly]:
        whose = "" if len(fair) == len(chosen) else f" of {wording.listed(fair)}"
        yield (
            "No test image took part in the choice, so the test error at the chosen λ is a fair estimate for the "
            f"trained networks{whose}."
        )
    if partial := [c for c in chosen if not c.choice.whole]:
        yield (
            f"Not all planned trials of {wording.listed([c.architecture for c in partial])} are complete. There λ is "
            f"chosen on the seeds that every measured λ has: {wording.listed([_seeds(c) for c in partial])}."
        )
        yield from ["The test error at such a λ is no fair estimate."] if by_validation else []


def _seeds(comparison: Comparison) -> str:
    """``2 for 4x16H``, and the λs that took no part."""
    unmeasured = wording.listed([wording.bare(lam) for lam in comparison.choice.unmeasured])
    left_out = f" (without λ = {unmeasured}, where no trial is complete)" if unmeasured else ""
    return f"{len(comparison.choice.seeds)} for {comparison.architecture}{left_out}"
