"""The answer in plain words: which networks to train as one system, which apart, and where the data cannot tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from reports import wording
from reports.frames.frames import Frames
from reports.page.answer import Comparison, why_never

ADVICE = {"system": "train as one system", "ensemble": "train apart", "unclear": "cannot tell"}
"""By verdict of a comparison; ``unmeasured`` has none."""
SIZES = {2: ("Small", "Large"), 3: ("Small", "Middle-sized", "Large")}
"""Names of the runs of one verdict, from the smallest members up."""
OTHERS = {2: ("Some networks", "Others"), 3: ("Some networks", "Some", "Others")}
"""The same where the verdicts do not follow the sizes."""
MOST_NAMED = 6


@dataclass(frozen=True)
class Judged:
    """One ensemble and what its paired interval says."""

    name: str
    parameters: int
    """Of one member."""
    verdict: str
    """See :attr:`reports.page.answer.Comparison.verdict`."""
    seeds: int
    """Number of seeds that have both ends of λ."""


@dataclass(frozen=True)
class PlainAnswer:
    """The answer, and which networks it means."""

    verdict: str
    """Empty where the sweep cannot answer, or no jointly trained ensemble has a result yet."""
    grounds: str
    """Which ensembles the verdict means, and why some cannot be told."""


def plain_answer(frames: Frames, comparisons: Sequence[Comparison]) -> PlainAnswer:
    """The answer of one store."""
    if why_never(frames) or not any(comparison.measured for comparison in comparisons):
        return PlainAnswer("", "")  # the sentence says why
    return in_plain_words(judged(frames, comparisons))


def judged(frames: Frames, comparisons: Sequence[Comparison]) -> list[Judged]:
    """The comparisons, the smallest members first."""
    parameters = dict(zip(frames.planned["architecture"], frames.planned["member_parameters"], strict=True))
    found = [Judged(c.architecture, int(parameters[c.architecture]), c.verdict, c.difference.n) for c in comparisons]
    return sorted(found, key=lambda network: network.parameters)


def in_plain_words(networks: Sequence[Judged]) -> PlainAnswer:
    """What to do, as far as the intervals tell.

    A pattern over sizes is claimed only if each verdict has one unbroken run of sizes of its own.

    Args:
        networks: ascending by ``parameters``.
    """
    measured = [network for network in networks if network.verdict in ADVICE]
    unmeasured = _named([network for network in networks if network.verdict not in ADVICE])
    if not measured:
        return PlainAnswer("Cannot tell yet.", f"No seed is complete at both ends of λ for {unmeasured}.")
    verdicts = [each for each in ADVICE if any(network.verdict == each for network in measured)]
    runs = _runs(measured)
    if len(verdicts) == 1:
        verdict, grounds = f"{ADVICE[verdicts[0]].capitalize()}.", [f"Measured for {_named(measured)}."]
    elif runs:
        verdict = _advised([f"{size} members" for size in SIZES[len(runs)]], [run[0].verdict for run in runs])
        grounds = [f"{size}: {_named(run)}, {_sizes(run)}." for size, run in zip(SIZES[len(runs)], runs, strict=True)]
    else:
        verdict = _advised(OTHERS[len(verdicts)], verdicts)
        own = {each: _named([network for network in measured if network.verdict == each]) for each in verdicts}
        grounds = [f"{ADVICE[each].capitalize()}: {names}." for each, names in own.items()]
    missing = [f"Not measured yet: {unmeasured}."] if unmeasured else []
    return PlainAnswer(" ".join([verdict, *missing]), " ".join([*grounds, *_why_unclear(measured)]))


def _advised(whom: Sequence[str], verdicts: Sequence[str]) -> str:
    return " ".join(f"{who}: {ADVICE[verdict]}." for who, verdict in zip(whom, verdicts, strict=True))


def _runs(measured: Sequence[Judged]) -> list[list[Judged]]:
    """Runs of one verdict over ascending sizes; empty if the verdicts do not follow the sizes."""
    runs = [list(run) for _, run in groupby(measured, key=lambda network: network.verdict)]
    follow = all(smaller[-1].parameters < larger[0].parameters for smaller, larger in pairwise(runs))
    each_once = len(runs) == len({run[0].verdict for run in runs})
    return runs if follow and each_once else []


def _why_unclear(measured: Sequence[Judged]) -> list[str]:
    unclear = [network for network in measured if network.verdict == "unclear"]
    alone = [network for network in unclear if network.seeds == 1]
    if not unclear:
        return []
    if not alone:
        return ["Where nothing can be told, the 95 % interval of the difference holds 0."]
    if alone == unclear:
        return ["Where nothing can be told, there is one seed, and so no interval."]
    return [f"Where nothing can be told, the 95 % interval holds 0 or there is one seed ({_named(alone)})."]


def _named(networks: Sequence[Judged]) -> str:
    return wording.listed([network.name for network in networks], MOST_NAMED)


def _sizes(run: Sequence[Judged]) -> str:
    ends = list(dict.fromkeys([run[0].parameters, run[-1].parameters]))
    return f"{' to '.join(f'{size:,}' for size in ends)} parameters a member"
