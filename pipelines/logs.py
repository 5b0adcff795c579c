"""Log lines on stderr: text for people, JSON objects for machines."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pipelines.log_sampling import LogSampler

_TEXT = logging.Formatter("%(levelname)s %(message)s")


class LogFormat(StrEnum):
    """The form of a log line."""

    TEXT = "text"
    JSON = "json"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message; ``left_out``, ``facts``, traceback where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """See the class."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if left_out := getattr(record, "left_out", 0):
            entry["left_out"] = left_out
        if isinstance(facts := getattr(record, "facts", None), dict):
            entry |= facts
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def configure_logging(form: LogFormat, *, verbose: bool) -> None:
    """Sends our log to stderr, and of the libraries only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else _TEXT)
    handler.addFilter(_is_worth_reading)
    if not verbose:
        handler.addFilter(LogSampler())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aiqyn").setLevel(logging.DEBUG if verbose else logging.INFO)
    if not verbose:  # what a transform raises comes back as the pipeline's error, and is told there
        logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)


def warn_now(message: str) -> None:
    """Logs from a signal handler: it may run in the middle of a write, where Python's own streams refuse another."""
    formatters = (handler.formatter for handler in logging.getLogger().handlers)
    formatter = next((one for one in formatters if isinstance(one, JsonFormatter)), _TEXT)
    record = logging.LogRecord("aiqyn", logging.WARNING, __file__, 0, message, None, None)
    os.write(2, f"{formatter.format(record)}\n".encode())


def _is_worth_reading(record: logging.LogRecord) -> bool:
    """Beam warns at every import that Google's cloud client is not installed."""
    return "apitools not found" not in record.getMessage()
