"""What lies on remote filesystems that Beam knows, looked up with patience."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.globs import SPECIAL
from transforms.outcomes import Reason
from transforms.retry import is_passing, reason_of, retried

if TYPE_CHECKING:
    from apache_beam.io.filesystem import FileMetadata

_BATCH = 100
_AT_ONCE = 16


def match_all(patterns: Sequence[str]) -> "list[FileMetadata]":
    """Everything that matches one of the patterns, all of one filesystem; errors that may pass are waited out.

    Raises:
        Exception: As the filesystem raised it, ``BeamIOError`` for the most part.
    """
    from apache_beam.io.filesystems import FileSystems

    return [metadata for result in retried(lambda: FileSystems.match(patterns)) for metadata in result.metadata_list]


def look_up(uris: Iterable[str]) -> "Iterator[tuple[str, FileMetadata | Exception | None]]":
    """Each address, taken literally, with what lies there: None for nothing, an error where that cannot be told.

    All have to be different. Batches are looked up side by side, since Beam asks for one item after the other.

    Raises:
        Exception: One that may pass and did not, or one that tells of the filesystem and not of an item.
    """
    by_scheme: defaultdict[str, list[str]] = defaultdict(list)
    for uri in uris:
        by_scheme[uri.partition("://")[0]].append(uri)
    if not by_scheme:
        return  # and Beam, which takes seconds to load, is not needed
    from apache_beam.io.filesystems import FileSystems

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look-up") as threads:
        for wanted in by_scheme.values():
            FileSystems.get_filesystem(wanted[0])  # its fault would else be told of every item
            waiting = iter(wanted)
            while batches := [batch for _ in range(_AT_ONCE) if (batch := list(islice(waiting, _BATCH)))]:
                for batch, found in zip(batches, threads.map(_look_up_batch, batches), strict=True):
                    yield from zip(batch, found, strict=True)


def _look_up_batch(uris: list[str]) -> "list[FileMetadata | Exception | None]":
    """Beam gives either all results or all errors: what is at fault is taken out, and the rest asked for once more."""
    from apache_beam.io.filesystem import BeamIOError

    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for uri in uris:
        wanted[as_pattern(uri)].append(uri)
    answers: dict[str, FileMetadata | Exception | None] = dict.fromkeys(uris)
    while wanted:
        try:
            found = match_all(list(wanted))
        except BeamIOError as error:
            details = error.exception_details or {}
            lasting = {one: details[one] for one in wanted if one in details and not is_passing(details[one])}
            if not lasting:
                raise
            for pattern, fault in lasting.items():
                told = None if reason_of(fault) is Reason.VANISHED else fault
                answers |= dict.fromkeys(wanted.pop(pattern), told)
        else:
            answers |= {metadata.path: metadata for metadata in found if metadata.path in answers}
            break
    return list(answers.values())


def as_pattern(uri: str) -> str:
    """A pattern that matches this address, and at most such as differ from it in a ``*``, ``?`` or ``[``."""
    return SPECIAL.sub("?", uri)
