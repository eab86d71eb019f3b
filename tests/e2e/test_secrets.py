"""Secrets that a sweep's processes know are in nothing that it leaves or says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Workplace
from tests.e2e.faulty import TOLD
from tests.trees import ALONE

ROOT = Path(__file__).parents[2]
COMMAND = f"{ALONE}; from orchestrator import cli; sys.argv = ['ensweep', *sys.argv[1:]]; cli.main()"


def leaks(folder: Path) -> list[Path]:
    """The files below a folder in which a canary sits."""
    return [path for path in folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="no git checkout")
def test_the_password_of_a_git_remote_is_nowhere(workplace: Workplace) -> None:
    clone = workplace.folder / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    remote = "https://canary-user:canary-password@example.org/x.git"
    subprocess.run(["git", "-C", str(clone), "remote", "set-url", "origin", remote], check=True)
    environment = workplace.family.environment | {"PYTHONPATH": str(clone)}
    for arguments in (["run", "tiny.yaml", "--runner", "inline"], ["report", "results/tiny"]):
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=workplace.folder, env=environment, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout + done.stderr
    head = subprocess.run(
        ["git", "-C", str(clone), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
    )
    sources = {commit["environment"]["source"] for commit in workplace.commits().values()}
    assert sources == {head.stdout.strip()}, "the clone was not what ran"
    assert leaks(workplace.store) == []


def test_neither_a_defect_nor_an_obstacle_tells_a_secret(workplace: Workplace) -> None:
    workplace.environment = {"MY_TOKEN": "canary-token-77d0e2", TOLD: "canary-token-77d0e2"}
    done = workplace.run_with_fault("commit", 1, "error", "run", "tiny.yaml", "--runner", "inline")
    assert "canary" not in done.stdout + done.stderr
    defect = workplace.run_with_fault("write.synced", 1, "error", "run", "tiny.yaml", "--runner", "inline")
    assert defect.returncode == 1
    assert "ValueError: a fault at write.synced: ***" in defect.stderr
    assert "canary" not in defect.stdout + defect.stderr
    assert leaks(workplace.store) == []


@pytest.mark.ray
@pytest.mark.slow
def test_no_secret_gets_out_of_a_failing_sweep_on_ray(workplace: Workplace) -> None:
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "canary-aws-4f1b9c",
        "MY_TOKEN": "canary-token-77d0e2",
        "RAY_AUTH_TOKEN": "canary" + "0123456789abcdef" * 4,
        TOLD: "canary-aws-4f1b9c and canary-token-77d0e2",
    }
    workplace.environment = {**secrets, "RAY_AUTH_MODE": "token"}
    workplace.fault_in_all("batch", 0, "error")
    done = workplace.run("run", "tiny.yaml", "--max-retries", "0", "--set", "seeds=1")
    assert done.returncode == 3, done.stderr
    assert "ValueError: a fault at batch: *** and ***" in done.stderr
    assert done.stderr.count("Traceback") == 1
    assert "\x1b" not in done.stderr
    assert len(workplace.events("begun")) == 3
    assert {commit["cause"] for commit in workplace.commits().values()} == {"error"}
    report = workplace.run("report", "results/tiny")
    assert report.returncode == 0, report.stderr
    files = [path for path in workplace.store.rglob("*") if path.is_file()]
    assert any("raylet" in path.name for path in files), "Ray's logs are not kept"
    assert leaks(workplace.store) == []
    assert "canary" not in done.stdout + done.stderr + report.stdout + report.stderr
