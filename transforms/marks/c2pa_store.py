"""Reads a file's C2PA manifest store through ``c2pa-python``; no other file imports that library.

Offline, always: nothing that a manifest names is fetched (C2PA specification 2.2, 11.4 and 15.9). The library judges
signatures, hashes and certificates; what a store means is told elsewhere (``c2pa_marks``).
"""

import functools
import json
import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from transforms.marks.settings import Trust

if TYPE_CHECKING:
    import c2pa

VERSION: Final = "0.38.1"
TOOL: Final = f"c2pa-python/{VERSION}"
"""As rows name it; the pin in ``pyproject.toml`` is the same, and a test compares both with what is installed."""

_SUPPORTED: Final = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/avif",
        "image/heic",
        "image/heif",
        "image/tiff",
        "image/gif",
        "image/jxl",
        "video/mp4",
        "video/quicktime",
        "video/x-msvideo",
    }
)
_KEY_USAGES: Final = (
    "1.3.6.1.5.5.7.3.4",  # emailProtection
    "1.3.6.1.5.5.7.3.36",  # documentSigning
    "1.3.6.1.5.5.7.3.8",  # timeStamping
    "1.3.6.1.5.5.7.3.9",  # OCSPSigning
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft C2PA signing
    "1.3.6.1.4.1.62558.2.1",  # C2PA claim signing
)
"""Extended key usages that a signer may have. Left to itself the library calls C2PA's own usage an invalid one."""
_OFFLINE: Final = {
    "verify": {
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
        "verify_after_reading": True,
        "verify_trust": True,
        "verify_timestamp_trust": True,
    },
    "core": {
        "allowed_network_hosts": [],  # an empty list blocks all of them
        "allow_redirects": False,
        "decode_identity_assertions": False,  # would look up did:web issuers, past the list of hosts
        "backing_store_memory_threshold_in_mb": 1 << 20,  # never in a temporary file: a child may write none
        "max_decompressed_manifest_size_in_mb": 32,
    },
}
_REMOTE: Final = re.compile(r"^Remote: must fetch remote manifests from url (.*)$", re.DOTALL)
_CONTAINER_ERRORS: Final = ("Other: asset could not be parsed", "Io: ")


class Status(StrEnum):
    """How far reading came.

    ``READ``: the store is there, and ``state`` says how it was judged; ``REMOTE_NOT_FETCHED``: the file only names an
    address where its manifest lies; ``UNREADABLE``: there is a store, and the library cannot read it;
    ``CONTAINER_UNREADABLE``: the file around it is so broken that the library found no store and ruled none out.
    """

    READ = "read"
    REMOTE_NOT_FETCHED = "remote_not_fetched"
    UNREADABLE = "unreadable"
    CONTAINER_UNREADABLE = "container_unreadable"


@dataclass(frozen=True, slots=True)
class Store:
    """A manifest store as the library reports it.

    Attributes:
        status: See ``Status``.
        trust_list: Name of the list that signers were held against; ``none``.
        state: ``Trusted``, ``Valid`` or ``Invalid`` for the whole store; empty where it was not read.
        data: The library's JSON with sorted keys: ``active_manifest``, ``manifests``, ``validation_status``,
            ``validation_results``; empty where it was not read.
        url: Where a manifest that was not fetched is said to lie.
        message: The library's words on what it cannot read.
        tool: Name and version of the library.
    """

    status: Status
    trust_list: str
    state: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    message: str = ""
    tool: str = TOOL


def supports(media_type: str) -> bool:
    """Whether the library reads manifests in files of that type, as ``sniff`` names it."""
    return media_type in _SUPPORTED


def read_store(file: BinaryIO, media_type: str, trust: Trust) -> Store | None:
    """Reads and checks the manifest store of a file.

    Args:
        file: Open for reading and seekable; it is left wherever reading ended.
        media_type: As ``sniff`` names it.
        trust: Whose signatures count as trusted.

    Returns:
        The store; None where the file has none, or is of a kind that the library does not read. Whatever the bytes
        are, nothing is raised on their account.

    Raises:
        ValueError: The library refuses the trust anchors.
    """
    if not supports(media_type):
        return None
    import c2pa  # noqa: PLC0415  # 23 MB of library: only a process that meets a manifest loads it

    context = _context(trust)
    file.seek(0)
    try:
        reader = c2pa.Reader.try_create(media_type, file, context=context)
        if reader is None:
            return None
        with reader:
            data = json.loads(reader.json(), object_pairs_hook=_sorted)
        return Store(Status.READ, trust.name, str(data.get("validation_state", "")), data)
    except c2pa.C2paError.NotSupported:
        return None
    except c2pa.C2paError as error:
        return _unread(str(error), trust.name)
    except (ValueError, RecursionError) as error:
        return Store(Status.UNREADABLE, trust.name, message=f"{type(error).__name__}: {error}")


def _unread(message: str, trust_list: str) -> Store:
    remote = _REMOTE.match(message)
    if remote:
        return Store(Status.REMOTE_NOT_FETCHED, trust_list, url=remote[1], message=message)
    status = Status.CONTAINER_UNREADABLE if message.startswith(_CONTAINER_ERRORS) else Status.UNREADABLE
    return Store(status, trust_list, message=message)


def _sorted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The library writes objects in the order of a hash map: other at each reading."""
    return dict(sorted(pairs))


@functools.lru_cache(maxsize=1)
def _context(trust: Trust) -> "c2pa.Context":
    """The library's settings for this process.

    Raises:
        ValueError: The trust anchors are no certificates.
    """
    import c2pa  # noqa: PLC0415

    settings: dict[str, Any] = {"trust_config": "\n".join(_KEY_USAGES) + "\n"}
    settings |= {"trust_anchors": trust.anchors} if trust.anchors else {}
    settings |= {"user_anchors": trust.organisation} if trust.organisation else {}
    try:
        return c2pa.Context.from_dict({**_OFFLINE, "trust": settings})
    except c2pa.C2paError as error:
        raise ValueError(f"The C2PA library refuses the trust anchors of {trust.name!r}: {error}") from error


os.register_at_fork(after_in_child=_context.cache_clear)  # a context from before a fork is of no use
