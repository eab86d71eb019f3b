"""Reports of failures: the first of each kind at once, with its traceback; later ones are counted."""

import re
from collections import Counter

from orchestrator.base.redaction import redact

HOPELESS = 3
"""Number of stacks that must fail alike, before any succeeds, for the run to stop."""


class Triage:
    """Groups failures by their messages, and detects when a run is hopeless."""

    def __init__(self) -> None:
        self._groups: Counter[str] = Counter()
        self._retried: set[str] = set()
        self._any_success = False

    def succeeded(self) -> None:
        """A stack ended with its results committed."""
        self._any_success = True

    def failed(self, who: str, message: str) -> str:
        """Record a failure; returns the message for the user."""
        text = redact(message.strip())
        group = signature(text)
        self._groups[group] += 1
        if self._groups[group] == 1:
            return f"failed: {who}\n{_indented(text)}"
        return f"failed: {who}: the same as before ({self._groups[group]} times now): {_last_line(text)}"

    def retried(self, who: str, message: str) -> str:
        """Record a failure that is tried again; returns the message for the user, empty after the first of its kind."""
        text = redact(message.strip())
        group = signature(text)
        if group in self._retried:
            return ""
        self._retried.add(group)
        return f"trying again: {who}: {_last_line(text)}"

    @property
    def hopeless(self) -> str:
        """Why the run is hopeless: its first stacks all failed in the same way; empty if it is not."""
        if self._any_success or len(self._groups) != 1:
            return ""
        ((group, count),) = self._groups.items()
        return f"the first {count} stacks all failed with: {group}" if count >= HOPELESS else ""

    def summary(self) -> str:
        """One line per group, the largest first."""
        return "\n".join(f"{count} failed with: {group}" for group, count in self._groups.most_common())


def signature(message: str) -> str:
    """The common part of failures of one cause: the message's last line without ids, addresses and numbers."""
    return re.sub(r"\b(0x)?[0-9a-f]*[0-9][0-9a-f]*\b", "#", _last_line(message))


def _last_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
