"""Fields that were added to a spec after results had been stored.

The trainers use this module too, so it does not import pydantic.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple


@dataclass(frozen=True)
class AddedLater:
    """Marks a field that was added later: ``precision: Annotated[str, AddedLater(before="float32")] = "float32"``.

    The hash of a trial omits the field while it holds ``before``, its old meaning. Adding the field changes no existing
    id.
    """

    before: Any
    """The value with which trials are what they were before the field existed."""
    named_in_checkpoints: bool = False
    """Whether a checkpoint's fingerprint contains the field in any case. This is true for a field that is older than
    this mark, because earlier checkpoints contain it."""


class Addition(NamedTuple):
    """A field that was added later."""

    name: str
    key: str
    """The field's name in YAML."""
    mark: AddedLater


@cache
def additions(model: type) -> tuple[Addition, ...]:
    """The fields of a model that were added later; empty if ``model`` is no pydantic model."""
    fields = getattr(model, "model_fields", {})
    return tuple(
        Addition(name, field.alias or name, mark)
        for name, field in fields.items()
        for mark in field.metadata
        if isinstance(mark, AddedLater)
    )
