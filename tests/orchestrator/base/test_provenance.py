"""Provenance is an allow-list: no path, host, user or secret can get in."""

import json
import socket
from pathlib import Path

import pytest

from orchestrator.base import provenance


def test_says_what_could_change_numbers() -> None:
    made = provenance.environment("cpu", 2, "f" * 64, "published")
    assert (made["device"], made["threads"], made["data"]) == ("cpu", 2, "f" * 64)
    assert {"torch", "python", "numerics", "source"} <= made.keys()


def test_no_secret_host_or_path_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-4711")
    text = json.dumps(provenance.environment("cpu", 1, "f" * 64, "published"))
    assert "canary" not in text
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text
    assert str(Path(__file__).parents[3]) not in text


def test_equal_environments_have_equal_names_and_others_differ() -> None:
    one = provenance.environment("cpu", 1, "f" * 64, "published")
    assert provenance.fingerprint(one) == provenance.fingerprint(dict(reversed(one.items())))
    assert provenance.fingerprint(one) != provenance.fingerprint(one | {"threads": 2})
