"""The common base of the spec models, which are frozen, closed to unknown keys and strict about numbers."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

SWEEP_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Pattern of names that become folders. In pydantic, ``$`` matches only the very end of the text, not before a final
newline."""
ARCHITECTURE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Pattern of labels such as 4x2.5H. They never become part of a path."""
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
LINES_OF_TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
"""Patterns of text for people, without control characters: a terminal would obey them, and HTML does not allow them."""
LARGEST_INTEGER = 2**31 - 1
"""The largest integer that a spec may hold, so that products of two still fit into the tables' 64-bit integers."""


class PlacedError(ValueError):
    """A value that conflicts with others. ``path`` is the keys and indices that lead to it from the validated model."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


class Frozen(BaseModel):
    """An immutable spec that rejects unknown keys and never stores NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unsigned_zero(value: float) -> float:
    return value + 0.0


Integer = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
"""An integer: ``5`` or ``5.0``, but neither ``true`` nor ``"5"``."""
Real = Annotated[float, Field(strict=True), AfterValidator(_unsigned_zero)]
"""A number, but neither ``true`` nor ``"0.5"``. ``-0.0`` becomes ``0.0``, so that both give the same trial id."""
Count = Annotated[Integer, Field(ge=1, le=LARGEST_INTEGER)]
Whole = Annotated[Integer, Field(ge=0, le=LARGEST_INTEGER)]
Rate = Annotated[Real, Field(gt=0)]
