"""Seeds to decide, as a plan needs them: how many would settle a sweep's open claims, and what they would cost."""

from dataclasses import dataclass

from reports.claims import Judgement, judge
from reports.claims.evidence import CellName, Evidence
from reports.frames.frames import Frames
from specs.sweep import MAX_SEEDS, MAX_TRIALS, SweepSpec


@dataclass(frozen=True)
class Decision:
    """What is open in one sweep, and the seeds that would settle it with 80 % power."""

    inconclusive: tuple[Judgement, ...]
    """The claims whose trials are all complete, and say neither yes nor no."""
    waiting: int
    """Claims that wait for planned trials: what those say comes first."""
    seeds: int
    """Planned so far, a cell."""
    more_seeds: int | None
    """Beyond those: enough for every claim that seeds can settle; None where there is no such claim."""
    settled: int
    """How many claims these would settle."""
    seconds: float | None
    """Of training, one trial after another, for so many more seeds of every cell; None where it cannot be known."""
    setting: str
    """For ``--set``; empty where there is nothing to set."""


def decide(frames: Frames) -> Decision:
    """The open claims of one store's sweep."""
    board = judge([frames])
    open_ = tuple(judgement for judgement in board if judgement.verdict == "inconclusive")
    seeds = len(frames.sweep.seed_numbers)
    room = min(MAX_SEEDS, MAX_TRIALS * seeds // max(len(frames.planned), 1)) - seeds
    needed = [each.more_seeds for each in open_ if each.more_seeds is not None and each.more_seeds <= room]
    more = max(needed, default=None)
    one_more = None if more is None else Evidence(frames).seconds(_cells(frames))
    return Decision(
        inconclusive=open_,
        waiting=sum(judgement.verdict in ("incomplete", "not run") for judgement in board),
        seeds=seeds,
        more_seeds=more,
        settled=len(needed),
        seconds=None if more is None or one_more is None else more * one_more,
        setting="" if more is None else f"seeds={_with_more(frames.sweep, more)}",
    )


def _cells(frames: Frames) -> list[CellName]:
    """Every planned cell: a run with more seeds trains them all."""
    cells = frames.planned[["architecture", "method", "lam"]].drop_duplicates()
    return [CellName(name, method, lam) for name, method, lam in cells.itertuples(index=False)]


def _with_more(sweep: SweepSpec, more: int) -> str:
    """The spec's seeds and so many more: as a number where they are one, else as a list that begins with them."""
    if isinstance(sweep.seeds, int):
        return str(sweep.seeds + more)
    free = (seed for seed in range(len(sweep.seeds) + more) if seed not in sweep.seeds)
    return f"[{','.join(map(str, [*sweep.seeds, *(next(free) for _ in range(more))]))}]"
