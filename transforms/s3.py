"""Objects on S3, and on servers that speak its protocol, through boto3.

Beam's own filesystem is not used: it makes a client for every call (0.15 s of processor time each), waits out faults
for ten minutes, drops the entity tags that tell a replaced object, and cannot list a bucket as a whole. Credentials are
found by boto3: in the environment, a profile, or the machine's role.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from transforms.retry import retried

SCHEME = "s3://"
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_S3"
"""Read by boto3 itself, and so by every client in this process and in those that it starts."""
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object as a listing tells of it; the entity tag is another one when the object was replaced."""

    uri: str
    size_bytes: int
    mtime_ns: int
    etag: str


def use_endpoint(url: str) -> None:
    """Has this process, and those that it starts, talk to the server at ``url``; empty: leave it to the environment."""
    if url:
        os.environ[ENDPOINT_VARIABLE] = url


def forget_clients() -> None:
    """Has the next calls make new clients, which see the environment as it is then."""
    _client_of.cache_clear()


def list_objects(prefix: str, *, is_flat: bool = False) -> Iterator[S3Object]:
    """The objects whose address begins with ``prefix``, page by page; each page is waited for with patience.

    The empty objects that consoles make to show a folder are none.

    Args:
        prefix: ``s3://bucket/`` and the beginning of a key.
        is_flat: Whether only those without a further ``/`` are asked for.

    Raises:
        Exception: As botocore raised it.
    """
    bucket, key = _parsed(prefix)
    asked = {"Bucket": bucket, "Prefix": key} | ({"Delimiter": "/"} if is_flat else {})
    while True:
        page = retried(lambda: _client().list_objects_v2(**asked))
        for one in page.get("Contents", ()):
            if one["Size"] or not one["Key"].endswith("/"):
                mtime_ns = _nanoseconds(one["LastModified"])
                yield S3Object(f"{SCHEME}{bucket}/{one['Key']}", one["Size"], mtime_ns, one["ETag"])
        if not page.get("NextContinuationToken"):
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


def find_object(uri: str) -> S3Object:
    """The object at an address.

    Raises:
        Exception: As botocore raised it, with status 404 where there is none.
    """
    bucket, key = _parsed(uri)
    found = _client().head_object(Bucket=bucket, Key=key)
    return S3Object(uri, found["ContentLength"], _nanoseconds(found["LastModified"]), found["ETag"])


def open_object(uri: str, etag: str | None, start: int = 0, end: int | None = None) -> Any:
    """The bytes of an object as a stream, which has to be closed.

    Args:
        uri: Of the object.
        etag: Of the object that was listed: of another one no byte is given.
        start: Where to begin.
        end: Before which byte to end, or None: at its end.

    Raises:
        Exception: As botocore raised it, with status 412 where another object lies there by now.
    """
    bucket, key = _parsed(uri)
    asked = {"Bucket": bucket, "Key": key} | ({"IfMatch": etag} if etag else {})
    if start or end is not None:
        asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    return _client().get_object(**asked)["Body"]


def is_object(uri: str) -> bool:
    """Whether an address has a key, and so is not that of a bucket."""
    return bool(_parsed(uri)[1])


def is_answer(error: Exception) -> bool:
    """Whether the storage itself gave an error, rather than what is between it and us."""
    from botocore.exceptions import ClientError  # noqa: PLC0415  (an extra)

    return isinstance(error, ClientError)


def _parsed(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    return bucket, key


def _nanoseconds(moment: Any) -> int:
    return int(moment.timestamp()) * 1_000_000_000  # some listings tell milliseconds, which HEAD does not


def _client() -> Any:
    return _client_of(os.environ.get(ENDPOINT_VARIABLE))


@lru_cache(maxsize=4)
def _client_of(_endpoint: str | None) -> Any:
    """One for all threads; it gives up on the first fault, since ``retried`` waits."""
    import boto3  # noqa: PLC0415  (an extra)
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.session.Session().client("s3", config=config)
