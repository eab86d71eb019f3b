"""The meaning of an unquoted scalar in YAML 1.2's core schema."""

import re
from collections.abc import Callable

from specs.nodes import Scalar

MAX_DIGITS = 1_000

# The quantifiers are possessive (++), so the patterns do not backtrack: a million digits before a letter are read once.
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
    """The value of an unquoted scalar.

    Raises:
        ValueError: the text is a number of more than 1,000 characters.
    """
    if text in _WORDS:
        return _WORDS[text]
    convert = next((convert for pattern, convert in _NUMBERS if pattern.fullmatch(text)), None)
    if convert is None:
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS:,} digits")
    return convert(text)
