"""``--s3-endpoint``."""

import urllib.parse

from pipelines.errors import UsageError


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
