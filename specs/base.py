"""What every spec model shares: frozen, closed to unknown keys, strict about numbers."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

SWEEP_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Names that become folders; pydantic's ``$`` is the very end of the text, not also before a last line end."""
ARCHITECTURE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Labels, such as 4x2.5H, which become no part of a path."""
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
LINES_OF_TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
"""Text for people: terminals would obey its control characters, and HTML has no place for them."""
LARGEST_INTEGER = 2**31 - 1
"""The greatest whole number that a spec may hold: every product of a few of them still is one for the tables."""


class PlacedError(ValueError):
    """A value that is wrong in view of others, and the keys and indices that lead to it from where it was found."""

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
"""A whole number: ``5`` or ``5.0``, but neither ``true`` nor ``"5"``."""
Real = Annotated[float, Field(strict=True), AfterValidator(_unsigned_zero)]
"""A number: neither ``true`` nor ``"0.5"``; ``-0.0`` is stored as ``0.0``, so that it has one identity."""
Count = Annotated[Integer, Field(ge=1, le=LARGEST_INTEGER)]
Whole = Annotated[Integer, Field(ge=0, le=LARGEST_INTEGER)]
Rate = Annotated[Real, Field(gt=0)]
