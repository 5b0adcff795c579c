"""``aiqyn report``: asks the store, takes pictures of what is listed, and writes the page."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import ExitCode, UsageError
from pipelines.report.entries import Entry, read_entries
from pipelines.report.facts import Facts
from pipelines.report.page import render
from pipelines.report.pictures import NONE_ASKED, Shots, take_shots
from pipelines.report.questions import read_facts
from pipelines.store import Store
from pipelines.tables import bounded
from pipelines.whole_file import write_whole
from pipelines.words import Language

MOST_ENTRIES = 100
"""Items that are told one by one: a page of five megabytes holds no more of them with their pictures and stories."""
_LOG = logging.getLogger("aiqyn.report")


def run_report(
    store: str,
    output: Path,
    scan: str | None,
    policy: str | None,
    language: Language,
    detectors: Sequence[str],
    *,
    thumbnails: int,
    are_faces_shown: bool,
) -> ExitCode:
    """Writes the report of a store.

    Args:
        store: Its folder or address.
        output: The page.
        scan: As for ``read_facts``, like policy and detectors.
        policy: Whose verdicts.
        language: Of all texts.
        detectors: Names or folders of packages in which error rates may stand.
        thumbnails: How many items get pictures.
        are_faces_shown: Whether faces of the pictures are not blurred.

    Raises:
        UsageError: There is no such store, scan or policy, or the page cannot be written.
    """
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise UsageError(f"The report cannot be written to {output}: name a file in a folder that is there.")
    facts, entries = _read(store, scan, policy, detectors)
    shots = _shots(entries, thumbnails, are_faces_shown=are_faces_shown)
    now = datetime.now(UTC)
    page = render(facts, entries, shots, language, now, most_shots=thumbnails, are_faces_shown=are_faces_shown)
    try:
        write_whole(output, page)
    except OSError as error:
        raise UsageError(f"The report cannot be written to {output}: {error.strerror}.") from error
    _LOG.info(
        "%s: %s items, %s told one by one, %.1f MB", output, facts.totals.items, len(entries), len(page.encode()) / 1e6
    )
    return ExitCode.COMPLETE


def _read(store: str, scan: str | None, policy: str | None, detectors: Sequence[str]) -> tuple[Facts, list[Entry]]:
    with bounded(Store.open(store).pinned()) as tables:
        facts = read_facts(tables, store, policy, scan, MOST_ENTRIES, detectors)
        return facts, read_entries(tables, [*facts.waiting, *facts.settled], facts.policy, detectors)


def _shots(entries: Sequence[Entry], most: int, *, are_faces_shown: bool) -> list[Shots]:
    if most == 0 or not entries:
        return [NONE_ASKED for _ in entries]
    return list(take_shots(entries, most, are_faces_shown=are_faces_shown))
