"""Claims that an override makes undecidable: they fit the sweep in the file, but ``--set`` removed trials they need.

ensweep drops such a claim and prints its id and the reason, so that a quick run with two λs needs no second override. A
claim that is wrong in the file, or that an override states, is not dropped: it remains an error of the spec.
"""

from pydantic import ValidationError

from specs.base import PlacedError
from specs.claims import Claim
from specs.nodes import Node
from specs.sweep import SweepSpec

Dropped = dict[str, str]
"""Reasons for dropping claims, by the claim's id."""


def drop(root: Node, file: Node, sweep: SweepSpec) -> Dropped:
    """Remove from the tree, in place, those of the file's own claims for which it no longer plans the trials.

    Args:
        root: the tree with the overrides applied.
        file: the tree without them.
        sweep: the file's own sweep, which is valid.
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
    """Text for people: one line per reason, which names all claims that were dropped for it."""
    by_reason: dict[str, list[str]] = {}
    for name, why in dropped.items():
        by_reason.setdefault(why, []).append(name)
    return "\n".join(f"--set drops the claims {', '.join(names)}: {why}" for why, names in by_reason.items())


def _claims(root: Node) -> list[Node]:
    node = root.child("claims")
    return node.value if node is not None and isinstance(node.value, list) else []


def _design(root: Node) -> SweepSpec | None:
    """The changed sweep without its claims; None if it is invalid even so."""
    plain = root.plain()
    assert isinstance(plain, dict)
    try:
        return SweepSpec.model_validate({**plain, "claims": []}, by_alias=True, by_name=False)
    except ValidationError:
        return None


def _unplanned(claim: Claim, design: SweepSpec) -> str:
    """The reason why the claim cannot be decided; empty if everything it names is planned."""
    try:
        design.planned.check((claim,))
    except PlacedError as error:
        return str(error).partition("; ")[0]  # the rest is the remedy for a file
    return ""
