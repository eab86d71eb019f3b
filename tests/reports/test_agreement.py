"""Headline, figure and claims name the same best λ over the same seeds, whatever is missing and whatever ties."""

from typing import Any

import numpy as np
import pytest

from reports import wording
from reports.claims import judge
from reports.figures import best_lambda as figure_4
from reports.frames.frames import Frames
from reports.page import answer, choosing
from specs.sweep import PlannedTrial
from tests.reports.claims.claimed import Numbers, cell, claim, frames, sweep

FOUR, MANY = "4x4H", "16x2H"
GRID = [0.0, 0.5, 0.9, 1.0]
SEEDS, VALIDATION, TEST = 4, 237, 360

Counts = dict[tuple[str, float, int], int]
"""Numbers of wrong images by ensemble, λ and seed; a trial that has none is missing."""


def store(counts: Counts, by_validation: bool) -> Frames:
    """A store with claims about the best λ of each ensemble. Test errors are told apart by their λ."""
    claims = [
        claim({"kind": "interior-best", "architectures": [name]}, id=f"I{i}") for i, name in enumerate((FOUR, MANY))
    ]
    claims += [
        claim({"kind": "value", "cell": cell(name, "best"), "value": 10, "margin": 1}, id=f"V{i}")
        for i, name in enumerate((FOUR, MANY))
    ]

    def measured(trial: PlannedTrial) -> Numbers | str:
        name, lam, seed = trial.architecture, trial.spec.lam, trial.spec.seed
        wrong = counts.get((name, lam, seed), 50 if name == "1x8H" else None)
        if wrong is None:
            return "missing"
        if by_validation:
            return {"validation_error": wrong / VALIDATION, "test_error": (50 + GRID.index(lam) + seed) / TEST}
        return {"test_error": wrong / TEST}

    design: dict[str, Any] = {"lambda": GRID, "seeds": SEEDS, "methods": ["joint"]}
    return frames(sweep(claims, **design), measured)


def expected(counts: Counts, name: str) -> tuple[list[float], list[int]]:
    """The λs with the least sum over the seeds that every measured λ has, and these seeds; reckoned one by one."""
    measured = [lam for lam in GRID if any((name, lam, seed) in counts for seed in range(SEEDS))]
    seeds = [seed for seed in range(SEEDS) if measured and all((name, lam, seed) in counts for lam in measured)]
    sums = {lam: sum(counts[name, lam, seed] for seed in seeds) for lam in measured}
    return ([lam for lam in measured if sums[lam] == min(sums.values())] if seeds else []), seeds


def check(counts: Counts, by_validation: bool) -> None:
    """All parts of a page name the λs that are expected."""
    found = store(counts, by_validation)
    comparisons = {each.architecture: each for each in answer.compare(found)}
    data = figure_4.data(found)
    judged = judge([found])
    for i, name in enumerate((FOUR, MANY)):
        lams, seeds = expected(counts, name)
        comparison, rows = comparisons[name], data[data["architecture"] == name]
        named = f"{wording.tied(lams)} for {name}"
        assert (list(comparison.choice.tied), list(comparison.choice.seeds)) == (lams, seeds)
        assert (named in choosing.told(list(comparisons.values()))) == bool(lams)
        assert list(rows["best"]) == [lams] * len(GRID)
        assert set(rows["best_n"]) == {len(seeds)}
        assert (named in figure_4.title(data)) == bool(lams)
        interior, value = judged[i], judged[2 + i]
        if not lams:
            assert interior.here == value.here
            assert value.here in ("inconclusive", "not run")
            continue
        assert interior.observed.startswith(f"Best λ {named}")
        errors = [answer.by_seed(found, name, lam, "test_error") for lam in lams]
        assert comparison.at_best.mean == pytest.approx(np.mean([errors[0][seed] for seed in seeds]))
        assert comparison.at_best.n == len(seeds)
        assert any(value.estimate == pytest.approx(100 * np.mean(list(own.values()))) for own in errors)


@pytest.mark.parametrize("seed", range(12))
def test_all_parts_of_a_page_name_the_same_best_lambdas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lost = rng.choice([0.0, 0.15, 0.4])
    counts = {
        (name, lam, replicate): int(rng.integers(40, 44))
        for name in (FOUR, MANY)
        for lam in GRID
        for replicate in range(SEEDS)
        if rng.random() >= lost
    }
    check(counts, by_validation=bool(seed % 2))


def test_so_they_do_where_all_lambdas_tie_and_where_nothing_has_run() -> None:
    whole = {(name, lam, seed): 42 for name in (FOUR, MANY) for lam in GRID for seed in range(SEEDS)}
    assert expected(whole, FOUR)[0] == GRID
    check(whole, by_validation=True)
    check({}, by_validation=False)


@pytest.mark.parametrize("by_validation", [True, False])
def test_one_missing_trial_turns_no_part_of_the_page_alone(by_validation: bool) -> None:
    # Over all seeds of its own, λ = 0.5 has the least mean: it lacks the hard seed. Over the others, 0.9 has.
    by_lambda = {0.0: [30, 31, 32, 60], 0.5: [24, 25, 26], 0.9: [22, 23, 24, 50], 1.0: [40, 41, 42, 70]}
    counts = {(FOUR, lam, seed): wrong for lam, own in by_lambda.items() for seed, wrong in enumerate(own)}
    counts |= {(MANY, lam, seed): wrong for lam, own in by_lambda.items() for seed, wrong in enumerate([*own, 52][:4])}
    assert expected(counts, FOUR) == ([0.9], [0, 1, 2])
    check(counts, by_validation)
    # The λ that is the best lacks a seed itself.
    del counts[MANY, 0.9, 1]
    assert expected(counts, MANY) == ([0.9], [0, 2, 3])
    check(counts, by_validation)
