"""YAML 1.2's core schema: what an unquoted scalar means."""

import re
from collections.abc import Callable

from specs.nodes import Scalar

MAX_DIGITS = 1_000

# Digits are never given back (++), so that a million of them that end in a letter take one reading.
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?[0-9]++"), int),
    (re.compile(r"0o[0-7]++"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]++"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]++|[0-9]++(\.[0-9]*+)?)([eE][-+]?[0-9]++)?"), float),
)
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}


def resolve(text: str) -> Scalar:
    """What an unquoted scalar means.

    Raises:
        ValueError: a number of more than 1,000 digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    convert = next((convert for pattern, convert in _NUMBERS if pattern.fullmatch(text)), None)
    if convert is None:
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS:,} digits")
    return convert(text)
