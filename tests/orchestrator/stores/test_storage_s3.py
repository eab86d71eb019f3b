"""S3 behind a bad line: answers that are lost, errors that pass, content that ends too early."""

import http.client
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from orchestrator.stores.storage import open_storage, s3
from orchestrator.stores.store import Store
from specs.format.commits import Commit
from specs.format.errors import StoreError, StoreFullError
from tests.processes import HANG

THROTTLED = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
FULL = b"<Error><Code>XMinioStorageFull</Code><Message>no room</Message></Error>"
CONFLICT = b"<Error><Code>ConditionalRequestConflict</Code><Message>another write</Message></Error>"


class BadLine:
    """A proxy between this process and S3, which treats the next requests of a method as it is told."""

    def __init__(self, endpoint: str) -> None:
        self.plan: dict[str, list[str]] = {}
        self.seen: list[str] = []
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self) -> None:
                line.seen.append(self.command)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                planned = line.plan.get(self.command)
                fault = planned.pop(0) if planned else ""
                if fault in REFUSALS:
                    self.respond(*REFUSALS[fault])
                    return
                connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
                headers = {name: value for name, value in self.headers.items() if name != "Expect"}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                if fault == "lose the answer":
                    self.close_connection = True
                    return
                kept = len(content) // 2 if fault == "break off" else len(content)
                self.respond(answer.status, content, dict(answer.getheaders()), kept)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_request  # noqa: N815 - http.server names them so

            def respond(
                self, status: int, content: bytes, headers: dict[str, str] | None = None, kept: int | None = None
            ) -> None:
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
                    if name not in ("Transfer-Encoding", "Connection", "Server", "Date"):
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content if kept is None else content[:kept])
                self.close_connection = kept not in (None, len(content))

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


REFUSALS = {"throttle": (503, THROTTLED), "full": (507, FULL), "conflict": (409, CONFLICT)}


@pytest.fixture
def line(bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BadLine]:
    made = BadLine(s3_endpoint)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_create_whose_answer_was_lost_knows_that_it_won(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    line.plan["PUT"] = ["lose the answer"]
    assert storage.create("commits/t1.json", b"mine")
    assert line.seen.count("PUT") == 2, "the answer was not lost, or nobody asked again"
    line.plan["PUT"] = ["lose the answer"]
    assert not storage.create("commits/t1.json", b"mine")
    assert storage.read("commits/t1.json") == b"mine"


def test_a_tagged_replacement_whose_answer_was_lost_knows_that_it_won(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    storage.replace("lock", b"1")
    _, tag = storage.read_tagged("lock")
    line.plan["PUT"] = ["lose the answer", "lose the answer"]
    assert storage.replace_tagged("lock", b"2", tag)
    line.plan["PUT"] = ["lose the answer"]
    assert not storage.replace_tagged("lock", b"2", tag)
    assert storage.read("lock") == b"2"


def test_a_commit_whose_answer_was_lost_keeps_its_attempt(line: BadLine, bucket: str) -> None:
    store = Store.at(f"s3://{bucket}/x")
    commit = Commit.model_validate(
        {"trial_id": "t1", "status": "complete", "attempt": "a", "files": {"trials": {"sha256": "0", "rows": 1}},
         "environment": {}}
    )  # fmt: skip
    store.storage.replace("attempts/t1/a/trials.parquet", b"rows")
    line.plan["PUT"] = ["lose the answer"]
    assert store.commit(commit)
    assert store.storage.keys("attempts/") == ["attempts/t1/a/trials.parquet"]


def test_throttling_and_lost_connections_pass(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    line.plan = {"PUT": ["throttle", "lose the answer"], "GET": ["lose the answer", "throttle"], "POST": ["throttle"]}
    storage.replace("key", b"content")
    assert storage.read("key") == b"content"
    storage.delete(["key"])
    assert storage.keys("") == []
    assert not any(line.plan.values())


def test_content_that_ends_too_early_is_asked_for_again(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    content = os.urandom(300_000)
    storage.replace("key", content)
    line.plan["GET"] = ["break off", "break off"]
    assert storage.read("key") == content
    line.plan["GET"] = ["break off"] * 10
    with pytest.raises(StoreError, match=r"cannot read s3://.*/x/key"):
        storage.read("key")


def test_a_conflict_of_writes_is_settled_by_asking_again(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    line.plan["PUT"] = ["conflict", "conflict"]
    assert storage.create("key", b"1")
    line.plan["PUT"] = ["conflict"] * 20
    with pytest.raises(StoreError, match="ConditionalRequestConflict"):
        storage.create("other", b"1")


def test_a_read_that_cannot_be_made_is_not_taken_for_a_missing_key(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    storage.replace("key", b"1")
    line.plan["GET"] = ["full"] * 20  # an error that no repetition mends
    with pytest.raises(StoreError):
        storage.read_many(["key"])
    with pytest.raises(StoreError):
        storage.keys("")


def test_a_full_service_is_told_as_full(line: BadLine, bucket: str) -> None:
    storage = open_storage(f"s3://{bucket}/x")
    storage.replace("key", b"1")
    line.plan["PUT"] = ["full"] * 20
    with pytest.raises(StoreFullError, match=r"s3://.*/x/key.*free some space"):
        storage.replace("key", b"2")


class HangingUp(BaseHTTPRequestHandler):
    """Ends every connection without a word, and counts them."""

    seen = 0

    def handle(self) -> None:
        type(self).seen += 1


def test_an_endpoint_that_hangs_up_is_asked_as_often_as_an_impatient_client_does(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HangingUp, "seen", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), HangingUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(StoreError, match="AWS_ENDPOINT_URL"):
            Store.at(f"s3://{bucket}/x").check_writable()
        server.shutdown()
    assert HangingUp.seen == s3.FIRST_ATTEMPTS < s3.ATTEMPTS


def test_an_endpoint_where_nobody_answers_is_told(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler, bind_and_activate=False)
    listening.server_bind()  # bound and not listening: refused
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:canary-password@127.0.0.1:{listening.server_port}")
    started = time.monotonic()
    with pytest.raises(StoreError, match="AWS_ENDPOINT_URL") as caught:
        Store.at(f"s3://{bucket}/x").check_writable()
    listening.server_close()
    assert time.monotonic() - started < HANG
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)
