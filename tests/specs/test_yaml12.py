"""YAML is read as version 1.2 means it, and nothing in it can do harm or cost time."""

import math
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.loading import SpecError, load_sweep, parse_sweep
from specs.problems import Source
from specs.sweep import SweepSpec
from specs.yaml12 import parse
from tests.specs.texts import SWEEP

SECONDS = 0.05


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
    "alias": ("a: *b\n", "1:4: aliases (*) are not supported"),
    "python tag": ("a: !!python/object/apply:os.system [x]\n", "1:4: tags are not supported; remove !!python/object"),
    "own tag": ("a: !mine x\n", "1:4: tags are not supported; remove !mine"),
    "plain tag": ("a: !!str 5\n", "1:4: tags are not supported; remove !!str"),
    "root tag": ("!!map {a: 1}\n", "1:1: tags are not supported"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "3:1: key 'a' stands twice, first at line 1, column 1"),
    "equal numbers": ("{1: a, 1.0: b}\n", "1:8: key 1.0 stands twice"),
    "deep lists": ("a: " + "[" * 100_000, "more than 50 levels of nesting"),
    "deep mappings": ("{a: " * 20_000, "more than 50 levels of nesting"),
    "deep blocks": ("- " * 100_000, "more than 50 levels of nesting"),
    "deep keys": ("? " * 100_000, "1:3: a key must be one word or number, not a mapping"),
    "too many values": ("a: [" + "1," * 30_000 + "]", "more than 5,000 values"),
    "long text": ("a: " + "x" * 1_000_001, "more than 1,000,000 characters"),
    "long number": ("a: " + "1" * 5_000, "1:4: a number of more than 1,000 digits"),
    "list as key": ("[1, 2]: a\n", "1:1: a key must be one word or number, not a list"),
    "two documents": ("a: 1\n---\nb: 2\n", "a second document"),
    "tab": ("a:\n\tb: 1\n", "indent with spaces, not tabs"),
    "control character": ("a: 1\nb: \x07\n", "2:4: the character U+0007 is not allowed"),
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
    took = []
    for _ in range(3):
        began = time.process_time()
        with pytest.raises(SpecError) as caught:
            parse_sweep(text, "bad.yaml")
        took.append(time.process_time() - began)
    assert message in str(caught.value)
    assert str(caught.value).startswith("bad.yaml:")
    assert len(str(caught.value)) < 1_000
    assert min(took) < SECONDS


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
