"""Fixtures that the tests of every package share: one thread, object storage, whole rows."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from specs.format.records import TABLES, Row

with suppress(ImportError):  # the trainers' tests run without Hypothesis
    from hypothesis import HealthCheck, settings

    # Examples are the same in every run, and a slow machine is no defect.
    settings.register_profile("ensweep", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("ensweep")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Limit torch to one thread for a file's tests. Sums then have one order on every machine, and small networks
    lose no time waiting for threads."""
    import torch  # here, because most packages' tests need no torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server in a process of its own."""
    pytest.importorskip("moto", reason="needs moto, an S3 server: pip install -e '.[dev]'")
    import botocore.session

    # Each client would parse the descriptions of Amazon's services anew: four times the rest of its making.
    patch = pytest.MonkeyPatch()
    patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
    command = [sys.executable, "-m", "tests.s3_server"]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()
    patch.undo()


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The name of a new bucket, which this process and those that it starts can use."""
    environment = {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "AKIACANARYCANARY0001",
        "AWS_SECRET_ACCESS_KEY": "canary-secret-access-key-0123456789",
        "AWS_SESSION_TOKEN": "canary-session-token-0123456789",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
    }
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    import boto3

    name = f"bucket-{uuid.uuid4().hex[:12]}"
    boto3.session.Session().client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def row() -> Callable[..., Row]:
    """Builds a whole row of a table; keywords replace its values."""
    example = {"string": "x", "int": 3, "float": 0.25, "floats": [0.25, 0.5], "floats32": [0.25, 0.5]}

    def build(table: str, **values: object) -> Row:
        return {column.name: example[column.type] for column in TABLES[table].columns} | values

    return build
