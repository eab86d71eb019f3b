"""Tokens are found where Ray finds them, and a cluster is never left open unless the user says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.driver import ray_environment
from orchestrator.driver.ray_environment import has_token, token_file, why_unauthenticated

ASK_RAY = """
import json, os, sys
from ray._raylet import AuthenticationTokenLoader
found = []
for environment in json.load(sys.stdin):
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    AuthenticationTokenLoader.instance().reset_cache()
    try:
        found.append(AuthenticationTokenLoader.instance().has_token(ignore_auth_mode=True))
    except Exception:  # Ray refuses to start with a file that was named and holds nothing
        found.append(False)
print(json.dumps(found))
"""


@pytest.fixture
def environments(tmp_path: Path) -> list[dict[str, str]]:
    """Every place of a token, filled, empty and missing."""
    full, empty, homeless = tmp_path / "full", tmp_path / "empty", str(tmp_path / "nobody")
    full.write_text("4711\n")
    empty.write_text(" \n")
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("4711")
    settings = [
        {},
        {"RAY_AUTH_TOKEN": "4711"},
        {"RAY_AUTH_TOKEN": ""},
        {"RAY_AUTH_TOKEN": " "},
        {"RAY_AUTH_TOKEN_PATH": ""},
        {"RAY_AUTH_TOKEN_PATH": str(full)},
        {"RAY_AUTH_TOKEN_PATH": str(empty)},
        {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "none")},
        {"RAY_AUTH_TOKEN": "4711", "RAY_AUTH_TOKEN_PATH": str(empty)},
    ]
    return [{"HOME": home, **setting} for home in (homeless, str(tmp_path)) for setting in settings]


@pytest.mark.slow
def test_a_token_is_found_exactly_where_ray_finds_one(environments: list[dict[str, str]]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_RAY], input=json.dumps(environments), capture_output=True, text=True, check=True
    )
    by_ray = json.loads(done.stdout.splitlines()[-1])
    assert [has_token(environment) for environment in environments] == by_ray
    assert set(by_ray) == {True, False}


def test_a_named_file_is_the_only_one_that_is_read(tmp_path: Path) -> None:
    assert token_file({"HOME": str(tmp_path)}) == tmp_path / ".ray" / "auth_token"
    assert token_file({"HOME": str(tmp_path), "RAY_AUTH_TOKEN_PATH": "/a/token"}) == Path("/a/token")
    assert token_file({"HOME": str(tmp_path), "RAY_AUTH_TOKEN": "4711"}) is None
    assert token_file({}) is None


def test_a_cluster_elsewhere_is_spoken_to_with_a_token_or_the_reason_is_said() -> None:
    assert why_unauthenticated({}) == "there is no token"
    assert why_unauthenticated({"RAY_AUTH_MODE": "token"}) == "there is no token"
    assert "RAY_AUTH_MODE=disabled" in str(why_unauthenticated({"RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN": "x"}))
    assert "/a/token" in str(why_unauthenticated({"RAY_AUTH_TOKEN_PATH": "/a/token"}))
    assert why_unauthenticated({"RAY_AUTH_TOKEN": "4711"}) is None
    assert why_unauthenticated({"RAY_AUTH_MODE": "TOKEN", "RAY_AUTH_TOKEN": "4711"}) is None


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """This process's environment without anything of Ray's, for ``prepare`` writes into it."""
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path)})
    return monkeypatch


def test_what_workers_import_early_is_there_and_brings_torch_along() -> None:
    program = f"import sys; import {ray_environment.NEEDED}; assert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=180)


@pytest.mark.usefixtures("bare")
def test_a_local_cluster_gets_a_token_of_its_own() -> None:
    ray_environment.prepare("local")
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64


def test_what_the_user_said_about_tokens_stays(bare: pytest.MonkeyPatch) -> None:
    bare.setitem(os.environ, "RAY_AUTH_MODE", "disabled")
    ray_environment.prepare("local")
    ray_environment.prepare("10.0.0.1:6379")
    assert os.environ["RAY_AUTH_MODE"] == "disabled"
    assert "RAY_AUTH_TOKEN" not in os.environ


def test_a_token_that_is_there_is_sent_to_a_cluster_elsewhere(bare: pytest.MonkeyPatch) -> None:
    ray_environment.prepare("10.0.0.1:6379")
    assert "RAY_AUTH_MODE" not in os.environ
    bare.setitem(os.environ, "RAY_AUTH_TOKEN", "4711")
    ray_environment.prepare("10.0.0.1:6379")
    assert os.environ["RAY_AUTH_MODE"] == "token"
