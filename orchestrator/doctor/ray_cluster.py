"""Ray: who may speak to the cluster, and what of it is running already."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.doctor.checks import Check, error, ok, warning
from orchestrator.driver.ray_environment import has_token, token_file, why_unauthenticated

TOPIC = "ray"
SOURCE = "CVE-2023-48022, https://docs.ray.io/en/latest/ray-security/token-auth.html"
"""Ray's answer to CVE-2023-48022 (whoever reaches a cluster's ports can execute code there) are tokens."""

SERVERS = ("gcs_server", "raylet")
"""The processes that every Ray node has."""

TOKEN_REMEDY = (
    "put the cluster's token into RAY_AUTH_TOKEN or the file ~/.ray/auth_token and start the cluster with "
    "RAY_AUTH_MODE=token (`ray get-auth-token --generate` makes a token)"
)


def examine(address: str, environment: Mapping[str, str], *, proc: Path, temporary: Path) -> Iterator[Check]:
    """Authentication at the address, and clusters that ``ray.init()`` would attach to.

    Args:
        address: ``local``, or the cluster's address as for ``run --address``.
        environment: variables of this process.
        proc: where the kernel shows processes; nothing is said of them where it is missing.
        temporary: Ray's own folder, which names the cluster that ran last.
    """
    yield from _local(environment) if address == "local" else _remote(address, environment)
    yield from _readable_by_others(environment)
    yield from _attachable(address, environment, temporary)
    yield from _running(proc)


def _local(environment: Mapping[str, str]) -> Iterator[Check]:
    mode = environment.get("RAY_AUTH_MODE", "")
    if not mode:
        yield ok(TOPIC, "a local cluster has no dashboard, and its ports answer to a token made for the run")
    elif mode.lower() != "token":
        message = f"RAY_AUTH_MODE={mode}: whoever reaches this machine's ports can execute code ({SOURCE})"
        yield warning(TOPIC, message, "unset RAY_AUTH_MODE")
    elif environment.get("RAY_AUTH_TOKEN_PATH") and not has_token(environment):
        message = f"RAY_AUTH_TOKEN_PATH={environment['RAY_AUTH_TOKEN_PATH']} holds no token, so Ray will not start"
        yield error(TOPIC, message, "unset RAY_AUTH_MODE and RAY_AUTH_TOKEN_PATH, or put a token into the file")
    else:
        yield ok(TOPIC, "a local cluster has no dashboard, and its ports answer to the token of RAY_AUTH_MODE=token")


def _remote(address: str, environment: Mapping[str, str]) -> Iterator[Check]:
    if why := why_unauthenticated(environment):
        message = f"{address} would be used without a token: {why}; whoever reaches it can execute code ({SOURCE})"
        mode = environment.get("RAY_AUTH_MODE", "").lower()
        yield error(
            TOPIC, message, TOKEN_REMEDY if mode in ("", "token") else f"unset RAY_AUTH_MODE and {TOKEN_REMEDY}"
        )
    else:
        yield ok(TOPIC, f"{address} is used with a token")


def _readable_by_others(environment: Mapping[str, str]) -> Iterator[Check]:
    file = token_file(environment)
    try:
        mode = file.stat().st_mode if file else 0
    except OSError:  # judged above, where it matters
        return
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        yield warning(TOPIC, f"{file} holds a token that other users of this machine can read", f"chmod 600 {file}")


def _attachable(address: str, environment: Mapping[str, str], temporary: Path) -> Iterator[Check]:
    """``ray.init()`` would attach to these; ensweep names its address, so it does so only when told."""
    if named := environment.get("RAY_ADDRESS"):
        yield ok(TOPIC, f"RAY_ADDRESS={named} is set; ensweep uses {address}, and another cluster only by --address")
    try:
        last = (temporary / "ray_current_cluster").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return
    yield ok(TOPIC, f"a cluster was left at {last}; ensweep does not attach to it unless --address says so")


def _running(proc: Path) -> Iterator[Check]:
    servers = [name for process in proc.glob("[0-9]*") if (name := _server(process))]
    if servers:
        message = f"{len(servers)} Ray servers of yours are running ({', '.join(sorted(set(servers)))}); "
        message += "ensweep does not attach to them, and they take memory"
        yield warning(TOPIC, message, "if no sweep or program of yours needs them: ray stop")


def _server(process: Path) -> str | None:
    """The name of a Ray server that this user runs as the process; None for all others."""
    try:
        if process.stat().st_uid != os.getuid():
            return None
        program = (process / "cmdline").read_bytes().split(b"\0")[0]
    except OSError:  # ended meanwhile
        return None
    name = Path(program.decode(errors="replace")).name
    return name if name in SERVERS else None
