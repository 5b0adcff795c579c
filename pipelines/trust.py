"""Reads the certificates of those whose C2PA signatures count as trusted."""

import hashlib
import re
import ssl
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import UsageError
from transforms.marks.settings import Trust

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_PRIVATE = "PRIVATE KEY-----"


def load_trust(lists: Sequence[Path], organisation: Sequence[Path] = ()) -> Trust:
    """Reads trust lists and further anchors of the user's organisation, all of them PEM files.

    Args:
        lists: A trust list may come in several files, as that of C2PA does: one of signers, one of time stampers.
        organisation: Certificates that the organisation trusts besides.

    Returns:
        The anchors; ``name`` holds the names of the lists and the start of the SHA-256 of what is in them.

    Raises:
        UsageError: A file cannot be read, or holds something else than certificates.
    """
    anchors = "".join(map(_certificates, lists))
    named = "+".join(file.name for file in lists)
    name = f"{named} sha256:{hashlib.sha256(anchors.encode()).hexdigest()[:16]}" if lists else "none"
    return Trust(anchors, "".join(map(_certificates, organisation)), name)


def _certificates(file: Path) -> str:
    """The certificates of a file and nothing else that stands in it."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The trust anchors {file} cannot be read: {error}.") from error
    if _PRIVATE in text:
        raise UsageError(f"{file} holds a private key. Trust anchors are certificates only; take the key out of it.")
    found = _CERTIFICATE.findall(text)
    if not found:
        raise UsageError(f"{file} holds no certificate. Trust anchors are PEM files (-----BEGIN CERTIFICATE-----).")
    for number, certificate in enumerate(found, 1):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificate)
        except (ssl.SSLError, ValueError) as error:
            raise UsageError(f"Certificate {number} of {len(found)} in {file} cannot be read: {error}.") from error
    return "".join(f"{certificate}\n" for certificate in found)
