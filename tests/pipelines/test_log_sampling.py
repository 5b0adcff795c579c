"""A fault that strikes a million files does not fill the disk with log lines."""

import json
import logging

import pytest

from pipelines.log_sampling import LogSampler
from pipelines.logs import JsonFormatter


class Told:
    """A logger with a sampler, a clock of its own, and the messages that passed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.records: list[logging.LogRecord] = []
        self.handler = logging.Handler()
        self.handler.emit = self.records.append  # type: ignore[method-assign]
        self.handler.addFilter(LogSampler(lambda: self.now))
        self.log = logging.Logger("aiqyn.test")  # noqa: LOG001  (one for each test)
        self.log.addHandler(self.handler)

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def told() -> Told:
    return Told()


def test_the_first_ten_pass_then_ever_fewer(told: Told) -> None:
    for number in range(1, 2_001):
        told.log.warning("file %d is broken", number)
    assert told.messages[:10] == [f"file {number} is broken" for number in range(1, 11)]
    assert told.messages[10:] == [
        "file 100 is broken (89 lines like it left out)",
        "file 1000 is broken (899 lines like it left out)",
    ]


def test_after_a_minute_they_pass_again(told: Told) -> None:
    for _ in range(30):
        told.log.info("again")
    told.now = 60.0
    told.log.info("again")
    assert told.messages == ["again"] * 10 + ["again (20 lines like it left out)"]


def test_statements_are_counted_apart(told: Told) -> None:
    for _ in range(20):
        told.log.info("one")
        told.log.warning("one")
        told.log.info("another %s", "line")
    assert [told.messages.count(message) for message in ("one", "another line")] == [20, 10]


def test_errors_and_tracebacks_are_never_left_out(told: Told) -> None:
    for _ in range(30):
        told.log.error("broken")
        told.log.warning("odd", exc_info=ValueError())
    assert len(told.messages) == 60


def test_machines_read_how_many_were_left_out(told: Told) -> None:
    for _ in range(100):
        told.log.warning("file is broken")
    assert json.loads(JsonFormatter().format(told.records[-1]))["left_out"] == 89
    assert "left_out" not in json.loads(JsonFormatter().format(told.records[0]))
