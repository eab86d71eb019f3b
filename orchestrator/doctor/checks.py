"""What the doctor says: a finding with its remedy."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]

SIGNS: dict[Level, str] = {"ok": "✓", "warning": "!", "error": "✗"}

GB = 10**9


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    level: Level
    """``error``: a run will fail, or put the machine at risk. ``warning``: it may be slow, or fail. ``ok``: a fact."""
    topic: str
    message: str
    remedy: str = ""
    """What to do about it; empty where there is nothing to mend."""

    def __str__(self) -> str:
        line = f"{SIGNS[self.level]} {self.topic:9} {self.message}"
        return line + (f"\n  {'':9} → {self.remedy}" if self.remedy else "")


def ok(topic: str, message: str) -> Check:
    """A fact, with nothing to mend."""
    return Check("ok", topic, message)


def warning(topic: str, message: str, remedy: str) -> Check:
    """Something that may go wrong."""
    return Check("warning", topic, message, remedy)


def error(topic: str, message: str, remedy: str) -> Check:
    """Something that will go wrong, or that is dangerous."""
    return Check("error", topic, message, remedy)


def size(count: float) -> str:
    """Bytes in words."""
    return f"{count / GB:.1f} GB" if count >= GB else f"{count / 1e6:.0f} MB"
