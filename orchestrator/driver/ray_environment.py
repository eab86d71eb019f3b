"""What Ray reads from the environment when it is imported: set before, or not at all."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from orchestrator.base import places

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Tune's own handler ends fit() as if all had gone well
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
}

NEEDED = "ray.tune,orchestrator.worker.ray_trainable,orchestrator.worker.execution"
"""What a worker imports, torch with it, while the driver is still getting ready; Ray starts a worker a core at once."""


def prepare(address: str) -> None:
    """Keep Ray quiet, and a local cluster closed: its ports answer only to a token that is made for this run.

    Its workers import what this process does.

    For a cluster elsewhere a token that is there is used: Ray alone would not send it to an address that was named.
    What the user set stays as it is.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if address == "local":
        os.environ.update(places.environment(os.environ))
        os.environ.setdefault("RAY_preload_python_modules", NEEDED)
    if os.environ.get("RAY_AUTH_MODE"):
        return
    if address == "local":
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    elif has_token(os.environ):
        os.environ["RAY_AUTH_MODE"] = "token"


def token_file(environment: Mapping[str, str]) -> Path | None:
    """The file that Ray would read its token from, whether it exists or not; None where no file is read.

    Ray's order: ``RAY_AUTH_TOKEN``, the file ``RAY_AUTH_TOKEN_PATH``, ``~/.ray/auth_token``; a file that was named
    and cannot be read is an error, and the next place is not tried.
    """
    if environment.get("RAY_AUTH_TOKEN"):
        return None
    if named := environment.get("RAY_AUTH_TOKEN_PATH"):
        return Path(named)
    home = environment.get("HOME")
    return Path(home) / ".ray" / "auth_token" if home else None


def has_token(environment: Mapping[str, str]) -> bool:
    """Whether Ray would find a token, in the environment or in a file that is not empty."""
    if token := environment.get("RAY_AUTH_TOKEN"):
        return bool(token.strip())  # Ray strips it, and then looks nowhere else
    file = token_file(environment)
    try:
        return file is not None and bool(file.read_text().strip())
    except (OSError, UnicodeDecodeError):
        return False


def why_unauthenticated(environment: Mapping[str, str]) -> str | None:
    """Why a cluster elsewhere would be spoken to without a token, as a clause; None where a token would be sent.

    Judges the environment before :func:`prepare`, which turns a token on that is there.
    """
    mode = environment.get("RAY_AUTH_MODE", "")
    if mode and mode.lower() != "token":
        return f"RAY_AUTH_MODE={mode} turns tokens off"
    if has_token(environment):
        return None
    named = environment.get("RAY_AUTH_TOKEN_PATH")
    return f"RAY_AUTH_TOKEN_PATH={named} holds no token" if named else "there is no token"
