"""What Ray reads from the environment when it is imported: set before, or not at all."""

import os
import secrets

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Tune's own handler ends fit() as if all had gone well
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
}


def prepare(address: str) -> None:
    """Keep Ray quiet, and a local cluster closed: its ports answer only to a token that is made for this run.

    What the user set stays as it is.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if address == "local" and "RAY_AUTH_MODE" not in os.environ:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
