"""No secret survives redaction, and text without secrets does."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.base.redaction import COMMON, is_secret, redact

PREFIXES = ("", "AWS_", "MY_", "X_")
WORDS = (
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "CREDENTIAL",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "AUTH",
    "COOKIE",
)

names = st.builds("{}{}".format, st.sampled_from(PREFIXES), st.sampled_from(WORDS))
values = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6, max_size=40).filter(
    lambda value: len(value.strip()) >= 6 and value.lower() not in COMMON
)
prose = st.text("abcdefghij λ.,\n", max_size=200)


@given(st.dictionaries(names, values, min_size=1), st.lists(prose))
def test_no_value_of_a_secret_variable_survives(environment: dict[str, str], words: list[str]) -> None:
    text = " ".join([*words, *environment.values(), repr(environment), json.dumps(environment), "".join(words)])
    redacted = redact(text, environment)
    assert not [value for value in environment.values() if value in redacted]


@given(st.dictionaries(names, values), st.text(max_size=300))
def test_a_second_redaction_changes_nothing(environment: dict[str, str], text: str) -> None:
    once = redact(text + "".join(environment.values()), environment)
    assert redact(once, environment) == once


@given(st.dictionaries(names, values), prose)
def test_text_without_secrets_is_unchanged(environment: dict[str, str], text: str) -> None:
    absent = {name: value for name, value in environment.items() if not set(value) <= set(text)}
    assert redact(text, absent) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clone https://anna:pw@host/x.git", "clone https://***@host/x.git"),
        ("clone https://anna:p@w@host/x.git", "clone https://***@host/x.git"),
        ("https://ghtoken@host/x", "https://***@host/x"),
        ("GET s3://b/k?X-Amz-Signature=0af&part=2", "GET s3://b/k?X-Amz-Signature=***&part=2"),
        ("https://h/b?sv=2022&sig=a%2Fb%3D", "https://h/b?sv=2022&sig=***"),
        ("https://h/?access_token=abc&page=3", "https://h/?access_token=***&page=3"),
        ("key AKIAIOSFODNN7EXAMPLE is", "key *** is"),
        ("key ASIAIOSFODNN7EXAMPLE is", "key *** is"),
        ("Authorization: Bearer abc", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic YTpi'}", "{'authorization': 'Basic ***'}"),
        ("sent Bearer 4f3c2b1a0 to it", "sent Bearer *** to it"),
        ("Set-Cookie: id=7; Path=/", "Set-Cookie: ***"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\n***\nb"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_whatever_the_environment(text: str, expected: str) -> None:
    assert redact(text, {}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@host/x.git at line 3, column 5",
        "https://host:8080/a?page=3&member=2#top",
        "mail anna@host about bearer authentication",
        'File "trainers/training.py", line 12, in train\n    token = tokens[0]',
        "the signature of f(sig=1) is wrong; authorization: required",
        "loss 0.25 at lr=5.15, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_only_resembles_a_secret_is_left(text: str) -> None:
    assert redact(text, {}) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAY_AUTH_MODE", "token"),
        ("MY_AUTH", "disabled"),
        ("MY_TOKEN", "short"),
        ("TOKENIZERS_PARALLELISM", "disabled-here"),
        ("GIT_AUTHOR_NAME", "Anna Example"),
        ("RAY_AUTH_TOKEN_PATH", "/somewhere/token-file"),
        ("PWD", "/somewhere/else"),
        ("HOME", "/home/of-anna"),
    ],
)
def test_switches_names_and_places_are_no_secrets(name: str, value: str) -> None:
    assert not is_secret(name, value)
    assert redact(f"{name} is {value}", {name: value}) == f"{name} is {value}"


@pytest.mark.parametrize("name", ["WANDB_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PWD", "RAY_AUTH_TOKEN"])
def test_values_of_secretly_named_variables_are_taken_out(name: str) -> None:
    assert redact("failed with canary-4711!", {name: "canary-4711"}) == "failed with ***!"


def test_a_secret_is_found_escaped_and_quoted() -> None:
    secret = "käse/\n\"four'ty two"
    text = " ".join([secret, json.dumps(secret), quote(secret), quote(secret, safe="")])
    assert redact(text, {"CHEESE_TOKEN": secret}) == '*** "***" *** ***'


def test_each_line_of_a_key_is_a_secret_of_its_own() -> None:
    key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nq83vASNFZ4mrze8B\n-----END KEY-----"
    assert redact("line 2: q83vASNFZ4mrze8B", {"SIGNING_KEY": key}) == "line 2: ***"


def test_the_password_of_a_proxy_is_found_without_its_url() -> None:
    environment = {"HTTPS_PROXY": "http://anna:canary-4711@proxy:3128"}
    assert redact("proxy refused canary-4711", environment) == "proxy refused ***"


def test_a_secret_that_another_replacement_puts_together_is_taken_out_too() -> None:
    assert redact("one-secret-tail", {"A_TOKEN": "one-secret", "B_TOKEN": "***-tail"}) == "***"


def test_a_variable_that_holds_no_text_is_redacted_too() -> None:
    assert redact("x caf\udce9-4711 y", {"MY_TOKEN": "caf\udce9-4711"}) == "x *** y"


def test_the_environment_of_this_process_is_read_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_TOKEN", "canary-4711")
    assert redact("canary-4711") == "***"
