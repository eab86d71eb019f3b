"""What every spec model shares: frozen, closed to unknown keys, strict about numbers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SWEEP_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
ARCHITECTURE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class Frozen(BaseModel):
    """An immutable spec that rejects unknown keys and never stores NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Lambda = Annotated[float, Field(ge=0, le=1)]
