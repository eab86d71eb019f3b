"""A sweep as text with all defaults written out: what the store keeps of every sweep that ran there."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from re import fullmatch
from typing import Any

from specs.scalars import resolve
from specs.sweep import SweepSpec


def dump_sweep(sweep: SweepSpec) -> str:
    """YAML that loads back to an equal sweep; equal sweeps give equal text."""
    return "\n".join(_lines(sweep.model_dump(by_alias=True), "")) + "\n"


def sweep_digest(sweep: SweepSpec) -> str:
    """First 16 hex digits of the SHA-256 of the dumped sweep."""
    return hashlib.sha256(dump_sweep(sweep).encode()).hexdigest()[:16]


def _lines(mapping: Mapping[Any, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        if isinstance(value, dict) and value:
            yield f"{indent}{_inline(key)}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            yield f"{indent}{_inline(key)}:"
            yield from (f"{indent}  - {_inline(item)}" for item in value)
        else:
            yield f"{indent}{_inline(key)}: {_inline(value)}"


def _inline(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value, allow_nan=False)


def _text(value: str) -> str:
    """Plain where it cannot be read as anything else, else in double quotes on one line."""
    if fullmatch("[A-Za-z0-9][A-Za-z0-9._/-]*", value) and isinstance(resolve(value), str):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in quoted)


def _escape(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
