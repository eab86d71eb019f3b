"""``plan --seeds-to-decide``: which claims more seeds would settle, and the override that would run them."""

from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.stores.store import Store
from reports import wording
from reports.claims import Judgement
from reports.claims.open_claims import Decision, decide
from reports.frames.frames import load
from specs.sweep import SweepSpec

__all__ = ["ToDecide", "look"]


@dataclass(frozen=True)
class ToDecide:
    """A decision as rows and as text."""

    decision: Decision

    def row(self) -> dict[str, Any]:
        """For ``--json``."""
        columns = ("id", "sentence", "n", "more_seeds", "more_seconds")
        claims = [{name: getattr(each, name) for name in columns} for each in self.decision.inconclusive]
        return {**asdict(self.decision), "inconclusive": claims}

    def text(self) -> str:
        """For people."""
        found = self.decision
        waiting = f"waiting for planned trials: {wording.count(found.waiting, 'claim')}" if found.waiting else ""
        if not found.inconclusive:
            return f"to decide: no claim is inconclusive{f'; {waiting}' if waiting else ''}"
        open_ = (
            f"inconclusive at {wording.count(found.seeds, 'seed')}: {wording.count(len(found.inconclusive), 'claim')}"
        )
        width = max(len(each.id) for each in found.inconclusive)
        lines = [f"  {each.id:{width}}  {_needs(each)}" for each in found.inconclusive]
        return "\n".join(filter(None, [f"to decide: {open_}", *lines, self._remedy(), waiting]))

    def _remedy(self) -> str:
        found = self.decision
        if found.more_seeds is None:
            return "no number of seeds that could be run would settle any of them"
        cost = "" if found.seconds is None else f", {wording.duration(found.seconds)} of training one by one"
        which = "all" if found.settled == len(found.inconclusive) else f"{found.settled} of {len(found.inconclusive)}"
        more = wording.count(found.more_seeds, "more seed")
        return f"--set {found.setting} would settle {which}, with 80 % power: {more} of every cell{cost}"


def look(sweep: SweepSpec, store: Store) -> ToDecide:
    """Judge the sweep's claims by what the store holds; takes as long as reading it does."""
    return ToDecide(decide(load(store.storage, sweep)))


def _needs(judgement: Judgement) -> str:
    if judgement.more_seeds is None:
        return "no affordable number of seeds"
    cost = "" if judgement.more_seconds is None else f", {wording.duration(judgement.more_seconds)} in its cells alone"
    return f"{wording.count(judgement.more_seeds, 'more seed')}{cost}"
