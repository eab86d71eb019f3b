"""A store on S3, or on anything that speaks its protocol with conditional writes (AWS since 2024, MinIO, Ceph).

Credentials, region and endpoint come from the environment, as for every AWS tool (``AWS_ENDPOINT_URL`` and so on).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestrator.errors import StoreError
from orchestrator.storage import Entry
from specs import faults

AT_ONCE = 16
"""Requests in flight while many keys are read."""

ATTEMPTS = 6
"""Times that botocore sends a request before it gives up, with growing pauses."""

DELETE_BATCH = 1000
"""Most keys that S3 deletes in one request."""

MISSING = ("NoSuchKey", "404", "NotFound")
LOST_RACE = ("PreconditionFailed", "412")
CONFLICT = ("ConditionalRequestConflict", "409")


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

    folder: Path | None = None

    @property
    def url(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @cached_property
    def _client(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise StoreError(
                f"{self.url}: stores on S3 need boto3; install it with pip install 'ensweep[s3]'"
            ) from error
        retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
        return boto3.session.Session().client("s3", config=Config(retries=retries, max_pool_connections=AT_ONCE))

    def __getstate__(self) -> dict[str, Any]:
        return {"bucket": self.bucket, "prefix": self.prefix}  # a client cannot travel, and belongs to its process

    def read(self, key: str) -> bytes:
        """See :class:`specs.layout.Reader`."""
        return self.read_tagged(key)[0]

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """See :class:`orchestrator.storage.Storage`; the tag is S3's own (ETag)."""
        with self._explained("read", key):
            answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key)
            return answer["Body"].read(), answer["ETag"]

    def read_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """See :class:`specs.layout.Reader`."""
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
        """See :class:`specs.layout.Reader`."""
        return [entry.key for entry in self.entries(prefix)]

    def entries(self, prefix: str) -> list[Entry]:
        """See :class:`orchestrator.storage.Storage`."""
        with self._explained("list", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            found = [
                Entry(item["Key"].removeprefix(self.prefix), item["Size"], item["LastModified"].timestamp())
                for page in pages
                for item in page.get("Contents", ())
            ]
        return sorted(found, key=lambda entry: entry.key)

    def create(self, key: str, content: bytes) -> bool:
        """See :class:`orchestrator.storage.Storage`.

        A request whose answer was lost is sent again, and then loses against itself: whether this call won is told by
        the content that is there.
        """
        if self._put(key, content, {"IfNoneMatch": "*"}):
            return True
        return self.read(key) == content

    def replace(self, key: str, content: bytes) -> None:
        """See :class:`orchestrator.storage.Storage`."""
        self._put(key, content, {})

    def replace_tagged(self, key: str, content: bytes, tag: str) -> bool:
        """See :class:`orchestrator.storage.Storage`."""
        try:
            if self._put(key, content, {"IfMatch": tag}):
                return True
            return self.read(key) == content
        except FileNotFoundError:
            return False

    def _put(self, key: str, content: bytes, condition: dict[str, str]) -> bool:
        """One PUT, whole by S3's promise; says whether its condition held."""
        from botocore.exceptions import ClientError

        faults.point("s3.put")
        with self._explained("write", key):
            while True:
                try:
                    self._client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=content, **condition)
                except ClientError as error:
                    code = str(error.response["Error"]["Code"])
                    if code in CONFLICT:  # another conditional write was under way: ask again how it ended
                        continue
                    if condition and code in LOST_RACE:
                        return False
                    raise
                break
        faults.point("s3.put.done")
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """See :class:`orchestrator.storage.Storage`."""
        wanted = list(keys)
        for start in range(0, len(wanted), DELETE_BATCH):
            batch = [{"Key": self.prefix + key} for key in wanted[start : start + DELETE_BATCH]]
            faults.point("s3.delete")
            with self._explained("remove", wanted[start]):
                answer = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True})
            faults.point("s3.delete.done")
            if failures := answer.get("Errors"):
                raise StoreError(f"cannot remove {self.url}/{wanted[start]}: {failures[0].get('Code')}")

    @contextmanager
    def _explained(self, action: str, key: str) -> Iterator[None]:
        """What S3 and its client raise, in the words of this program."""
        _ = self._client
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            if code in MISSING:
                raise FileNotFoundError(f"{self.url}/{key}") from error
            raise StoreError(f"cannot {action} {self.url}/{key}: {code}; {_remedy(code)}") from error
        except BotoCoreError as error:
            raise StoreError(
                f"cannot {action} {self.url}/{key}: {error}; see that the endpoint and the credentials in the "
                "environment are right (AWS_ENDPOINT_URL, AWS_PROFILE, AWS_ACCESS_KEY_ID)"
            ) from error


def _remedy(code: str) -> str:
    if code == "NoSuchBucket":
        return "create the bucket, or mend the address"
    if code in ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
        return "see that the credentials in the environment may list, read, write and delete there"
    return "try again; what is committed is safe"
