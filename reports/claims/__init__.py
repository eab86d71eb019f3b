"""The paper's claims, as data in a sweep's spec, held against what a store holds."""

from reports.claims.board import judge
from reports.claims.judgement import MET, VERDICTS, Judgement, Verdict

__all__ = ["MET", "VERDICTS", "Judgement", "Verdict", "judge"]
