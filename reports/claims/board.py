"""All claims of a study, judged together: orders are corrected over the whole board."""

from collections.abc import Sequence

from reports.claims.judgement import Judgement
from reports.loading import Frames


def judge(study: Sequence[Frames]) -> tuple[Judgement, ...]:
    """Every claim of every sweep of a study, in the order of the stores and of their specs.

    No sweep states claims yet, so that there is nothing to judge.
    """
    return ()
