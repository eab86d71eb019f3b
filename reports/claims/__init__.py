"""Claims, the paper's or a user's own: stated as data in a sweep's spec, and judged by a store's results."""

from reports.claims.board import judge
from reports.claims.judgement import MET, VERDICTS, Judgement, Verdict

__all__ = ["MET", "VERDICTS", "Judgement", "Verdict", "judge"]
