"""In which fields two models differ, as a reader of their YAML calls them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Difference:
    """One field with two values; ``unset`` where a model lacks it."""

    path: str
    before: Any
    after: Any

    def described(self) -> str:
        """``training.epochs 8 → 20``."""
        return f"{self.path} {self.before} → {self.after}"


def differences(old: BaseModel, new: BaseModel) -> list[Difference]:
    """The fields in which two models differ, in the old one's order."""
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
