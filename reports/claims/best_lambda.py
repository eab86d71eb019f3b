"""Claims about the best λ: a bootstrap over seeds says in which share of resamples they hold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from reports import wording
from reports.claims.evidence import CellName, Evidence
from reports.claims.finding import ALPHA, Finding
from reports.statistics import power
from reports.statistics.bootstrap import RESAMPLES, resampled_means
from reports.statistics.summaries import CONFIDENCE, summarise
from specs.methods import JOINT
from specs.predicates import BestLambda, Choosing, FallingBest, InteriorBest

NEGLIGIBLE_PERCENT = 5
"""Percent from which a remark says that the bootstrap understates the spread of seeds. Up to ten seeds reach it."""
Errors = Mapping[str, pd.DataFrame]
"""Errors by architecture: one row per seed, one column per λ, ascending; NaN where a trial is missing."""


def architectures(predicate: Choosing) -> tuple[str, ...]:
    """The architectures whose best λ the claim is about."""
    return tuple(predicate.best) if isinstance(predicate, BestLambda) else predicate.architectures


def cells_needed(predicate: Choosing, evidence: Evidence) -> list[CellName]:
    """The cells of each architecture at every λ."""
    return [CellName(name, JOINT, lam) for name in architectures(predicate) for lam in evidence.lambdas]


def errors(predicate: Choosing, evidence: Evidence) -> dict[str, pd.DataFrame]:
    """The errors by which the best λs are picked, by architecture."""
    return {name: evidence.errors(name) for name in architectures(predicate)}


def find(predicate: Choosing, of: Errors, remark: str = "") -> Finding:
    """The share of resamples in which the claim holds. It is confirmed above 95 % and refuted below 5 %.

    A resample draws seeds with replacement, the same for every λ and architecture. Only seeds that are complete at
    every λ of every architecture count. An ``any`` takes the largest share of its architectures, and its share of
    resamples against it is multiplied by their number (Bonferroni).
    """
    whole = _whole(of)
    n = len(next(iter(whole.values())))
    if not n:
        return Finding("No seed is complete at every λ.", tested=False)
    grid = {name: frame.columns.to_numpy(dtype=float) for name, frame in whole.items()}
    best = {name: grid[name][resampled_means(frame.to_numpy()).argmin(1)] for name, frame in whole.items()}
    holds = _holds(predicate, best, {name: (lams[0], lams[-1]) for name, lams in grid.items()})
    sure = 1 - ALPHA / holds.shape[1]
    share = float(holds.mean(0).max())
    observed = {name: float(grid[name][frame.to_numpy().mean(0).argmin()]) for name, frame in whole.items()}
    some = " of one architecture" if holds.shape[1] > 1 else ""
    return Finding(
        observed=f"Best λ {_listed(observed)}; the claim holds in {100 * share:.1f} % of {RESAMPLES:,} resamples of "
        f"{wording.count(n, 'seed')}{some}.",
        p_for=(1 - share) * holds.shape[1] if n > 1 else 1.0,
        p_against=share if n > 1 else 1.0,
        estimate=share,
        n=n,
        tested=False,
        remark=f"{remark} {_roughness(n)}".strip(),
        more_seeds=power.more_seeds_for_share(share, n, sure),
    )


def _roughness(n: int) -> str:
    """How far a bootstrap of so few seeds understates their spread, in a sentence; empty if that is negligible."""
    if n == 1:
        return "One seed cannot be resampled."
    short = 100 * (1 - (1 - 1 / n) ** 0.5)
    return f"A bootstrap of {n} seeds understates their spread by {short:.0f} %." if short >= NEGLIGIBLE_PERCENT else ""


def _whole(of: Errors) -> dict[str, pd.DataFrame]:
    """The rows of seeds that are complete at every λ of every architecture."""
    complete = {name: frame.dropna() for name, frame in of.items()}
    shared = sorted(set.intersection(*(set(frame.index) for frame in complete.values())))
    return {name: frame.loc[shared] for name, frame in complete.items()}


def _holds(predicate: Choosing, best: Mapping[str, np.ndarray], ends: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """Whether the claim holds, with shape (resample, alternative).

    An ``any`` has one alternative per architecture, every other claim a single one.
    """
    match predicate:
        case BestLambda():
            alike = [best[name] == lam for name, lam in predicate.best.items()]
            return np.asarray(np.stack(alike, axis=1).all(1, keepdims=True))
        case InteriorBest():
            inside = np.stack([(best[name] > ends[name][0]) & (best[name] < ends[name][1]) for name in best], axis=1)
            return inside if predicate.of == "any" else np.asarray(inside.all(1, keepdims=True))
        case FallingBest():
            along = np.stack([best[name] for name in predicate.architectures], axis=1)
            falls = (np.diff(along, axis=1) <= 0).all(1) & (along[:, -1] < along[:, 0])
            return np.asarray(falls[:, None])


def _listed(best: Mapping[str, float]) -> str:
    return wording.listed([f"{wording.bare(lam)} for {name}" for name, lam in best.items()])


@dataclass(frozen=True)
class Scenario:
    """One way in which the missing trials may turn out: as well as is likely at one λ, as badly at all others."""

    favoured: float

    def fill(self, of: Errors, planned: tuple[int, ...]) -> dict[str, pd.DataFrame]:
        """The errors with every missing one at an end of its prediction interval."""
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
        return filled


def scenarios(lambdas: list[float]) -> list[Scenario]:
    """One scenario per λ, which favours that λ."""
    return [Scenario(lam) for lam in lambdas]
