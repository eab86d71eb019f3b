"""A store on S3, or on anything that speaks its protocol with conditional writes (AWS since 2024, MinIO, Ceph).

Credentials, region and endpoint come from the environment, as for every AWS tool (``AWS_ENDPOINT_URL`` and so on).
"""

import os
import random
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from orchestrator.base.redaction import redact
from orchestrator.stores.storage import Entry, check_key
from specs import faults
from specs.format.errors import StoreError, StoreFullError

AT_ONCE = 16
"""Requests sent in parallel while many keys are read."""

ATTEMPTS = 6
"""Times that botocore sends a request before it gives up. With its growing pauses, this outlasts half a minute."""

CONNECT_SECONDS, READ_SECONDS = 10, 60

FIRST_ATTEMPTS, FIRST_CONNECT_SECONDS, FIRST_READ_SECONDS = 2, 3, 10
"""Limits of a process's first request, which finds out whether S3 answers at all."""

BODIES = 4
"""Times that content is requested if the connection breaks within it. Botocore does not retry in that case."""

CONFLICTS = 8
"""Times that a write is sent while others are under way for the same key."""

WRITER = "ensweep-writer"
"""Key of the metadata by which a writer recognises its own content."""

DELETE_BATCH = 1000
"""Most keys that S3 deletes in one request."""

MISSING = ("NoSuchKey", "404", "NotFound")
FULL = ("XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "507")
LOST_RACE = ("PreconditionFailed", "412")
CONFLICT = ("ConditionalRequestConflict", "OperationAborted", "409")

WRONG_REGION = ("PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")

SETUP = (
    "see that endpoint and credentials in the environment are right (AWS_ENDPOINT_URL, AWS_PROFILE, AWS_ACCESS_KEY_ID)"
)


@dataclass(frozen=True)
class S3Storage:
    """A prefix of a bucket."""

    bucket: str
    prefix: str
    """Empty, or ends with ``/``."""

    @classmethod
    def at(cls, url: str) -> "S3Storage":
        """The storage at ``s3://bucket/prefix``.

        Raises:
            StoreError: there is no bucket in the address, or a password or a query.
        """
        parts = urlsplit(url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise StoreError(
                "the address of a store is s3://bucket/prefix and nothing else; "
                "credentials belong into the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL)"
            )
        if not parts.netloc:
            raise StoreError(f"{url} names no bucket; write s3://bucket/prefix")
        prefix = parts.path.strip("/")
        return cls(parts.netloc, f"{prefix}/" if prefix else "")

    _clients: dict[int, Any] = field(default_factory=dict, compare=False, repr=False)
    """Clients by process id: a forked child must not share its parent's connections."""

    folder: ClassVar[Path | None] = None

    @property
    def url(self) -> str:
        """The address, ``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def __reduce__(self) -> tuple[type["S3Storage"], tuple[str, str]]:
        return type(self), (self.bucket, self.prefix)  # a client cannot be pickled

    @property
    def _client(self) -> Any:
        process = os.getpid()
        if process not in self._clients:
            self._clients[process] = self._connected()
        return self._clients[process]

    def _connected(self) -> Any:
        """A client with patient retries, made after S3 has answered an impatient one.

        So a wrong setup is reported within seconds.

        Raises:
            StoreError: boto3 is missing, or S3 does not answer.
        """
        try:
            import boto3
            from botocore.exceptions import ClientError
        except ImportError as error:
            raise StoreError(
                f"{self.url}: stores on S3 need boto3; install it with pip install 'ensweep[s3]'"
            ) from error
        with self._explained("reach", ""):
            session = boto3.session.Session()
            try:
                impatient = _client(session, FIRST_ATTEMPTS, connect=FIRST_CONNECT_SECONDS, read=FIRST_READ_SECONDS)
                patient = _client(session, ATTEMPTS, connect=CONNECT_SECONDS, read=READ_SECONDS)
            except ValueError as error:  # the endpoint is no URL
                raise StoreError(f"cannot reach {self.url}: {_line(error)}; {SETUP}") from error
            with suppress(ClientError):  # any answer will do: later requests find out what is permitted
                impatient.head_bucket(Bucket=self.bucket)
            return patient

    def _where(self, key: str) -> dict[str, str]:
        """Bucket and key as a request names them.

        Raises:
            StoreError: the key leads out of the store.
        """
        check_key(key, self.url)
        return {"Bucket": self.bucket, "Key": self.prefix + key}

    def read(self, key: str) -> bytes:
        """See :class:`specs.format.reader.Reader`."""
        return self.read_tagged(key)[0]

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """See :class:`orchestrator.stores.storage.Storage`; the tag is S3's own (ETag)."""
        client, where = self._client, self._where(key)
        with self._explained("read", key):
            for _ in range(BODIES - 1):
                with suppress(*_broken()):
                    return _got(client, where)
            return _got(client, where)

    def read_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """See :class:`specs.format.reader.Reader`."""
        wanted = list(keys)
        _ = self._client  # made once, before threads ask for it
        with ThreadPoolExecutor(AT_ONCE) as threads:
            contents = threads.map(self._read_or_none, wanted)
            return {key: content for key, content in zip(wanted, contents, strict=True) if content is not None}

    def _read_or_none(self, key: str) -> bytes | None:
        try:
            return self.read(key)
        except FileNotFoundError:
            return None

    def keys(self, prefix: str) -> list[str]:
        """See :class:`specs.format.reader.Reader`."""
        return [entry.key for entry in self.entries(prefix)]

    def entries(self, prefix: str) -> list[Entry]:
        """See :class:`orchestrator.stores.storage.Storage`."""
        client, where = self._client, self._where(prefix)
        with self._explained("list", prefix):
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=where["Key"])
            found = [
                Entry(item["Key"].removeprefix(self.prefix), item["Size"], item["LastModified"].timestamp())
                for page in pages
                for item in page.get("Contents", ())
            ]
        return sorted(found, key=lambda entry: entry.key)

    def create(self, key: str, content: bytes) -> bool:
        """See :class:`orchestrator.stores.storage.Storage`.

        If the answer to a request is lost, botocore sends the request again, and the second one fails because the first
        succeeded. The object's metadata names its writer, and so shows whether this call won. Equal content written by
        another call does not count.
        """
        return self._put_if(key, content, {"IfNoneMatch": "*"})

    def replace(self, key: str, content: bytes) -> None:
        """See :class:`orchestrator.stores.storage.Storage`."""
        self._put(key, content)

    def replace_tagged(self, key: str, content: bytes, tag: str) -> bool:
        """See :class:`orchestrator.stores.storage.Storage`."""
        return self._put_if(key, content, {"IfMatch": tag})

    def _put_if(self, key: str, content: bytes, condition: dict[str, str]) -> bool:
        """Put content under a condition; returns whether it held, so that the content is this call's."""
        writer = uuid.uuid4().hex
        try:
            self._put(key, content, Metadata={WRITER: writer}, **condition)
        except FileNotFoundError:
            return False
        except _LostRaceError:
            return self._writer(key) == writer
        return True

    def _put(self, key: str, content: bytes, **more: Any) -> None:
        """Put content with one request, which S3 guarantees to be atomic."""
        client, where = self._client, self._where(key)
        faults.point("s3.put")
        with self._explained("write", key):
            for number in range(1, CONFLICTS):
                with _conflict_suppressed():
                    client.put_object(**where, Body=content, **more)
                    break
                time.sleep(random.random() * 0.02 * 2**number)  # another write is under way: try again after it
            else:
                client.put_object(**where, Body=content, **more)
        faults.point("s3.put.done")

    def _writer(self, key: str) -> str | None:
        """The writer of the content under a key; None if there is no content."""
        client, where = self._client, self._where(key)
        try:
            with self._explained("read", key):
                return str(client.head_object(**where)["Metadata"].get(WRITER))
        except FileNotFoundError:
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """See :class:`orchestrator.stores.storage.Storage`."""
        wanted = list(keys)
        for key in wanted:
            check_key(key, self.url)
        client = self._client
        for start in range(0, len(wanted), DELETE_BATCH):
            batch = [{"Key": self.prefix + key} for key in wanted[start : start + DELETE_BATCH]]
            faults.point("s3.delete")
            with self._explained("remove", wanted[start]):
                answer = client.delete_objects(Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True})
            faults.point("s3.delete.done")
            if failures := answer.get("Errors"):
                code, key = str(failures[0].get("Code")), str(failures[0].get("Key")).removeprefix(self.prefix)
                raise StoreError(f"cannot remove {self.url}/{key}: {code}; {_remedy(code)}")

    @contextmanager
    def _explained(self, action: str, key: str) -> Iterator[None]:
        """Turn the errors of S3 and its client into those of this program.

        Raises:
            FileNotFoundError: there is nothing under the key.
            StoreError: any other error.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = _code(error)
            if code in MISSING:
                raise FileNotFoundError(f"{self.url}/{key}") from error
            raise _kind(code)(f"cannot {action} {self.url}/{key}: {code}; {_remedy(code)}") from error
        except BotoCoreError as error:
            raise StoreError(f"cannot {action} {self.url}/{key}: {_line(error)}; {SETUP}") from error


class _LostRaceError(StoreError):
    """The condition of a write does not hold."""


@contextmanager
def _conflict_suppressed() -> Iterator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if _code(error) not in CONFLICT:
            raise


def _kind(code: str) -> type[StoreError]:
    if code in LOST_RACE:
        return _LostRaceError
    return StoreFullError if code in FULL else StoreError


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])


def _client(session: Any, attempts: int, *, connect: float, read: float) -> Any:
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": attempts}
    return session.client(
        "s3",
        config=Config(retries=retries, max_pool_connections=AT_ONCE, connect_timeout=connect, read_timeout=read),
    )


def _got(client: Any, where: dict[str, str]) -> tuple[bytes, str]:
    answer = client.get_object(**where)
    return answer["Body"].read(), answer["ETag"]


def _broken() -> tuple[type[Exception], ...]:
    """Errors of content that ends too early or does not match its checksum."""
    from botocore.exceptions import FlexibleChecksumError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return FlexibleChecksumError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError


def _line(error: Exception) -> str:
    """An error in one line, without the password that an endpoint's address may hold."""
    return redact(" ".join(str(error).split()))


def _remedy(code: str) -> str:
    if code == "NoSuchBucket":
        return "create the bucket, or mend the address"
    if code in FULL:
        return "free some space there, and run the same command again; what is committed is safe"
    if code in WRONG_REGION:
        return "name the bucket's region in the environment (AWS_REGION)"
    if code in ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"):
        return "see that the credentials in the environment may list, read, write and delete there"
    return "try again; what is committed is safe"
