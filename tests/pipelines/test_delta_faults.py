"""What delta-rs says of storage: whether it may pass."""

import pytest
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from pipelines.delta_faults import may_pass, patiently, plain

SERVER = "Kernel error -> Generic S3 error\n  \x1b[31m↳\x1b[0m Error performing GET http://s3/x in 5ms - {}"
STATUS = "Server returned non-2xx status code\n  \x1b[31m↳\x1b[0m {}"
CUT = SERVER.format("HTTP error\n request or response body error")


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OSError(CUT), True),
        (DeltaError(CUT), True),
        (CommitFailedError(SERVER.format("HTTP error: error sending request")), True),
        (OSError(SERVER.format(STATUS.format("503 Service Unavailable"))), True),
        (OSError(SERVER.format(STATUS.format("429 Too Many Requests"))), True),
        (OSError(SERVER.format(STATUS.format("400 Bad Request <Error><Code>RequestTimeout</Code></Error>"))), True),
        (OSError(SERVER.format(STATUS.format("400 Bad Request <Error><Code>InvalidRequest</Code></Error>"))), False),
        (OSError(SERVER.format(STATUS.format("403 Forbidden"))), False),
        (TableNotFoundError(CUT), False),
        (CommitFailedError("Transaction failed: version 3 already exists"), False),
        (OSError("No space left on device"), False),
        (ValueError(CUT), False),
    ],
)
def test_what_may_pass(error: Exception, passes: bool) -> None:
    assert may_pass(error) is passes


def test_what_passes_is_tried_again_and_what_does_not_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    faults: list[Exception] = [OSError(CUT), OSError(CUT)]

    def call() -> str:
        if faults:
            raise faults.pop()
        return "read"

    assert patiently(call) == "read"
    faults.append(OSError("No space left on device"))
    with pytest.raises(OSError, match="No space"):
        patiently(call)


def test_it_is_told_in_one_plain_line() -> None:
    assert plain(OSError(CUT)).startswith("Kernel error -> Generic S3 error Error performing GET http://s3/x in 5ms")
