"""``--s3-endpoint``, an option of every command that takes a store or sources."""

import urllib.parse
from typing import Annotated

import typer

from pipelines.errors import UsageError
from transforms.s3 import SCHEME, use_endpoint


def parse_endpoint(url: str) -> str:
    """The address of a server, or nothing.

    Raises:
        UsageError: It is no address, or holds credentials, which anyone could read in a list of processes.
    """
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:  # such as of brackets
        parts = urllib.parse.SplitResult("", "", "", "", "")
    if parts.username or parts.password:
        raise UsageError(
            "--s3-endpoint takes no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile."
        )
    if url and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise UsageError(f"--s3-endpoint {url} is no address of a server. Give one such as http://minio.local:9000.")
    return url


def check_no_credentials(address: str) -> None:
    """Nothing, if an ``s3://`` address holds no credentials.

    Raises:
        UsageError: It does; it is not told again.
    """
    if address.startswith(SCHEME) and "@" in address.removeprefix(SCHEME).partition("/")[0]:
        raise UsageError(
            "An s3:// address takes no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile."
        )


def _used(url: str) -> str:
    endpoint = parse_endpoint(url)
    use_endpoint(endpoint)
    return endpoint


EndpointOption = Annotated[
    str,
    typer.Option(
        "--s3-endpoint",
        metavar="URL",
        callback=_used,
        help="Server of s3:// addresses, such as MinIO. Default: AWS_ENDPOINT_URL_S3.",
    ),
]
