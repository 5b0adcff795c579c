"""Which errors of delta-rs tell of storage, and which of these may pass.

delta-rs tries a request again that got no answer or a server's error, but not one of which the answer broke off midway,
nor one that S3 asks in other words to send once more.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from deltalake.exceptions import DeltaError, TableNotFoundError

from transforms.retry import PASSING_CODES, PASSING_STATUS, retried

TRIES = 6
"""Of what ends a scan where it fails."""
_T = TypeVar("_T")
_OF_STORAGE = "Generic S3 error"
_STATUS = re.compile(r"\bstatus(?: code)?:? (\d{3})\b")
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def plain(error: BaseException) -> str:
    """What it says, as one line without its colours and arrows."""
    return " ".join(_COLOUR.sub("", str(error)).replace("↳", "").split())


def may_pass(error: BaseException) -> bool:
    """Whether storage failed in a way that may pass."""
    if not isinstance(error, OSError | DeltaError) or isinstance(error, TableNotFoundError):
        return False
    told = plain(error)
    if _OF_STORAGE not in told:
        return False
    status = _STATUS.search(told)
    return status is None or int(status[1]) in PASSING_STATUS or any(f"<Code>{one}<" in told for one in PASSING_CODES)


def patiently(call: Callable[[], _T]) -> _T:
    """What ``call`` gives, which asks delta-rs for what can be asked for twice, tried again where storage fails.

    Raises:
        Exception: The last one that ``call`` raised.
    """
    return retried(call, tries=TRIES, may_pass=may_pass)
