"""The name of a trial: a hash of everything that changes its numbers."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from specs.additions import additions
from specs.trial import TrialSpec

NUMERICS_VERSION = 2
"""Raised by hand whenever the trainers' numbers change for an unchanged spec."""


CONTAINERS = (BaseModel, tuple, list, dict)
"""What may hold a model."""


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def trial_id(spec: TrialSpec) -> str:
    """First 16 hex digits of the SHA-256 of the whole resolved spec and the numerics version.

    Order of keys, comments and ``1`` against ``1.0`` in the YAML do not matter: the hash is of the validated
    model, after defaults, less the fields that were added later and say what was always so.
    """
    content = {"numerics": NUMERICS_VERSION, "trial": hashed_content(spec)}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]


def hashed_content(model: BaseModel) -> Any:
    """A model as JSON values, by the names that YAML has for its fields.

    A field that is marked :class:`specs.additions.AddedLater` is left out where it holds the value of before, in
    models at any depth.
    """
    content = model.model_dump(mode="json", by_alias=True)
    _drop_additions(model, content)
    return content


def _drop_additions(value: object, content: Any) -> None:
    """Drop from a value's content, in place, what was added later and says what was always so."""
    nested: Iterable[tuple[Any, Any]]
    if isinstance(value, BaseModel):
        for field in additions(type(value)):
            if getattr(value, field.name) == field.mark.before:
                del content[field.key]
        fields = type(value).model_fields
        nested = ((item, content.get(fields[name].alias or name)) for name, item in vars(value).items())
    elif isinstance(value, dict):
        nested = zip(value.values(), content.values(), strict=True)
    else:
        nested = zip(value, content, strict=True)  # type: ignore[call-overload]
    for item, below in nested:
        if isinstance(item, CONTAINERS) and below is not None:
            _drop_additions(item, below)
