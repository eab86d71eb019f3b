"""The name of a trial: a hash of everything that changes its numbers."""

import hashlib
import json

from specs.trial import TrialSpec

NUMERICS_VERSION = 2
"""Raised by hand whenever the trainers' numbers change for an unchanged spec."""

ADDED_LATER = {("training", "precision"): "float32"}
"""Fields that the spec got after results were stored, each with the value that says what trials were before.

At that value a field is left out of what is hashed, so that those results keep their ids.
"""


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def trial_id(spec: TrialSpec) -> str:
    """First 16 hex digits of the SHA-256 of the whole resolved spec and the numerics version.

    Order of keys, comments and ``1`` against ``1.0`` in the YAML do not matter: the hash is of the validated
    model, after defaults, less the fields of ``ADDED_LATER`` that change nothing.
    """
    dumped = spec.model_dump(mode="json", by_alias=True)
    for (part, field), before in ADDED_LATER.items():
        if dumped[part][field] == before:
            del dumped[part][field]
    content = {"numerics": NUMERICS_VERSION, "trial": dumped}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]
