"""Claims that an override leaves behind: the file is right about its own design, and ``--set`` took what they name.

Such claims are dropped and told of, so that a quick look at two λs needs no second override. A claim that is wrong in
the file, or that an override states, is not among them: it stays an error of the spec.
"""

from pydantic import ValidationError

from specs.base import PlacedError
from specs.claims import Claim
from specs.nodes import Node
from specs.sweep import SweepSpec

Dropped = dict[str, str]
"""Ids of claims that were dropped, each with the reason."""


def drop(root: Node, file: Node, sweep: SweepSpec) -> Dropped:
    """Take out of a changed tree the file's own claims that its design no longer plans.

    Args:
        root: the tree with its overrides.
        file: the tree without them.
        sweep: the sweep of the file, which is valid.
    """
    own, design = _claims(file), _design(root)
    stated = root.value.get("claims") if isinstance(root.value, dict) else None
    if design is None or stated is None or not isinstance(stated.value, list):
        return {}
    by_text = list(zip([node.plain() for node in own], sweep.claims, strict=True))
    found: Dropped = {}
    kept: list[Node] = []
    for node in stated.value:
        claim = next((claim for text, claim in by_text if text == node.plain()), None)
        if claim is not None and (why := _unplanned(claim, design)):
            found[claim.id] = why
        else:
            kept.append(node)
    stated.value = kept
    return found


def describe(dropped: Dropped) -> str:
    """A line a reason, for people; claims with the same one share its line."""
    by_reason: dict[str, list[str]] = {}
    for name, why in dropped.items():
        by_reason.setdefault(why, []).append(name)
    return "\n".join(f"--set drops the claims {', '.join(names)}: {why}" for why, names in by_reason.items())


def _claims(root: Node) -> list[Node]:
    node = root.child("claims")
    return node.value if node is not None and isinstance(node.value, list) else []


def _design(root: Node) -> SweepSpec | None:
    """The changed sweep without any claim; None where something else is wrong with it too."""
    plain = root.plain()
    assert isinstance(plain, dict)
    try:
        return SweepSpec.model_validate({**plain, "claims": []}, by_alias=True, by_name=False)
    except ValidationError:
        return None


def _unplanned(claim: Claim, design: SweepSpec) -> str:
    """What the claim names that is not planned; empty where all of it is."""
    try:
        design.planned.check((claim,))
    except PlacedError as error:
        return str(error).partition("; ")[0]  # the rest is the remedy for a file
    return ""
