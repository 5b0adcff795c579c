"""Where a store may lie, and how Delta's writer reaches it there."""

import re
from functools import partial
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.listing import check_reader
from pipelines.locks import CLAIMS
from pipelines.s3_endpoint import check_no_credentials
from transforms import s3
from transforms.retry import retried

_UNFIT = re.compile(r"\\|%[0-9A-Fa-f]{2}")
"""What delta-rs takes for an encoded character in a path, and then writes to one folder and reads from another."""
_ON_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]+(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
"""Of other keys delta-rs looks for checkpoints under a name that it encodes twice."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_PATIENCE = {"connect_timeout": "10s", "timeout": "60s", "max_retries": "6", "retry_timeout": "60s"}
"""Of delta-rs; its own retries would go on for three minutes."""


def root_of(root: str | Path) -> Path | str:
    """Where a store lies: a folder without links, or an ``s3://`` address without a trailing slash.

    Raises:
        UsageError: None can lie there.
    """
    told = str(root)
    if told.startswith(s3.SCHEME):
        check_no_credentials(told)
        address = told.rstrip("/")
        if not _ON_S3.fullmatch(address):
            raise UsageError(
                f"A store on S3 lies below a bucket, in folders of Latin letters, digits, '.', '_' and '-', such as "
                f"s3://bucket/audit, and {told} is no such address."
            )
        check_reader(address)
        return address
    if _SCHEME.match(told):
        raise UsageError(f"A store is a local folder or lies on S3 (s3://bucket/folder), and {told} is neither.")
    folder = Path(root).resolve()
    if _UNFIT.search(str(folder)):
        raise UsageError(f"A store's path may hold no backslash and no % before two hexadecimal digits: {folder}")
    return folder


def storage_options(address: str) -> dict[str, str]:
    """What delta-rs has to be told to talk to S3 as our own client does; it reads no profiles.

    Raises:
        Exception: As botocore raised it.
    """
    access = s3.find_access(address)
    options = _PATIENCE | {
        "aws_access_key_id": access.key,
        "aws_secret_access_key": access.secret,
        "aws_region": access.region,
        "aws_conditional_put": "etag",  # a commit is put where none is, or refused
    }
    if access.token:
        options["aws_session_token"] = access.token
    if access.endpoint:
        options["aws_endpoint_url"] = access.endpoint
        options["aws_allow_http"] = str(access.endpoint.startswith("http://")).lower()
    return options


def check_conditions(address: str) -> None:
    """Nothing, if the server of a store on S3 refuses what commits and claims need it to refuse.

    Raises:
        UsageError: It does not.
        Exception: As botocore raised it.
    """
    probe = f"{address}/{CLAIMS}/.probe"
    retried(lambda: s3.put_object(probe, b"{}"))
    for condition in ("If-None-Match", "If-Match"):
        is_new = condition == "If-None-Match"
        try:
            retried(partial(s3.put_object, probe, b"{}", is_new=is_new, replaces=None if is_new else f'"{"0" * 32}"'))
        except s3.NotMetError:
            continue
        raise UsageError(
            f"The server of {address} passes over the header {condition} of a put, so that commits to a store there "
            "could be lost. Use a store in a folder, or a server that heeds it."
        )
