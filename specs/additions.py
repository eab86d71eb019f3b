"""Fields that a spec got after results were stored. The trainers ask for them too, so this imports no pydantic."""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple


@dataclass(frozen=True)
class AddedLater:
    """Marks a field that a model got later: ``precision: Annotated[str, AddedLater(before="float32")] = "float32"``.

    At ``before`` trials are what they always were, so the field is left out of their identity, and they keep it.
    """

    before: Any
    named_in_checkpoints: bool = False
    """Whether checkpoints name the field all the same, as those did that were written before there was this mark."""


class Addition(NamedTuple):
    """A field that was added later."""

    name: str
    key: str
    """What YAML calls it."""
    mark: AddedLater


@cache
def additions(model: type) -> tuple[Addition, ...]:
    """The fields of a model that were added later; none of what is no model."""
    fields = getattr(model, "model_fields", {})
    return tuple(
        Addition(name, field.alias or name, mark)
        for name, field in fields.items()
        for mark in field.metadata
        if isinstance(mark, AddedLater)
    )
