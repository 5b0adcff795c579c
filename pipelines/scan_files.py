"""Keeps a scan's summary and metrics files up to date while it runs, and writes them once more when it ends."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from pipelines.errors import StoreBusyError, UsageError
from pipelines.scan_metrics import metrics_text
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.scan_report import ScanReport, summary_text
from pipelines.store import Store
from pipelines.tables import connect
from pipelines.whole_file import write_whole

_LOG = logging.getLogger("aiqyn.scan")
_SECONDS = 5.0
_LAST_COMPLETE = """
SELECT max(finished_at) FROM scans WHERE status = 'complete' AND part IS NOT DISTINCT FROM $part
"""


@dataclass(frozen=True, slots=True)
class ScanFiles:
    """Where a scan tells other programs of itself; None for nowhere."""

    summary: Path | None = None
    metrics: Path | None = None

    def check(self) -> "ScanFiles":
        """The files that can be written: without metrics a scan is as good, and only warns.

        Raises:
            UsageError: One cannot be where it is named, or the summary cannot be written.
        """
        for option, file in (("--summary", self.summary), ("--metrics-file", self.metrics)):
            if file and not file.parent.is_dir():
                raise UsageError(f"{option}: there is no folder {file.parent}. Make it, or name a file elsewhere.")
            if file and file.exists() and not file.is_file():
                raise UsageError(f"{option}: {file} is no file, and would be replaced by one. Name another.")
        if self.summary and not os.access(self.summary.parent, os.W_OK):
            raise UsageError(f"--summary: no file can be written into {self.summary.parent}. Name one elsewhere.")
        if self.metrics and not os.access(self.metrics.parent, os.W_OK):
            _LOG.warning("No metrics are written: no file can be written into %s", self.metrics.parent)
            return ScanFiles(self.summary)
        return self


class _Kept:
    """One file, rewritten when its text changed; the first time that this fails is told, and the scan goes on."""

    def __init__(self, path: Path, text: Callable[[], str]) -> None:
        self._path, self._text = path, text
        self._written = ""
        self._has_warned = False

    def write(self) -> None:
        text = self._text()
        if text == self._written:
            return
        try:
            write_whole(self._path, text)
            self._written = text
        except OSError as error:
            if not self._has_warned:
                _LOG.warning("%s cannot be written: %s. The scan goes on without it", self._path, error.strerror)
            self._has_warned = True


@contextmanager
def kept_up(files: ScanFiles, report: ScanReport) -> Iterator[None]:
    """While it is entered the files say how the scan goes; after it, how it ended.

    They are left alone until the scan holds the store and has its plan, and for good where another scan holds it: both
    are then that scan's.
    """
    kept = [_Kept(files.summary, partial(summary_text, report))] if files.summary else []
    if files.metrics:
        kept.append(_Kept(files.metrics, partial(metrics_text, report, _last_complete(report.store, report.part))))
    stopped = threading.Event()
    beat = threading.Thread(target=_beat, args=(kept, report, stopped), name="scan-files", daemon=True)
    beat.start()
    is_ours = True
    try:
        yield
    except StoreBusyError:
        is_ours = False
        raise
    except BaseException as error:
        report.fail(error)
        raise
    finally:
        stopped.set()
        beat.join()
        for file in kept if is_ours else ():
            file.write()


def _beat(kept: list[_Kept], report: ScanReport, stopped: threading.Event) -> None:
    while not stopped.wait(_SECONDS):
        if report.summary:
            for file in kept:
                file.write()


def _last_complete(root: str, part: ScanPart = WHOLE) -> datetime | None:
    """When a scan of this store, and of this part, last came to its end; None where that cannot be told."""
    store = Store(root)
    if not store.exists():
        return None
    try:
        with connect(store, asked=_LAST_COMPLETE) as tables:
            told = tables.execute(_LAST_COMPLETE, {"part": part.told}).fetchone()
    except (UsageError, duckdb.BinderException):  # of an earlier version: this scan adds what it lacks
        return None
    return told[0] if told else None
