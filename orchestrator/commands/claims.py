"""The command about claims: what sweeps state, held against what stores hold."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from orchestrator.commands import common
from specs.errors import Exit

if TYPE_CHECKING:
    from reports.claims import Judgement


@click.command()
@click.argument("places", metavar="STORE...", nargs=-1, required=True)
@click.option(
    "--strict", is_flag=True, help=f"End with {Exit.CLAIMS_NOT_MET} unless every claim is reproduced, or a theorem."
)
@common.as_json
def claims(places: tuple[str, ...], strict: bool, as_json: bool) -> Exit:
    """Judge the claims that the sweeps of one or more stores state, together.

    A claim is met where its verdict is reproduced; theorems are checked by tests, and count as met. Without --strict
    the verdicts are data, and the command ends with 0 whatever they are.
    """
    from reports.claims import MET, judge
    from reports.frames.frames import load

    board = judge([load(common.open_store(place).storage) for place in places])
    unmet = [judgement for judgement in board if judgement.verdict not in MET]
    common.show(
        {"stores": list(places), "met": not unmet, "claims": [asdict(judgement) for judgement in board]},
        _text(board),
        as_json,
    )
    return Exit.CLAIMS_NOT_MET if strict and unmet else Exit.COMPLETE


def _text(board: "tuple[Judgement, ...]") -> str:
    """A line a claim with its verdict, its numbers below; the count of verdicts at the end.

    Model dominance is defined where a claim is about it.
    """
    from reports.claims import VERDICTS
    from reports.wording import DOMINANCE

    if not board:
        return "no claims: the sweeps of these stores state none"
    width = max(len(judgement.id) for judgement in board)
    lines = [line for judgement in board for line in _lines(judgement, width)]
    lines += [DOMINANCE] if any(DOMINANCE in judgement.remark for judgement in board) else []
    counts = [(verdict, sum(judgement.verdict == verdict for judgement in board)) for verdict in VERDICTS]
    return "\n".join([*lines, ", ".join(f"{n} {verdict}" for verdict, n in counts if n)])


def _lines(judgement: "Judgement", width: int) -> list[str]:
    indent = " " * (width + 2)
    paper = f" Paper: {judgement.paper}." if judgement.paper else ""
    lines = [f"{judgement.id:{width}}  {judgement.verdict}: {judgement.sentence}"]
    lines.append(f"{indent}{judgement.observed}{paper}")
    if judgement.missing:
        flip = "could" if judgement.could_flip else "could hardly"
        rest = "" if judgement.here == "not run" else f"; they {flip} change what the rest says: {judgement.here}"
        lines.append(f"{indent}lacking {judgement.missing}{rest}")
    return lines
