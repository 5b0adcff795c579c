"""Faults of remote storage: which may pass when one waits, what the others mean, and waiting for the former."""

import errno
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from transforms.outcomes import Reason

_T = TypeVar("_T")
TRIES = 3
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.5, 8.0
_PATIENCE_SECONDS = 60.0
PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 509, 598, 599})
_FORBIDDEN_STATUS, _MISSING_STATUS, _CHANGED_STATUS = (
    frozenset({401, 403}),
    frozenset({404, 410}),
    frozenset({412, 416}),
)
_PASSING_ERRNO = frozenset(
    {errno.EAGAIN, errno.EINTR, errno.EIO, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
)
_PASSING_WORDS = (
    *("timeout", "timedout", "connection", "incompleteread", "protocolerror", "throttl", "slowdown"),
    *("responsestreaming", "checksum"),
)
"""In names of exceptions: the libraries that raise them need not be installed here."""
PASSING_CODES = frozenset({"RequestTimeout", "Throttling", "ThrottlingException", "SlowDown", "InternalError"})
"""Of S3, which gives some of them with status 400."""
_REQUEST = re.compile(r"^[A-Z]+ https?://\S+: |: \('Request failed with status code'.*$")
"""What Google's clients put around what the storage told."""
_LONGEST_SENTENCE = 200


class RemoteError(OSError):
    """Bytes of a remote place that cannot be had."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class ShortReadError(ConnectionError):
    """Fewer or more bytes came than were listed: the connection broke, or the file is another one by now."""


def retried(
    call: Callable[[], _T],
    *,
    tries: int = TRIES,
    may_pass: Callable[[BaseException], bool] | None = None,
    sleep: Callable[[float], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> _T:
    """What ``call`` gives, called again where it raised an error that may pass.

    The waits double from half a second, each cut by up to a half at random, so that many workers that failed at once do
    not come back at once. Some filesystems of Beam wait themselves: where a minute has gone, no further call is made.

    Args:
        call: Has to begin anew each time.
        tries: Calls in all.
        may_pass: Tells errors that may pass; without it ``is_passing`` does.
        sleep: Waits that many seconds; for tests.
        clock: Seconds, from any start.

    Raises:
        Exception: The last one that ``call`` raised.
    """
    begun = clock()
    for number in range(1, tries + 1):
        try:
            return call()
        except Exception as error:  # filesystems raise whatever their libraries do
            if number == tries or not (may_pass or is_passing)(error) or clock() - begun > _PATIENCE_SECONDS:
                raise
            (sleep or time.sleep)(delay_seconds(number))
    raise ValueError("tries has to be 1 or more")


def retried_or_none(call: Callable[[], _T]) -> _T | None:
    """As ``retried``, and None where the answer is that nothing is there."""
    try:
        return retried(call)
    except Exception as error:  # filesystems raise whatever their libraries do
        if reason_of(error) is Reason.VANISHED:
            return None
        raise


def delay_seconds(number: int) -> float:
    """How long to wait after the ``number``-th failure, counted from 1."""
    longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** (number - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)


def is_passing(error: BaseException) -> bool:
    """Whether an error may pass: of several causes, all of them have to.

    A status code decides where there is one: server errors, timeouts and throttling pass. Else the kind of the error
    does: timeouts and broken connections pass.
    """
    return all(_is_passing(one) for one in causes(error))


def causes(error: BaseException) -> list[BaseException]:
    """The innermost errors: Beam wraps what its filesystems raise, once for each item and once for the call."""
    details = getattr(error, "exception_details", None)
    if isinstance(details, Mapping) and details:
        inner = [one for one in details.values() if isinstance(one, BaseException)]
        return [cause for one in inner for cause in causes(one)] or [error]
    last = getattr(error, "cause", None)  # of Google's clients, when they have waited long enough
    return causes(last) if isinstance(last, BaseException) else [error]


def reason_of(error: BaseException) -> Reason:
    """What an error says of the place it was raised for."""
    cause = causes(error)[0]
    status = _status(cause)
    if isinstance(cause, FileNotFoundError) or status in _MISSING_STATUS:
        return Reason.VANISHED
    if isinstance(cause, ShortReadError) or status in _CHANGED_STATUS:
        return Reason.CHANGED_DURING_SCAN
    return Reason.UNREADABLE


def sentence_of(error: BaseException) -> str:
    """An error in one line."""
    cause = causes(error)[0]
    told = _answer(cause).get("Message") or getattr(cause, "strerror", None) or getattr(cause, "message", None)
    told = _REQUEST.sub("", " ".join(str(told or cause).split()))
    told = told[:_LONGEST_SENTENCE].rstrip(".") or f"The storage gave no reason ({type(cause).__name__})"
    if isinstance(cause, PermissionError) or _status(cause) in _FORBIDDEN_STATUS:
        return f"Access is refused: {told}."
    return f"{told}."


def _is_passing(error: BaseException) -> bool:
    status = _status(error)
    if status is not None:
        return status in PASSING_STATUS or _answer(error).get("Code") in PASSING_CODES
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    if isinstance(error, OSError) and error.errno in _PASSING_ERRNO:
        return True
    names = [kind.__name__.lower() for kind in type(error).__mro__]
    return any(word in name for name in names for word in _PASSING_WORDS) or _has_no_answer(error)


def _has_no_answer(error: BaseException) -> bool:
    """Whether it is a storage client's error that has a place for a status code and none in it: nothing answered."""
    return hasattr(error, "code") and error.code is None


def _answer(error: BaseException) -> Mapping[str, Any]:
    """``Code`` and ``Message`` of the storage's answer, where boto3 raised the error for one."""
    response = getattr(error, "response", None)
    answer = response.get("Error") if isinstance(response, Mapping) else None
    return answer if isinstance(answer, Mapping) else {}


def _status(error: BaseException) -> int | None:
    """The HTTP status code that an error carries, wherever its library puts it."""
    for value in _status_values(error):
        try:
            number = int(value)
        except (TypeError, ValueError):
            continue
        if 100 <= number < 600:
            return number
    return None


def _status_values(error: BaseException) -> Iterator[Any]:
    for holder in (error, getattr(error, "response", None)):
        if isinstance(holder, Mapping):
            yield holder.get("ResponseMetadata", {}).get("HTTPStatusCode")
        for name in ("code", "status_code", "status"):
            yield getattr(holder, name, None)
