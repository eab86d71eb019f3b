"""One system or an ensemble? The answer in a sentence, for each architecture, from the data alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports import wording
from reports.frames import choices
from reports.frames.cells import architectures, baselines, by_seed
from reports.frames.frames import Frames
from reports.frames.ranges import error_range
from reports.statistics.ranges import Range
from reports.statistics.summaries import Summary, paired_difference, summarise
from reports.tables import MOST_ROWS, DisplayTable
from specs.methods import BASELINES, JOINT, Method

INDEPENDENT, SYSTEM = 0.0, 1.0


@dataclass(frozen=True)
class Comparison:
    """One ensemble's test errors at both ends of the λ axis, and at the λ that was chosen for it."""

    architecture: str
    independent: Summary
    system: Summary
    """Both ends are summarised over the seeds that have both, where any has."""
    difference: Summary
    """System minus independent, paired within seeds."""
    choice: choices.Choice
    at_best: Summary
    """Test error at the best λ, the smallest of those that tie, over the seeds that it was chosen on."""
    learning_rates: tuple[float, ...]
    """The distinct learning rates over λ; more than one confounds λ's effect with theirs."""
    baselines: Mapping[Method, Summary]
    """Test errors of bagging and stacking, which are no part of the λ axis."""

    @property
    def measured(self) -> bool:
        """Whether any of its trials is complete."""
        return bool(self.choice.wrong.notna().any(axis=None))

    @property
    def verdict(self) -> str:
        """``system``, ``ensemble``, ``unclear`` (the interval holds 0, or one seed) or ``unmeasured``."""
        if not self.difference.n:
            return "unmeasured"
        if not self.difference.excludes_zero:
            return "unclear"
        return "system" if self.difference.mean < 0 else "ensemble"


def compare(frames: Frames) -> list[Comparison]:
    """One comparison per ensemble, in the spec's order."""
    members = dict(zip(frames.planned["architecture"], frames.planned["members"], strict=True))
    return [_compare(frames, name) for name in architectures(frames) if members[name] > 1]


def _compare(frames: Frames, name: str) -> Comparison:
    independent, system = (by_seed(frames, name, lam, "test_error") for lam in (INDEPENDENT, SYSTEM))
    shared = independent.keys() & system.keys()
    chosen = choices.choice(frames, name)
    at_best = by_seed(frames, name, chosen.tied[0], "test_error") if chosen.tied else {}
    planned = frames.planned[frames.planned["architecture"] == name]
    within = error_range(frames)
    return Comparison(
        name,
        _over(independent, shared or independent, within),
        _over(system, shared or system, within),
        paired_difference(system, independent, within),
        chosen,
        _over(at_best, chosen.seeds, within),
        tuple(sorted(set(planned.loc[planned["method"] == JOINT, "learning_rate"]))),
        {method: summarise(list(_errors(frames, name, method).values()), within) for method in BASELINES},
    )


def _over(errors: Mapping[int, float], seeds: Iterable[int], within: Range) -> Summary:
    return summarise([errors[seed] for seed in sorted(seeds)], within)


def _errors(frames: Frames, name: str, method: Method) -> dict[int, float]:
    return by_seed(frames, name, INDEPENDENT, "test_error", method)


def sentence(frames: Frames, comparisons: list[Comparison]) -> str:
    """The answer that the data give, with intervals, or why there is none."""
    if never := why_never(frames):
        return f"No answer from this sweep: {never}."
    if not any(comparison.measured for comparison in comparisons):
        return f"No answer yet: {_why_none(frames)}."
    verdicts = {"system": "lower", "ensemble": "higher", "unclear": "not separable", "unmeasured": "not measured yet"}
    parts = []
    for verdict, words in verdicts.items():
        named = [_named(c) for c in comparisons if c.verdict == verdict]
        if named:
            parts.append(f"{words} for {wording.listed(named)}")
    return (
        "Trained as one system (λ = 1) instead of as an ensemble (λ = 0), the networks' test error is "
        f"{'; '.join(parts)}."
    )


def why_never(frames: Frames) -> str:
    """Why the sweep cannot answer, however many of its trials are complete; empty if it can."""
    joint = frames.planned[frames.planned["method"] == JOINT]
    if joint.empty:
        return "it plans no joint training, which is what λ weighs"
    if not (joint["members"] > 1).any():
        return "it plans single networks alone, which are no ensemble"
    ends = {INDEPENDENT: "independent networks", SYSTEM: "one system"}
    planned = set(joint.loc[joint["members"] > 1, "lam"])
    lacking = [f"{wording.lam(lam)} ({meaning})" for lam, meaning in ends.items() if lam not in planned]
    return f"it does not plan {' or '.join(lacking)}" if lacking else ""


def _why_none(frames: Frames) -> str:
    joint = int((frames.planned["method"] == JOINT).sum())
    return f"no jointly trained ensemble among {wording.count(joint, 'planned trial')} is complete"


def _named(comparison: Comparison) -> str:
    if comparison.verdict == "unmeasured":
        return comparison.architecture
    seeds = f", n = {comparison.difference.n}" if comparison.difference.has_interval else ""
    return f"{comparison.architecture} ({wording.points(comparison.difference)}{seeds})"


def table(frames: Frames, comparisons: list[Comparison]) -> DisplayTable:
    """Every comparison in numbers, with bagging and stacking where planned; single networks below, for reference."""
    others = baselines(frames)
    rows: list[tuple[str, ...]] = [
        (
            c.architecture,
            wording.with_seeds(c.independent),
            wording.with_seeds(c.system),
            wording.difference(c.difference),
            _at_best(c),
            *(wording.with_seeds(c.baselines[method]) for method in others),
            wording.listed([f"{rate:g}" for rate in c.learning_rates]),
        )
        for c in comparisons
    ]
    rows += [
        _single(frames, name) for name in architectures(frames) if name not in {c.architecture for c in comparisons}
    ]
    by = comparisons[0].choice.criterion if comparisons else "test error"
    headers = (
        "architecture",
        "independent, λ = 0",
        "one system, λ = 1",
        "difference in points, paired by seed",
        f"least mean {by}",
        *others,
        "learning rates",
    )
    return DisplayTable(headers, rows[:MOST_ROWS], total=len(rows))


def _at_best(comparison: Comparison) -> str:
    """``λ = 0.5: 10.30 % [10.12, 10.48], n = 5``, and after the λ with which others it ties."""
    if not comparison.choice.tied:
        return "–"
    lam, *others = comparison.choice.tied
    tie = f" (tied with {wording.listed([wording.bare(other) for other in others])})" if others else ""
    return f"{wording.lam(lam)}{tie}: {wording.with_seeds(comparison.at_best)}"


def _single(frames: Frames, name: str) -> tuple[str, ...]:
    summary = summarise(list(by_seed(frames, name, SYSTEM, "test_error").values()), error_range(frames))
    rates = sorted(set(frames.planned.loc[frames.planned["architecture"] == name, "learning_rate"]))
    named = wording.listed([f"{rate:g}" for rate in rates])
    others = ["–"] * len(baselines(frames))
    return (f"{name}, single", "–", wording.with_seeds(summary), "–", "–", *others, named)
