"""Stores on a real S3 server: the real commands, crashes between any two requests, and set-ups that cannot work."""

import io
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from orchestrator.base import provenance
from orchestrator.base.settings import Settings
from orchestrator.driver import follower
from orchestrator.driver.sweep import run_sweep
from orchestrator.stores import garbage, verification
from orchestrator.stores.storage.s3 import S3Storage
from orchestrator.stores.store import Store
from orchestrator.worker import execution
from specs import faults
from specs.format import layout, tables
from specs.sweep import SweepSpec
from tests import warm
from tests.e2e.conftest import INCIDENTAL, Workplace
from tests.processes import HANG

INLINE = ("--runner", "inline")
IMPORTED = (execution, follower, provenance, tables, pd)
"""What a sweep imports when it comes to it, PyArrow pandas; here once, and not in each of a hundred forked children."""

REQUESTS = ("s3.put", "s3.put.done", "s3.delete", "s3.delete.done")

SMALLEST = {
    "name": "smallest",
    "title": "one system or an ensemble?",
    "architectures": {"2x2H": {"kind": "mlp", "members": 2, "hidden": 2}},
    "lambda": [0.5],
    "seeds": 1,
    "dataset": {"name": "digits", "validation": 237},
    "training": {"epochs": 2, "batch_size": 500, "learning_rate": 0.1},
    "evaluation": {"train_examples": 100, "robustness": {"repeats": 1}},
}


def rows(store: Store) -> dict[str, list[Mapping[str, Any]]]:
    """All committed rows, without what is measured of the machine, in a canonical order."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for trial_id, commit in sorted(store.commits().items()):
        for table in sorted(commit.files):
            content = store.storage.read(layout.table(trial_id, commit.attempt, table))
            table_rows = pq.read_table(io.BytesIO(content), page_checksum_verification=True).to_pylist()
            found.setdefault(table, []).extend(
                {name: value for name, value in row.items() if name not in INCIDENTAL} for row in table_rows
            )
    return found


def in_a_child(work: Callable[[], None]) -> int:
    """The wait status of a forked child that does the work: an exit code, or the signal that killed it."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def killing(at: int) -> Callable[[str], None]:
    """Kills the process before or after its request of that number."""
    passed = 0

    def happen(name: str) -> None:
        nonlocal passed
        passed += name in REQUESTS
        if name in REQUESTS and passed == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return happen


def run_smallest(store: Store, cache: Path) -> None:
    settings = Settings(cache=cache, runner="inline", device="cpu", checkpoint_seconds=0)
    assert run_sweep(SweepSpec.model_validate(SMALLEST), store, settings).exit_code == 0


def sweep_in_a_child(store: Store, cache: Path, kill_at: int) -> int:
    def work() -> None:
        with faults.handled(killing(kill_at)):
            run_smallest(store, cache)

    return in_a_child(work)


def expected_keys(store: Store) -> set[str]:
    """What a store holds whose sweep is at its end, and nothing else."""
    commits = store.commits()
    kept = {layout.commit(trial_id) for trial_id in commits} | {
        *(layout.VERSION, layout.CURRENT, layout.LOCK, layout.data("digits"))
    }
    for trial_id, commit in commits.items():
        kept |= {layout.table(trial_id, commit.attempt, name) for name in commit.files}
    return kept | {layout.spec(digest) for digest in store.specs()}


@pytest.mark.slow
def test_a_crash_between_any_two_requests_loses_nothing(bucket: str, tmp_path: Path) -> None:
    whole = Store.at(tmp_path / "whole")
    run_smallest(whole, tmp_path)
    expected = rows(whole)
    place = S3Storage.at(f"s3://{bucket}")
    number, left_behind = 0, set()
    while True:
        number += 1
        store = Store(replace(place, prefix=f"killed-{number}/"))  # all with one client, which takes long to make
        if (ended := sweep_in_a_child(store, tmp_path, kill_at=number)) == 0:
            break
        assert os.WIFSIGNALED(ended), number
        decided = store.commits()
        run_smallest(store, tmp_path)
        assert {trial_id: store.commits()[trial_id] for trial_id in decided} == decided, number
        assert rows(store) == expected, number
        assert verification.verify(store) == [], number
        extra = set(store.storage.keys("")) - expected_keys(store)
        assert {item.key for item in garbage.garbage(store, 0)} == extra, number
        left_behind |= {key.partition("/")[0].partition("-")[0] for key in extra}
    assert number > 30, "the sweep was over before it was killed often"
    assert left_behind == {".probe", "attempts", "checkpoints"}, "all of it is named by gc"


def test_gc_removes_exactly_what_it_names(bucket: str, tmp_path: Path) -> None:
    store = Store.at(f"s3://{bucket}/x")
    assert sweep_in_a_child(store, tmp_path, kill_at=-1) == 0
    left = {
        ".probe-" + "0" * 32,
        "attempts/t1/cut-off/trials.parquet",
        f"attempts/{min(store.commits())}/lost/trials.parquet",
    }
    for key in left:
        store.storage.replace(key, b"12345")
    before = set(store.storage.keys(""))
    named = json.loads(ensweep(tmp_path, "gc", store.url, "--older-than", "0", "--json").stdout)
    assert ({item["key"] for item in named["files"]}, named["bytes"], named["deleted"]) == (left, 15, False)
    assert set(store.storage.keys("")) == before
    assert json.loads(ensweep(tmp_path, "gc", store.url, "--delete", "--json").stdout)["files"] == [], "all is young"
    removed = json.loads(ensweep(tmp_path, "gc", store.url, "--older-than", "0", "--delete", "--json").stdout)
    assert {item["key"] for item in removed["files"]} == left
    assert set(store.storage.keys("")) == before - left
    assert ensweep(tmp_path, "verify", store.url).returncode == 0


def ensweep(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command in a folder."""
    return warm.ensweep(*arguments, folder=folder)


def test_every_command_works_on_a_bucket_from_any_folder(
    bucket: str, workplace: Workplace, tmp_path: Path, uninterrupted: Callable[..., Workplace]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"s3://{bucket}/sweeps/x"
    plan = json.loads(workplace.run("plan", "tiny.yaml", "--store", url, "--json").stdout)
    assert (plan["store"], plan["planned"], plan["todo"]) == (url, 6, 6)
    done = workplace.run("run", "tiny.yaml", *INLINE, "--store", url, "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["store"], counts["executed"], counts["complete"]) == (url, 6, 6)
    assert not workplace.store.exists()
    store = Store.at(url)
    assert rows(store) == uninterrupted().rows()
    again = workplace.run("run", "tiny.yaml", *INLINE, "--store", url, "--json")
    assert json.loads(again.stdout)["executed"] == 0
    status = ensweep(elsewhere, "status", url, "--json")
    assert (status.returncode, json.loads(status.stdout)["complete"]) == (0, 6)
    verified = ensweep(elsewhere, "verify", url, "--json")
    assert (verified.returncode, json.loads(verified.stdout)["whole"]) == (0, True)
    repro = ensweep(elsewhere, "repro", url, min(store.commits())[:8], "--json")
    assert (repro.returncode, json.loads(repro.stdout)["equal"]) == (0, True), repro.stderr
    report = ensweep(elsewhere, "report", url, "--json")
    assert (report.returncode, json.loads(report.stdout)["report"]) == (0, f"{url}/report.html"), report.stderr
    assert b"One system or an ensemble, in seconds?" in store.storage.read(layout.REPORT)
    written = ensweep(elsewhere, "report", url, "--output", "page.html")
    assert (elsewhere / "page.html").read_bytes() == store.storage.read(layout.REPORT), written.stderr
    garbage = ensweep(elsewhere, "gc", url, "--older-than", "0", "--json")
    assert json.loads(garbage.stdout)["files"] == []
    assert not any(place.name == "s3:" for place in (elsewhere / "s3:", workplace.folder / "s3:") if place.exists())
    no_canary([done, again, status, verified, repro, report, written, garbage])
    assert not any(b"canary" in content for content in store.storage.read_many(store.storage.keys("")).values())


def test_damage_on_a_bucket_is_found_and_mended(bucket: str, tmp_path: Path) -> None:
    store = Store.at(f"s3://{bucket}/x")
    assert sweep_in_a_child(store, tmp_path, kill_at=-1) == 0
    good = rows(store)
    trial_id, commit = min(store.commits().items())
    key = layout.table(trial_id, commit.attempt, "trials")
    content = store.storage.read(key)
    store.storage.replace(key, content[: len(content) // 2])
    found = ensweep(tmp_path, "verify", store.url, "--json")
    assert (found.returncode, [item["key"] for item in json.loads(found.stdout)["problems"]]) == (
        6,
        [key],
    )
    assert sweep_in_a_child(store, tmp_path, kill_at=-1) == 0
    assert rows(store) == good
    assert ensweep(tmp_path, "verify", store.url).returncode == 0


def no_canary(done: list["subprocess.CompletedProcess[str]"]) -> None:
    """No secret of the environment in what the commands said."""
    for command in done:
        for secret in ("canary", "AKIACANARY"):
            assert secret not in command.stdout + command.stderr, command.args


@pytest.mark.parametrize(
    ("change", "url", "words"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "", "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://user:canary-password@127.0.0.1:9"}, "", "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:9"}, "", "endpoint"),
        ({"AWS_ENDPOINT_URL": "http://192.0.2.1:9"}, "", "AWS_ENDPOINT_URL"),
        ({"AWS_PROFILE": "nobody"}, "", "nobody"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "", "redentials"),
        ({}, "s3://no-such-bucket-here/x", "create the bucket"),
        ({}, "s3://Not_A_Bucket!/x", "ucket"),
        ({}, "s3:///x", "names no bucket"),
        ({}, "s3://user:canary-password@bucket/x", "s3://bucket/prefix"),
        ({"PYTHONPATH": "no boto3"}, "", "pip install"),
    ],
    ids=str,
)  # fmt: skip
def test_a_set_up_that_cannot_work_is_told_in_a_line_within_seconds(
    bucket: str, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], url: str, words: str
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    if "PYTHONPATH" in change:
        hidden = workplace.folder / "hidden"
        (hidden / "boto3").mkdir(parents=True)
        (hidden / "boto3" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'boto3'\")")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(hidden), os.environ.get("PYTHONPATH", "")]))
    place = url or f"s3://{bucket}/x"
    started = time.monotonic()
    done = [workplace.run("run", "tiny.yaml", *INLINE, "--store", place), workplace.run("status", place)]
    assert time.monotonic() - started < HANG
    for command in done:
        assert command.returncode == 2, command.stderr
        assert words in command.stderr
        assert "Traceback" not in command.stderr
        assert command.stderr.startswith("error: ")
        assert command.stderr.count("\n") == 1, command.stderr
    no_canary(done)


def test_rights_that_do_not_suffice_end_every_command_before_any_work(
    s3_endpoint: str, bucket: str, workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    store = Store.at(f"s3://{bucket}/x")
    assert sweep_in_a_child(store, tmp_path, kill_at=-1) == 0
    store.storage.replace("attempts/t1/cut-off/trials.parquet", b"12345")
    iam = boto3.session.Session().client("iam")
    iam.create_user(UserName="reader")
    may = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    checked_from(s3_endpoint, "0")
    try:
        writing = [
            workplace.run("run", "tiny.yaml", *INLINE, "--store", store.url),
            workplace.run("report", store.url),
            workplace.run("gc", store.url, "--older-than", "0", "--delete"),
        ]
        reading = [workplace.run("status", store.url), workplace.run("verify", store.url)]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN01")
        unknown = workplace.run("status", store.url)
    finally:
        checked_from(s3_endpoint, "inf")
    for command in (*writing, unknown):
        assert command.returncode == 2, command.stderr
        assert "see that the credentials" in command.stderr
        assert command.stderr.count("\n") == 1, command.stderr
        assert key["SecretAccessKey"] not in command.stderr
    assert [command.returncode for command in reading] == [0, 0], reading
    monkeypatch.undo()


def checked_from(endpoint: str, requests: str) -> None:
    """Let the server check rights after so many more requests."""
    headers = {"Content-Type": "text/plain"}
    url = f"{endpoint}/moto-api/reset-auth"
    with urllib.request.urlopen(urllib.request.Request(url, requests.encode(), headers, method="POST")) as answer:
        assert answer.status == 200


@pytest.mark.ray
@pytest.mark.slow
def test_a_killed_driver_run_again_on_a_bucket_ends_in_the_same_rows(
    bucket: str, workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    store = Store.at(f"s3://{bucket}/sweeps/x")
    workplace.fault_in_all("epoch", 5, "hold")  # within the second trial of each
    driver = workplace.start("run", "tiny.yaml", "--store", store.url)
    try:
        end = time.monotonic() + 240
        while not store.storage.keys(layout.COMMITS):
            assert driver.poll() is None, driver.communicate()
            assert time.monotonic() < end, "the driver committed nothing"
            time.sleep(0.1)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.communicate(timeout=HANG)
    workplace.environment = {}
    killed = store.commits()
    assert len(killed) < 6
    done = workplace.run("run", "tiny.yaml", "--store", store.url, "--json")
    assert done.returncode == 0, done.stderr
    assert {trial_id: store.commits()[trial_id] for trial_id in killed} == killed
    assert rows(store) == uninterrupted().rows()
    assert workplace.run("verify", store.url).returncode == 0
    no_canary([done])
