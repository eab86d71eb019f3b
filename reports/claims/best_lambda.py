"""Claims about the best λ: a bootstrap over seeds says in which share of resamples they hold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from reports import wording
from reports.claims.evidence import CellName, Evidence
from reports.claims.finding import ALPHA, Finding
from reports.statistics import power, ties
from reports.statistics.bootstrap import RESAMPLES, Best, best_lambda, compared, least, resampled_sums
from reports.statistics.summaries import CONFIDENCE, summarise
from specs.methods import JOINT
from specs.predicates import BestLambda, Choosing, FallingBest, InteriorBest

NEGLIGIBLE_PERCENT = 5
"""Percent from which a remark says that the bootstrap understates the spread of seeds. Up to ten seeds reach it."""
Wrong = Mapping[str, pd.DataFrame]
"""Numbers of wrong images by architecture: a row per seed, a column per planned λ, ascending; NaN where missing."""


def architectures(predicate: Choosing) -> tuple[str, ...]:
    """The architectures whose best λ the claim is about."""
    return tuple(predicate.best) if isinstance(predicate, BestLambda) else predicate.architectures


def cells_needed(predicate: Choosing, evidence: Evidence) -> list[CellName]:
    """The cells of each architecture at every λ."""
    return [CellName(name, JOINT, lam) for name in architectures(predicate) for lam in evidence.lambdas]


def wrong_images(predicate: Choosing, evidence: Evidence) -> dict[str, pd.DataFrame]:
    """What the best λs are chosen by, by architecture."""
    return {name: evidence.choice(name).wrong for name in architectures(predicate)}


def find(predicate: Choosing, of: Wrong, remark: str = "") -> Finding:
    """The share of resamples in which the claim holds. It is confirmed above 95 % and refuted below 5 %.

    A resample draws seeds with replacement, the same for every λ and architecture. Only seeds that are complete at
    every λ of every architecture count. Where λs tie in a resample, it counts by the share of the ways to break the
    ties in which the claim holds. An ``any`` takes the largest share of its architectures, and its share of resamples
    against it is multiplied by their number (Bonferroni).

    The claim is inconclusive if some planned λ has no complete seed, or if it holds for some and fails for other ways
    to break ties of the best λs.
    """
    chosen = {name: best_lambda(wrong) for name, wrong in of.items()}
    best = {name: each for name, each in chosen.items() if each is not None}
    if len(best) < len(of):
        return Finding("No seed is complete at every measured λ.", tested=False)
    named = f"Best λ {_listed(best)}"
    if lacking := [name for name, wrong in of.items() if wrong.isna().all().any()]:
        return Finding(f"{named}, with λs of {wording.listed(lacking)} still to be measured.", tested=False)
    n = len(_shared_seeds(of))
    if not n:
        return Finding(f"{named}. No seed is complete at every λ of all of them.", tested=False)
    holds = _holds(predicate, _resampled(of), _grid(of)).mean(0)
    share, alternatives = float(holds.max()), len(holds)
    open_ = _hangs_on_a_tie(predicate, of, best)
    tested = n > 1 and not open_
    return Finding(
        observed=f"{named}; the claim holds in {100 * share:.1f} % of {RESAMPLES:,} resamples of "
        f"{wording.count(n, 'seed')}{' of one architecture' if alternatives > 1 else ''}."
        + (" A tie decides: the claim holds at some of the tied λs and fails at others." if open_ else ""),
        p_for=(1 - share) * alternatives if tested else 1.0,
        p_against=share if tested else 1.0,
        estimate=share,
        n=n,
        tested=False,
        remark=" ".join(filter(None, [remark, wording.TIES_IN_RESAMPLES, _roughness(n)])),
        more_seeds=power.more_seeds_for_share(share, n, 1 - ALPHA / (alternatives if share > 0.5 else 1)),
    )


def _roughness(n: int) -> str:
    """How far a bootstrap of so few seeds understates their spread, in a sentence; empty if that is negligible."""
    if n == 1:
        return "One seed cannot be resampled."
    short = 100 * (1 - (1 - 1 / n) ** 0.5)
    return f"A bootstrap of {n} seeds understates their spread by {short:.0f} %." if short >= NEGLIGIBLE_PERCENT else ""


def _grid(of: Wrong) -> np.ndarray:
    return next(iter(of.values())).columns.to_numpy(dtype=float)


def _shared_seeds(of: Wrong) -> list[int]:
    """The seeds that are complete at every λ of every architecture."""
    return sorted(set.intersection(*(set(wrong.dropna().index) for wrong in of.values())))


def _resampled(of: Wrong) -> dict[str, np.ndarray]:
    """The λs that tie for the best in each resample, by architecture, with shape (resample, λ)."""
    seeds = _shared_seeds(of)
    return {name: least(resampled_sums(compared(wrong).loc[seeds].to_numpy())) for name, wrong in of.items()}


def _hangs_on_a_tie(predicate: Choosing, of: Wrong, best: Mapping[str, Best]) -> bool:
    """Whether the claim holds for some ways to break ties of the best λs, and fails for others."""
    grid = _grid(of)
    holds = _holds(predicate, {name: np.isin(grid, each.tied) for name, each in best.items()}, grid)
    return bool(0 < holds.max() < 1)


def _holds(predicate: Choosing, tied: Mapping[str, np.ndarray], grid: np.ndarray) -> np.ndarray:
    """The share of ways to break ties in which the claim holds, with shape (…, alternative).

    An ``any`` has one alternative per architecture, every other claim a single one.
    """
    inside = (grid > grid[0]) & (grid < grid[-1])
    match predicate:
        case BestLambda():
            wanted = [grid == lam for lam in predicate.best.values()]
            holds = [ties.all_among([tied[name] for name in predicate.best], wanted)]
        case InteriorBest(of="any"):
            holds = [ties.all_among([tied[name]], [inside]) for name in predicate.architectures]
        case InteriorBest():
            every = [tied[name] for name in predicate.architectures]
            holds = [ties.all_among(every, [inside] * len(every))]
        case FallingBest():
            holds = [ties.falling([tied[name] for name in predicate.architectures])]
    return np.stack(holds, axis=-1)


def _listed(best: Mapping[str, Best]) -> str:
    return wording.listed([f"{wording.tied(each.tied)} for {name}" for name, each in best.items()])


@dataclass(frozen=True)
class Scenario:
    """One way in which the missing trials may turn out: as well as is likely at one λ, as badly at all others."""

    favoured: float

    def fill(self, of: Wrong, planned: tuple[int, ...]) -> dict[str, pd.DataFrame]:
        """The numbers of wrong images with every missing one at an end of its prediction interval."""
        return {name: self._filled(frame.reindex(list(planned))) for name, frame in of.items()}

    def _filled(self, frame: pd.DataFrame) -> pd.DataFrame:
        filled = frame.copy()
        residuals = frame.sub(frame.mean(axis=1), axis=0)
        for lam in frame.columns:
            known = residuals[lam].dropna().tolist()
            n, summary = len(known), summarise(known)
            half = float(stats.t.ppf((1 + CONFIDENCE) / 2, max(n - 1, 1))) * summary.sd * (1 + 1 / max(n, 1)) ** 0.5
            likely = frame[lam].mean() + (-half if float(lam) == self.favoured else half)
            filled[lam] = filled[lam].fillna(likely)
        return filled.clip(lower=0).round()


def scenarios(lambdas: list[float]) -> list[Scenario]:
    """One scenario per λ, which favours that λ."""
    return [Scenario(lam) for lam in lambdas]
