"""The name of a trial: a hash of everything that changes its numbers."""

import hashlib
import json

from specs.trial import TrialSpec

NUMERICS_VERSION = 1
"""Raised by hand whenever the trainers' numbers change for an unchanged spec."""


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def trial_id(spec: TrialSpec) -> str:
    """First 16 hex digits of the SHA-256 of the whole resolved spec and the numerics version.

    Order of keys, comments and ``1`` against ``1.0`` in the YAML do not matter: the hash is of the validated
    model, after defaults.
    """
    content = {"numerics": NUMERICS_VERSION, "trial": spec.model_dump(mode="json", by_alias=True)}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]
