"""YAML is read as version 1.2 means it, and nothing in it can do harm or cost time."""

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.loader import SpecError, load_sweep, parse_sweep
from specs.problems import Source
from specs.sweep import SweepSpec
from specs.yaml12 import parse
from tests.specs.texts import MOST_CALLS, SWEEP
from tests.work import counted


def value(text: str) -> object:
    return parse(Source("text", f"key: {text}")).plain()["key"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *[(word, word) for word in ("no", "yes", "on", "off", "Yes", "y", "12:30:45", "2020-01-01", "1_000", "0b1")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, None) for word in ("null", "~", "")],
        *[("1e-4", 1e-4), ("1E3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-1.5e+2", -150.0), (".inf", math.inf)],
        *[("012", 12), ("-7", -7), ("+3", 3), ("0x1F", 31), ("0o17", 15)],
        *[("'1'", "1"), ('"true"', "true"), ("0x", "0x"), (".", "."), ("1e", "1e"), ("<<", "<<")],
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, meaning: object) -> None:
    found = value(text)
    assert found == meaning
    assert type(found) is type(meaning)


HOSTILE = {
    "alias bomb": ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "1:4: anchors (&a) are not supported"),
    "laughs": (
        "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
        "1:5: anchors (&a0) are not supported",
    ),
    "merge": (f"{SWEEP}<<: {{seeds: 3}}\n", "19:1: unknown key '<<'"),
    "alias": ("a: *b\n", "1:4: aliases (*) are not supported"),
    "python tag": ("a: !!python/object/apply:os.system [x]\n", "1:4: tags are not supported; remove !!python/object"),
    "python name tag": ("a: !!python/name:os.system x\n", "1:4: tags are not supported; remove !!python/name"),
    "shortened tag": (
        "%TAG !p! tag:yaml.org,2002:python/object/apply:\n---\na: !p!os.system [x]\n",
        "3:4: tags are not supported; remove !!python/object/apply:os.system",
    ),
    "python tag on a key": ("!!python/object/apply:os.system [x]: 1\n", "1:1: tags are not supported"),
    "long tag": ("!" + "a" * 900_000 + " x", "1:1: tags are not supported; remove !aaa"),
    "long anchor": ("&" + "a" * 900_000 + " x", "1:1: anchors (&aaa"),
    "own tag": ("a: !mine x\n", "1:4: tags are not supported; remove !mine"),
    "plain tag": ("a: !!str 5\n", "1:4: tags are not supported; remove !!str"),
    "root tag": ("!!map {a: 1}\n", "1:1: tags are not supported"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "3:1: key 'a' stands twice, first at line 1, column 1"),
    "duplicate deep key": ("a:\n  b:\n    c: 1\n    'c': 2\n", "4:5: key 'c' stands twice, first at line 3, column 5"),
    "duplicate long key": ("{" + "a" * 500 + ": 1, " + "a" * 500 + ": 2}", "key 'aaa"),
    "equal numbers": ("{1: a, 1.0: b}\n", "1:8: key 1.0 stands twice"),
    "deep lists": ("a: " + "[" * 100_000, "more than 50 levels of nesting"),
    "deep mappings": ("{a: " * 20_000, "more than 50 levels of nesting"),
    "deep blocks": ("- " * 100_000, "more than 50 levels of nesting"),
    "deep mappings closed": ("{a: " * 100_000 + "}" * 100_000, "more than 50 levels of nesting"),
    "deep flow mappings": ("{" * 100_000, "1:2: a key must be one word or number"),
    "deep indentation": ("\n".join(" " * i + "a:" for i in range(1_200)), "51:51: more than 50 levels of nesting"),
    "deep JSON": ('{"a": ' * 100_000 + "1" + "}" * 100_000, "more than 50 levels of nesting"),
    "deep keys": ("? " * 100_000, "1:3: a key must be one word or number, not a mapping"),
    "too many values": ("a: [" + "1," * 30_000 + "]", "more than 5,000 values"),
    "long text": ("a: " + "x" * 1_000_001, "more than 1,000,000 characters"),
    "many lines": ("-\n" * 499_000, "5000:2: more than 5,000 values"),
    "many documents": ("---\n" * 240_000, "2:1: a second document"),
    "many unknown keys": (SWEEP + "".join(f"k{i}: 1\n" for i in range(2_000)), "38:1: unknown key 'k19'"),
    "many wrong keys": (
        SWEEP.replace("{0.99: 0.1}", "{" + ", ".join(f"{i}: x" for i in range(1, 2_000)) + "}"),
        "from_lambda[19]: expected a number",
    ),
    "many trials": (
        SWEEP.replace("[0, 0.5, 1]", str([i / 4_500 for i in range(4_500)])).replace("seeds: 2", "seeds: 10000"),
        "11:8: seeds: 45,010,000 trials, 4,501 a seed; a sweep has at most 100,000",
    ),
    "almost a number": (SWEEP.replace("seeds: 2", "seeds: " + "1" * 900_000 + "x"), "11:8: seeds: expected a whole"),
    "huge number": (SWEEP.replace("epochs: 3", "epochs: 1" + "0" * 900), "16:11: training.epochs: must be at most"),
    "huge hexadecimal": ("a: 0x" + "f" * 5_000, "1:4: a number of more than 1,000 digits"),
    "huge λ": (SWEEP.replace("0.5", "1" + "0" * 900), "10:13: lambda[1]: expected a number, got a huge number"),
    "long number": ("a: " + "1" * 5_000, "1:4: a number of more than 1,000 digits"),
    "list as key": ("[1, 2]: a\n", "1:1: a key must be one word or number, not a list"),
    "two documents": ("a: 1\n---\nb: 2\n", "a second document"),
    "tab": ("a:\n\tb: 1\n", "indent with spaces, not tabs"),
    "control character": ("a: 1\nb: \x07\n", "2:4: the character U+0007 is not allowed"),
    "NUL": ("a: \0\n", "1:4: the character U+0000 is not allowed"),
    "two byte order marks": ("\ufeff\ufeffa: 1\n", "1:1: the character U+FEFF is not allowed"),
    "half a character": ('a: "\\ud800"\n', "1:"),
    "unclosed": ("a: [1, 2\nb: 3\n", "2:"),
    "unindented": ("a: b: c\n", "1:5: a ':' cannot stand here"),
    "no mapping": ("- a\n- b\n", "1:1: the top level is a list; expected a mapping"),
    "text": ("hello\n", "1:1: the top level is the text 'hello'"),
    "empty": ("", "1:1: the text is empty"),
    "comment": ("# nothing\n", "1:1: the text is empty"),
    "null": ("~\n", "1:1: the file is empty"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_or_broken_text_is_rejected_at_once(name: str) -> None:
    text, message = HOSTILE[name]
    with counted() as work, pytest.raises(SpecError) as caught:
        parse_sweep(text, "bad.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("bad.yaml:")
    problems = min(len(caught.value.problems), 21)
    assert len(str(caught.value)) < 1_000 * problems
    assert work.calls < MOST_CALLS


HARMLESS = {
    "a megabyte of comment": SWEEP + "#" + "x" * 990_000,
    "comment lines": SWEEP + "# x\n" * 240_000,
    "blank lines": "\n" * 990_000 + SWEEP,
    "long notes": SWEEP + "notes: " + "q " * 490_000,
    "escaped notes": SWEEP + 'notes: "' + "\\x41" * 240_000 + '"',
    "folded notes": SWEEP + "notes: >\n" + "  a\n" * 240_000,
    "document ends": SWEEP + "...\n" * 240_000,
    "many λ": SWEEP.replace("[0, 0.5, 1]", str([i / 4_500 for i in range(4_500)])),
    "many seeds": SWEEP.replace("seeds: 2", f"seeds: {list(range(4_500))}"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_large_but_harmless_text_is_read_at_once(name: str) -> None:
    with counted() as work:
        assert parse_sweep(HARMLESS[name], "large.yaml").name == "tiny"
    assert work.calls < MOST_CALLS


def test_no_tag_runs_code(tmp_path: Path) -> None:
    """The file would be made by PyYAML's unsafe loader, which is asked first, so that the text is known to be armed."""
    trace = tmp_path / "ran"
    text = f"a: !!python/object/apply:os.mkdir ['{trace}']\n"
    yaml.load(text, Loader=yaml.UnsafeLoader)
    trace.rmdir()
    with pytest.raises(SpecError, match=r"tags are not supported; remove !!python/object/apply:os.mkdir"):
        parse_sweep(text, "armed.yaml")
    assert not trace.exists()


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\r\n", "\x85", "\u2028"])
def test_every_line_end_of_yaml_means_the_same_and_counts_once(end: str) -> None:
    mixed = SWEEP.replace("\n", end, 7)
    assert parse_sweep(mixed, "mixed.yaml") == parse_sweep(SWEEP, "tiny.yaml")
    with pytest.raises(SpecError) as caught:
        parse_sweep(mixed.replace("epochs: 3", "epochs: 0"), "mixed.yaml")
    place = caught.value.problems[0].place
    assert place is not None
    assert place.line == 15 + 7 * (end.count("\n") - 1 if end == "\n\r\n" else 0)
    assert str(caught.value).splitlines()[1] == "    epochs: 0"


def test_a_file_over_a_megabyte_is_rejected_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: 1\n" * 250_000)
    with pytest.raises(SpecError, match="larger than 1 MB"):
        load_sweep(str(path))


def test_a_file_that_is_not_utf_8_is_rejected_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: tiny\ntitle: caf\xe9\n".encode("latin-1"))
    with pytest.raises(SpecError, match=r"latin.yaml:2:11: byte 0xe9 is not UTF-8"):
        load_sweep(str(path))


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SWEEP.replace("\n", "\r\n").encode())
    assert load_sweep(str(path)) == parse_sweep(SWEEP, "tiny.yaml")


@pytest.mark.parametrize("name", ["absent.yaml", "folder.yaml"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SpecError, match=f"{name}: cannot be read: "):
        load_sweep(str(tmp_path / name))


YAMLISH = st.lists(
    st.sampled_from(
        [*SWEEP.splitlines(), *"[]{}:,-?&*!|>'\"%@#~", " ", "\n", "\t", "0", "1e999", "a", "λ", "---", "..."]
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), YAMLISH.map("".join), YAMLISH.map("\n".join)))
def test_any_text_gives_a_sweep_or_a_spec_error(text: str) -> None:
    try:
        assert isinstance(parse_sweep(text, "any.yaml"), SweepSpec)
    except SpecError as error:
        assert str(error)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SWEEP.splitlines()), st.one_of(YAMLISH.map("".join), st.text(max_size=20)))
def test_any_damaged_sweep_gives_a_sweep_or_a_spec_error(line: str, damage: str) -> None:
    try:
        assert isinstance(parse_sweep(SWEEP.replace(line, damage, 1), "any.yaml"), SweepSpec)
    except SpecError as error:
        assert str(error)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.one_of(YAMLISH.map("".join), st.text(max_size=20)))
def test_any_override_gives_a_sweep_or_a_spec_error(path: str, text: str) -> None:
    try:
        assert isinstance(parse_sweep(SWEEP, "any.yaml", [f"{path}={text}"]), SweepSpec)
    except SpecError as error:
        assert str(error)
