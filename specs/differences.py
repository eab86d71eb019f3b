"""The fields in which two models differ, by their names in YAML."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Difference:
    """One field with its two values. A value is ``unset`` if the model lacks the field."""

    path: str
    before: Any
    after: Any

    def described(self) -> str:
        """The difference in words, such as ``training.epochs 8 → 20``."""
        return f"{self.path} {self.before} → {self.after}"


def differences(old: BaseModel, new: BaseModel) -> list[Difference]:
    """The fields in which two models differ, in the old model's order; fields that only the new one has come last."""
    before, after = (dict(_leaves(model.model_dump(mode="json", by_alias=True))) for model in (old, new))
    return [
        Difference(path, before.get(path, "unset"), after.get(path, "unset"))
        for path in dict.fromkeys((*before, *after))
        if before.get(path) != after.get(path)
    ]


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value
