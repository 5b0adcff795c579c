"""What tests of remote storage put there, and what a scan's reading makes of it."""

import hashlib
from contextlib import closing

from pipelines.contents import hash_place
from transforms.containers.entries import ContainerLimits
from transforms.containers.opener import Opener
from transforms.examine.settings import Limits
from transforms.records import Examination, Place

DATA = bytes(range(256)) * 400
KEYS = sorted(["a b/é+%?#.png", "a.png", "deep/c [1].png", "deep/er/d.png", "deep.png"])
LIMIT = 1 << 30


def hashed(place: Place, max_bytes: int = LIMIT) -> str | Examination:
    """The place's SHA-256 as a scan takes it, or why it has none."""
    with closing(Opener(Limits(), ContainerLimits())) as opener:
        return hash_place(place, max_bytes, opener)


def sha256(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
