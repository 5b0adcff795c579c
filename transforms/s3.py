"""Objects on S3, and on servers that speak its protocol, through boto3.

Beam's own filesystem is not used: it makes a client for every call (0.15 s of processor time each), waits out faults
for ten minutes, drops the entity tags that tell a replaced object, and cannot list a bucket as a whole. Credentials are
found by boto3: in the environment, a profile, or the machine's role.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from transforms.outcomes import Reason
from transforms.retry import reason_of, retried

SCHEME = "s3://"
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_S3"
"""Read by boto3 itself, and so by every client in this process and in those that it starts."""
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
_CONNECTIONS = 32
_DEFAULT_REGION = "us-east-1"
_NOT_MET = frozenset({404, 409, 412})
"""How servers refuse a conditional put: there is nothing to replace, another one is under way, or was first."""


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object as a listing tells of it; the entity tag is another one when the object was replaced."""

    uri: str
    size_bytes: int
    mtime_ns: int
    etag: str


class NotMetError(Exception):
    """A conditional put was refused: something else lies there, or nothing to replace. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class S3Content:
    """A small object, read whole.

    Attributes:
        age_seconds: How old it is by the server's own clock, in whole seconds; 0 where the server does not tell.
    """

    data: bytes
    etag: str
    age_seconds: float


@dataclass(frozen=True, slots=True)
class S3Access:
    """What another client needs to talk to a bucket as this one does.

    Attributes:
        endpoint: Of a server that is not Amazon's, else None.
    """

    endpoint: str | None
    region: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    token: str | None = field(repr=False)


def use_endpoint(url: str) -> None:
    """Has this process, and those that it starts, talk to the server at ``url``; empty: leave it to the environment."""
    if url:
        os.environ[ENDPOINT_VARIABLE] = url


def forget_clients() -> None:
    """Has the next calls make new clients, which see the environment as it is then."""
    for cached in (_client_of, _session_of, _region_of):
        cached.cache_clear()


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


def read_object(uri: str) -> S3Content | None:
    """A small object as it is now, or None where there is none.

    Raises:
        Exception: As botocore raised it.
    """
    bucket, key = _parsed(uri)
    try:
        answer = _client().get_object(Bucket=bucket, Key=key)
        with closing(answer["Body"]) as body:
            data = body.read()
    except Exception as error:
        if reason_of(error) is Reason.VANISHED:
            return None
        raise
    now: datetime | None = _told_date(answer)
    age = (now - answer["LastModified"]).total_seconds() if now else 0.0
    return S3Content(data, answer["ETag"], age)


def put_object(uri: str, data: bytes, *, is_new: bool = False, replaces: str | None = None) -> str:
    """Puts a whole object; whoever reads sees all of it or none.

    Args:
        uri: Of the object.
        data: All of it.
        is_new: Whether nothing may lie there.
        replaces: The entity tag of what has to lie there.

    Returns:
        Its entity tag.

    Raises:
        NotMetError: Such a condition is not met.
        Exception: As botocore raised it; the object may have been put all the same.
    """
    bucket, key = _parsed(uri)
    asked = {"IfNoneMatch": "*"} if is_new else {"IfMatch": replaces} if replaces else {}
    try:
        return str(_client().put_object(Bucket=bucket, Key=key, Body=data, **asked)["ETag"])
    except Exception as error:
        if asked and _status(error) in _NOT_MET and _code(error) != "NoSuchBucket":
            raise NotMetError(uri) from error
        raise


def delete_object(uri: str) -> None:
    """Removes an object, if there is one.

    Raises:
        Exception: As botocore raised it.
    """
    bucket, key = _parsed(uri)
    _client().delete_object(Bucket=bucket, Key=key)


def find_access(uri: str) -> S3Access:
    """How to talk to a bucket, with credentials as they are valid now: those of roles run out.

    Raises:
        Exception: As botocore raised it; ``NoCredentialsError`` where there are none.
    """
    from botocore.exceptions import NoCredentialsError  # noqa: PLC0415  (an extra)

    endpoint = os.environ.get(ENDPOINT_VARIABLE)
    found = _session_of(endpoint).get_credentials()
    if found is None:
        raise NoCredentialsError
    now, server = found.get_frozen_credentials(), str(_client().meta.endpoint_url)
    is_amazon = server.rpartition("://")[2].endswith((".amazonaws.com", ".amazonaws.com.cn"))
    region = _region_of(endpoint, _parsed(uri)[0])
    return S3Access(None if is_amazon else server, region, now.access_key, now.secret_key, now.token)


def faults() -> tuple[type[Exception], ...]:
    """What the functions here raise where the storage refuses, fails or is not reached."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # noqa: PLC0415  (an extra)

    return BotoCoreError, ClientError, HTTPClientError


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


def _status(error: Exception) -> int | None:
    response = getattr(error, "response", None) or {}
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode")


def _code(error: Exception) -> str | None:
    return (getattr(error, "response", None) or {}).get("Error", {}).get("Code")


def _told_date(answer: Any) -> datetime | None:
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(told) if told else None


def _client() -> Any:
    return _client_of(os.environ.get(ENDPOINT_VARIABLE))


@lru_cache(maxsize=4)
def _client_of(_endpoint: str | None) -> Any:
    """One for all threads; it gives up on the first fault, since ``retried`` waits."""
    from botocore.config import Config  # noqa: PLC0415  (an extra)

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return _session_of(_endpoint).client("s3", config=config)


@lru_cache(maxsize=4)
def _session_of(_endpoint: str | None) -> Any:
    import boto3  # noqa: PLC0415  (an extra)

    return boto3.session.Session()


@lru_cache(maxsize=16)
def _region_of(_endpoint: str | None, bucket: str) -> str:
    """Where a bucket lies: boto3 follows it there, other clients do not."""
    told = retried(lambda: _client().head_bucket(Bucket=bucket))
    return told.get("BucketRegion") or _client().meta.region_name or _DEFAULT_REGION
