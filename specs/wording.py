"""The words of error messages: what was expected, what stands there, what may have been meant."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from re import findall
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from specs.base import ARCHITECTURE_NAME, LINES_OF_TEXT, ONE_LINE, SWEEP_NAME
from specs.nodes import Node, shorten
from specs.predicates import Predicate

EXPECTED = {
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("tuple_type", "list_type"), "a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a mapping of keys to values"),
    **dict.fromkeys(("none_required",), "nothing"),
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_unicode": "text",
    "finite_number": "a finite number",
}
"""What a field wants, by pydantic's name of the error."""

WRONG_KIND = frozenset(EXPECTED) - {"int_from_float", "finite_number"}
"""Errors that say that the value is of another kind altogether."""

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("greater than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
MOST_NUMBERS = 8
"""More of them are not written again in a message."""
_EMPTY = {"string_too_short": "must not be empty", "too_short": "must have at least one entry"}
_PATTERNS = {
    SWEEP_NAME: "must be 1 to 64 lower-case letters, digits, '.', '_' or '-', and begin with a letter or digit",
    ARCHITECTURE_NAME: "must be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit",
    ONE_LINE: "must be one line without control characters",
    LINES_OF_TEXT: "must have no control characters but tabs and line ends",
}


def in_words(kind: str, details: Mapping[str, Any], node: Node) -> str:
    """One error of pydantic's in plain words, with the remedy where there is one."""
    context: Mapping[str, Any] = details.get("ctx", {})
    if kind in EXPECTED:
        return _wrong_kind(details.get("expected", EXPECTED[kind]), node, details["loc"][-1])
    if kind in _EMPTY:
        return _EMPTY[kind]
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"must be {words} {_number(context[key])}, got {node.describe()}"
    match kind:
        case "missing":
            return f"missing key '{details['loc'][-1]}'"
        case "literal_error":
            return _one_of(context["expected"], node)
        case "string_pattern_mismatch":
            rule = _PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
            return f"{rule}; got {shorten(details['input'], 70)!r}"
        case "union_tag_invalid":
            return _one_of(context["expected_tags"], node)
        case "union_tag_not_found":
            return f"missing key 'kind'{_misspelt_kind(node, details['loc'])}"
        case "string_too_long":
            return f"must be at most {context['max_length']} characters, got {len(str(node.value))}"
    return str(context["error"] if kind == "value_error" else details["msg"])


def _one_of(listed: str, node: Node) -> str:
    """The choices that pydantic lists in quotes, and the one that may have been meant."""
    choices = findall("'([^']*)'", listed)
    quoted = [f"'{choice}'" for choice in choices]
    alternatives = " or ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))
    return f"must be {alternatives}, got {node.describe()}{did_you_mean(str(node.value), choices)}"


def _misspelt_kind(node: Node, path: Sequence[str | int]) -> str:
    keys = [str(key) for key in node.value] if isinstance(node.value, dict) else []
    if close := get_close_matches("kind", keys, n=1, cutoff=0.6):
        return f"; did you mean it by '{close[0]}'?"
    if path[0] == "claims":
        kinds = [kind for each in _members(Predicate) if (kind := _kind_of(each))]
        return f", which says what is asserted: {', '.join(kinds)}"
    return ", which says what the network is: mlp, convnet, densenet"


def _number(bound: float) -> str:
    return f"{bound:g}" if bound < 1e6 else f"{bound:.0f}"


def _wrong_kind(expected: str, node: Node, key: object) -> str:
    remedy = ""
    if expected == "text" and isinstance(node.value, bool | int | float):
        remedy = "; put it in quotes"
    if "number" in expected and isinstance(node.value, str) and _is_number(node.value):
        remedy = "; remove the quotes"
    if "number" in expected and isinstance(node.value, list) and _numbers(node):
        remedy = "; remove its [ ]"
    if expected == "a list" and (numbers := _numbers(node)) and isinstance(key, str):
        remedy = f"; put it in [ ]: {key}: [{', '.join(numbers)}]"
    elif expected == "a list" and not isinstance(node.value, dict | None):
        remedy = "; put it in [ ]"
    return f"expected {expected}, got {node.describe()}{remedy}"


def _numbers(node: Node) -> list[str]:
    """The few numbers that stand there in another form than a list should have; none where there is anything else."""
    match node.value:
        case str():
            found = [part.strip() for part in node.value.split(",")]
        case list():
            found = [str(item.value) for item in node.value]
        case dict() if all(item.value is None for item in node.value.values()):
            found = [str(key) for key in node.value]
        case _:
            found = [str(node.value)]
    return found if len(found) <= MOST_NUMBERS and all(map(_is_number, found)) else []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'epochs'?`` for a word that looks like a known one, else nothing."""
    close = get_close_matches(word[:64], list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def known_keys(model: type[BaseModel], path: Sequence[str | int], kind: object = None) -> tuple[str, ...]:
    """The keys that the model knows at a path, under the names that YAML uses.

    Where several kinds of network may stand there, those of ``kind``; of all, where it is none of them.
    """
    found = _models_at(model, path)
    found = [each for each in found if _kind_of(each) == kind] or found
    return tuple(dict.fromkeys(field.alias or name for each in found for name, field in each.model_fields.items()))


def kinds_with(model: type[BaseModel], path: Sequence[str | int], key: str) -> tuple[str, ...]:
    """The kinds of network that know a key, where a network stands at the path."""
    return tuple(kind for each in _models_at(model, path) if key in each.model_fields and (kind := _kind_of(each)))


def _models_at(model: type[BaseModel], path: Sequence[str | int]) -> list[type[BaseModel]]:
    types: list[Any] = [model]
    for step in path:
        types = [inner for outer in types for inner in _inside(outer, step)]
    return [each for outer in types for each in _members(outer)]


def _kind_of(model: type[BaseModel]) -> str:
    field = model.model_fields.get("kind")
    return "" if field is None else str(get_args(field.annotation)[0])


def _inside(outer: Any, step: str | int) -> list[Any]:
    """The types of what lies under a key or index of a type."""
    if isinstance(outer, type) and issubclass(outer, BaseModel):
        return [field.annotation for name, field in outer.model_fields.items() if (field.alias or name) == step]
    if get_origin(outer) is dict:
        return [get_args(outer)[1]]
    if get_origin(outer) is tuple:
        return [get_args(outer)[0]]
    return [inner for part in get_args(outer) for inner in _inside(part, step)]


def _members(outer: Any) -> list[type[BaseModel]]:
    """The models that a type may be: itself, or those of a union."""
    if isinstance(outer, type) and issubclass(outer, BaseModel):
        return [outer]
    if get_origin(outer) in (dict, tuple):
        return []
    return [kind for part in get_args(outer) for kind in _members(part)]
