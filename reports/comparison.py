"""Comparison of two stores: the verdicts and mean test errors that changed, and why (spec, versions, seeds)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from reports import wording
from reports.cautions import data_warning
from reports.claims import Judgement
from reports.frames.frames import Frames
from reports.frames.ranges import error_range
from reports.statistics.summaries import Summary, summarise
from specs.differences import Difference, differences
from specs.sweep import PlannedTrial, expand

Cell = tuple[str, str, float]
"""Architecture, method and λ."""
UNEXPLAINED = "same spec, seeds and versions: not explained by what the stores say"


@dataclass(frozen=True)
class Change:
    """One difference between the two stores."""

    what: str
    before: str
    after: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Trials:
    """Numbers of trials in two stores, which are matched by id. Pairs are of the first and the second store."""

    planned: tuple[int, int]
    complete: tuple[int, int]
    shared: int
    """Planned in both."""
    both: int
    """Complete in both."""
    equal: int
    """Complete in both, with the same test error and, where both say it, the same weights bit for bit."""


@dataclass(frozen=True)
class Compared:
    """Everything that differs between two stores."""

    spec: tuple[Difference, ...]
    environments: tuple[Difference, ...]
    trials: Trials
    verdicts: tuple[Change, ...]
    claims: int
    """Number of claims that either store judges."""
    numbers: tuple[Change, ...]
    """Mean test errors that changed, one per cell."""
    cells: int
    """Number of cells that either store plans."""
    warnings: tuple[str, ...]
    """Reasons not to compare a store's numbers with others. Each begins with ``first`` or ``second``."""


@dataclass(frozen=True)
class _Side:
    """One store, prepared for the comparison."""

    frames: Frames
    trials: Mapping[Cell, Mapping[int, PlannedTrial]]
    """Planned trials by cell and seed."""
    errors: Mapping[str, float]
    """Test errors of complete trials, by id."""
    statuses: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    """The environment of each committed trial that names one, by id."""


def compare(
    before: Frames, after: Frames, judged_before: Sequence[Judgement], judged_after: Sequence[Judgement]
) -> Compared:
    """What changed from one store to another. The claims of each store are judged separately."""
    old, new = _side(before), _side(after)
    spec = tuple(differences(before.sweep, after.sweep))
    environments = tuple(_environments(old.environments.values(), new.environments.values()))
    cells = tuple(dict.fromkeys((*old.trials, *new.trials)))
    with wording.lambdas_told_apart([before, after]):
        numbers = tuple(change for cell in cells if (change := _number(cell, old, new)))
    verdicts = tuple(_verdicts(judged_before, judged_after, spec, environments))
    names = {judgement.id for judgement in (*judged_before, *judged_after)}
    told = [(side, data_warning(frames)) for side, frames in (("first", before), ("second", after))]
    warnings = tuple(f"{side}: {warning}" for side, warning in told if warning)
    return Compared(spec, environments, _trials(old, new), verdicts, len(names), numbers, len(cells), warnings)


def _side(frames: Frames) -> _Side:
    trials: dict[Cell, dict[int, PlannedTrial]] = {}
    for trial in expand(frames.sweep):
        cell = trial.architecture, trial.spec.method, trial.spec.lam
        trials.setdefault(cell, {})[trial.spec.seed] = trial
    return _Side(
        frames,
        trials,
        dict(zip(frames.trials["trial_id"], frames.trials["test_error"].astype(float), strict=True)),
        dict(zip(frames.planned["trial_id"], frames.planned["status"], strict=True)),
        _by_trial(frames.environments),
    )


def _by_trial(environments: pd.DataFrame) -> dict[str, dict[str, str]]:
    rows = environments.to_dict("records")
    return {
        str(row["trial_id"]): {str(k): str(v) for k, v in row.items() if k != "trial_id" and pd.notna(v)}
        for row in rows
    }


def _trials(old: _Side, new: _Side) -> Trials:
    both = old.errors.keys() & new.errors.keys()
    weights = [_weights(side.frames.trials) for side in (old, new)]
    equal = [
        trial_id
        for trial_id in both
        if old.errors[trial_id] == new.errors[trial_id]
        and len({own[trial_id] for own in weights if own.get(trial_id)}) < 2
    ]
    return Trials(
        (len(old.statuses), len(new.statuses)),
        (len(old.errors), len(new.errors)),
        len(old.statuses.keys() & new.statuses.keys()),
        len(both),
        len(equal),
    )


def _weights(trials: pd.DataFrame) -> dict[str, str]:
    known = trials[trials["weights_sha256"].notna()]
    return dict(zip(known["trial_id"], known["weights_sha256"], strict=True))


def _number(cell: Cell, old: _Side, new: _Side) -> Change | None:
    """How one cell's mean test error changed; None where the same seeds have the same errors."""
    values = [_values(side, cell) for side in (old, new)]
    if values[0] == values[1]:
        return None
    texts = [
        _mean(summarise(list(own.values()), error_range(side.frames)))
        for own, side in zip(values, (old, new), strict=True)
    ]
    return Change(cell_name(cell), texts[0], texts[1], tuple(_why(cell, old, new, values)))


def _values(side: _Side, cell: Cell) -> dict[int, float]:
    trials = side.trials.get(cell, {})
    return {seed: side.errors[trial.id] for seed, trial in trials.items() if trial.id in side.errors}


def _mean(summary: Summary) -> str:
    return f"{wording.percent_summary(summary)}, n = {summary.n}" if summary.n else "nothing complete"


def cell_name(cell: Cell) -> str:
    """A cell's name: ``256x4H λ = 0.95``, or with the method in place of λ."""
    architecture, method, lam = cell
    return f"{architecture} {wording.lam(lam) if method == 'joint' else method}"


def _why(cell: Cell, old: _Side, new: _Side, values: Sequence[Mapping[int, float]]) -> list[str]:
    trials = [side.trials.get(cell, {}) for side in (old, new)]
    if not trials[0] or not trials[1]:
        return [f"only the {'second' if not trials[0] else 'first'} store plans it"]
    pairs = [(trials[0][seed], trials[1][seed]) for seed in trials[0].keys() & trials[1].keys()]
    found = sorted({each.described() for a, b in pairs for each in differences(a.spec, b.spec)})
    found += [_seeds(seed, cell, old, new) for seed in sorted(values[0].keys() ^ values[1].keys())]
    changed = [seed for seed in values[0].keys() & values[1].keys() if values[0][seed] != values[1][seed]]
    if changed and not any(a.id != b.id for a, b in pairs):
        ids = [trials[0][seed].id for seed in changed]
        ran = [[side.environments[i] for i in ids if i in side.environments] for side in (old, new)]
        found += [each.described() for each in _environments(*ran)] or [UNEXPLAINED]
    return found


def _seeds(seed: int, cell: Cell, old: _Side, new: _Side) -> str:
    """Why one store has a seed's result and the other does not."""
    states = [
        side.statuses[trial.id] if (trial := side.trials[cell].get(seed)) else "not planned" for side in (old, new)
    ]
    return f"seed {seed}: {states[0]} → {states[1]}"


def _environments(old: Iterable[Mapping[str, str]], new: Iterable[Mapping[str, str]]) -> list[Difference]:
    """The items whose values differ between the environments of the two stores' trials."""
    before, after = list(old), list(new)
    names = dict.fromkeys(name for each in (*before, *after) for name in each)
    found = []
    for name in names if before and after else ():
        values = [sorted({each.get(name, "–") for each in side}) for side in (before, after)]
        if values[0] != values[1]:
            found.append(Difference(name, ", ".join(values[0]), ", ".join(values[1])))
    return found


def _verdicts(
    before: Sequence[Judgement],
    after: Sequence[Judgement],
    spec: Sequence[Difference],
    environments: Sequence[Difference],
) -> list[Change]:
    """Claims whose verdict changed, or that only one of the stores judges."""
    old, new = ({judgement.id: judgement for judgement in side} for side in (before, after))
    found = []
    for name in dict.fromkeys((*old, *new)):
        a, b = old.get(name), new.get(name)
        if a is not None and b is not None and a.verdict == b.verdict:
            continue
        why = _why_verdict(a, b)
        why += [f"spec: {each.described()}" for each in spec if each.path not in ("name", "title", "notes")]
        why += [f"versions: {each.described()}" for each in environments]
        sentence = (b or a).sentence  # type: ignore[union-attr]
        found.append(Change(f"{name}: {sentence}", _told(a), _told(b), tuple(why or [UNEXPLAINED])))
    return found


def _told(judgement: Judgement | None) -> str:
    return f"{judgement.verdict}. {judgement.observed}" if judgement else "not judged"


def _why_verdict(a: Judgement | None, b: Judgement | None) -> list[str]:
    if a is None or b is None:
        return [f"only the {'second' if a is None else 'first'} store's spec states it"]
    found = [f"replicates: {a.n} → {b.n}"] if a.n != b.n else []
    if a.missing != b.missing:
        found.append(f"missing: {a.missing or 'nothing'} → {b.missing or 'nothing'}")
    return found
