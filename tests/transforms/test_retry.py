"""Faults of remote storage: which are waited out, for how long, and what the others mean."""

from typing import ClassVar

import pytest
from apache_beam.io.filesystem import BeamIOError

from tests.faulty import StorageError
from transforms.outcomes import Reason
from transforms.retry import ShortReadError, causes, delay_seconds, is_passing, reason_of, retried, sentence_of


class ReadTimeoutError(Exception):
    """Named as urllib3 names it."""


class ResponseStreamingError(Exception):
    """Named as botocore names it, which has a place for an answer and none in it."""

    response: ClassVar = None


class FlexibleChecksumError(Exception):
    """Likewise."""


class ClientError(Exception):
    """As boto3 raises it."""

    def __init__(self, status: int, code: str = "x", message: str = "") -> None:
        super().__init__(f"An error occurred ({code}) when calling the GetObject operation: {message}")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": code, "Message": message}}


class GoogleError(Exception):
    """As Google's clients raise it: for an answer, or when they have waited for a better one long enough."""

    def __init__(self, message: str, code: int | None = None, cause: Exception | None = None) -> None:
        super().__init__(message)
        self.message, self.cause = message, cause
        if code:
            self.code = code


FAULTS = [
    (TimeoutError(), True, Reason.UNREADABLE),
    (ConnectionResetError(104, "Connection reset by peer"), True, Reason.UNREADABLE),
    (OSError(113, "No route to host"), True, Reason.UNREADABLE),
    (ReadTimeoutError(), True, Reason.UNREADABLE),
    (ResponseStreamingError(), True, Reason.UNREADABLE),
    (FlexibleChecksumError(), True, Reason.UNREADABLE),
    (ClientError(503), True, Reason.UNREADABLE),
    (ClientError(400), False, Reason.UNREADABLE),
    (ClientError(400, "RequestTimeout"), True, Reason.UNREADABLE),
    (ClientError(404, "NoSuchKey"), False, Reason.VANISHED),
    (ClientError(412, "PreconditionFailed"), False, Reason.CHANGED_DURING_SCAN),
    (ShortReadError("5 bytes came, and 7 were listed."), True, Reason.CHANGED_DURING_SCAN),
    *((StorageError(code), True, Reason.UNREADABLE) for code in (408, 429, 500, 502, 503, 504, None)),
    *((StorageError(code), False, Reason.UNREADABLE) for code in (400, 401, 403, 501)),
    *((StorageError(code), False, Reason.VANISHED) for code in (404, 410)),
    *((StorageError(code), False, Reason.CHANGED_DURING_SCAN) for code in (412, 416)),
    (FileNotFoundError(2, "No such file or directory"), False, Reason.VANISHED),
    (PermissionError(13, "Permission denied"), False, Reason.UNREADABLE),
    (OSError(28, "No space left on device"), False, Reason.UNREADABLE),
    (ValueError("no such scheme"), False, Reason.UNREADABLE),
    (BeamIOError("List operation failed"), False, Reason.UNREADABLE),
]


@pytest.mark.parametrize(("error", "passes", "reason"), FAULTS, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("wraps", [0, 1, 2])
def test_what_a_fault_means_however_often_beam_wraps_it(error, passes, reason, wraps) -> None:
    wrapped = error
    for _ in range(wraps):
        wrapped = BeamIOError("Match operation failed", {"s3://b/a": wrapped})
    assert (is_passing(wrapped), reason_of(wrapped)) == (passes, reason)
    assert causes(wrapped) == [error]


@pytest.mark.parametrize("last", [GoogleError("GET http://x/y: Busy.", 503), ConnectionResetError(104, "Busy.")])
def test_what_a_client_waited_for_in_vain_is_as_its_last_fault(last: Exception) -> None:
    given_up = BeamIOError("", {"gs://b/a": GoogleError("Timeout of 120.0s exceeded", cause=last)})
    assert (is_passing(given_up), sentence_of(given_up)) == (True, "Busy.")


def test_of_several_faults_all_have_to_pass() -> None:
    assert is_passing(BeamIOError("", {"a": TimeoutError(), "b": StorageError(503)}))
    assert not is_passing(BeamIOError("", {"a": TimeoutError(), "b": StorageError(403)}))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StorageError(403, "Forbidden"), "Access is refused: Forbidden."),
        (PermissionError(13, "Permission denied"), "Access is refused: Permission denied."),
        (BeamIOError("x", {"a": StorageError(500, "We  encountered\nan error.")}), "We encountered an error."),
        (ClientError(403, "AccessDenied", "Access Denied"), "Access is refused: Access Denied."),
        (ClientError(400, "ExpiredToken", "The token has expired."), "The token has expired."),
        (TimeoutError(), "The storage gave no reason (TimeoutError)."),
        (GoogleError("GET https://x/b/o?alt=media: No access.", 403), "Access is refused: No access."),
        (
            GoogleError("GET https://x/b/o: No access.: ('Request failed with status code', 403)", 403),
            "Access is refused: No access.",
        ),
        (ValueError("y" * 900), f"{'y' * 200}."),
    ],
)
def test_a_fault_in_one_line(error: Exception, sentence: str) -> None:
    assert sentence_of(error) == sentence


@pytest.mark.parametrize(
    ("faults", "waits", "ends"),
    [
        ([], 0, "done"),
        ([TimeoutError()], 1, "done"),
        ([TimeoutError(), StorageError(503)], 2, "done"),
        ([TimeoutError(), TimeoutError(), StorageError(503, "third")], 2, "third"),
        ([StorageError(403, "never")], 0, "never"),
        ([TimeoutError(), StorageError(404, "then gone")], 1, "then gone"),
    ],
)
def test_three_tries_with_waits_in_between(faults: list[Exception], waits: int, ends: str) -> None:
    left, waited = list(faults), []

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    try:
        ended = retried(call, sleep=waited.append)
    except Exception as error:  # noqa: BLE001  (any of the above)
        ended = str(error)
    assert (ended, len(waited), left) == (ends, waits, [])


def test_no_further_call_after_a_minute() -> None:
    times = iter([0.0, 61.0])
    with pytest.raises(TimeoutError):
        retried(_time_out, sleep=lambda _: pytest.fail("no wait"), clock=lambda: next(times))


def _time_out() -> None:
    raise TimeoutError


def test_waits_double_and_are_cut_at_random_and_bounded() -> None:
    for number, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (50, 8.0)):
        waits = {delay_seconds(number) for _ in range(100)}
        assert longest / 2 <= min(waits) < max(waits) <= longest
