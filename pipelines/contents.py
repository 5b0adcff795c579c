"""From places to contents: hashing, and what the store already knows of the bytes."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from pipelines.due import Due
from transforms.containers.opener import Opener, unopened
from transforms.examine.sniff import SNIFF_BYTES, is_named_as_media, sniff
from transforms.outcomes import Reason
from transforms.records import Examination, Place, Reference
from transforms.remote import read_head

_LARGE_BYTES = 8 * 2**20
Hashes = list[str | Examination]
"""Of the places of a segment, in its order: the content hash of each, or why there is none."""
Known = Callable[[list[str]], dict[str, Examination]]
"""Maps content hashes to the examinations that the store has of them."""


def hash_place(place: Place, max_bytes: int, opener: Opener) -> str | Examination:
    """The content hash of a place as 64 hexadecimal digits, or why there is none."""
    if place.refused:
        return Examination.refused(*place.refused)
    if place.content_sha256:
        return place.content_sha256
    if place.problem:
        return Examination.refused(Reason.UNREADABLE, place.problem)
    if place.size_bytes is not None and place.size_bytes > max_bytes:
        return Examination.refused(
            Reason.OVER_SIZE_LIMIT, f"The file has {place.size_bytes:,} bytes; the limit is {max_bytes:,}."
        )
    try:
        if _is_of_no_interest(place):
            return Examination.refused(Reason.NAMED_AS_MEDIA if is_named_as_media(place.name) else Reason.NOT_MEDIA)
        with os.fdopen(opener.open(place), "rb") as file:
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            opener.work.add("bytes_hashed", file.tell())
            return digest
    except OSError as error:
        return unopened(error)


def _is_of_no_interest(place: Place) -> bool:
    """Whether a remote file's first bytes are of neither a picture nor a video; asked where a copy would cost more."""
    if "://" not in place.path or place.member_path is not None or (place.size_bytes or 0) < _LARGE_BYTES:
        return False
    return sniff(read_head(place, SNIFF_BYTES)) is None


def hash_segment(segment: Iterable[Due], max_bytes: int, executor: Executor, opener: Opener) -> Hashes:
    """``hash_place`` for every place of a segment, in its order; gone places get the record that they are gone."""

    def one(due: Due) -> str | Examination:
        return Examination.refused(Reason.VANISHED) if due.gone else hash_place(due.place, max_bytes, opener)

    return list(executor.map(one, segment))


def to_references(segment: Iterable[Due], hashes: Iterable[str | Examination], known: Known) -> list[Reference]:
    """Groups the places of a segment by content; a content that the store knows carries what is known of it."""
    places: dict[str, list[Place]] = {}
    references = []
    for due, found in zip(segment, hashes, strict=True):
        if isinstance(found, str):
            places.setdefault(found, []).append(due.place)
        else:
            key = f"place:{due.place.uri}\0{due.place.member_path or ''}"
            references.append(Reference(key, (due.place,), due.content_sha256, found))
    examinations = known(list(places))
    references += [
        Reference(content, tuple(found), content, examinations.get(content)) for content, found in places.items()
    ]
    return references


def hashed_ahead(
    segments: Sequence[Sequence[Due]], max_bytes: int, cores: int, opener: Opener, seconds: dict[str, float]
) -> Iterator[tuple[Sequence[Due], Hashes, "Future[Hashes] | None"]]:
    """Each segment with its hashes; those of the next one, if any, are made while the caller works on this one.

    Args:
        segments: In the order in which they are given.
        max_bytes: Of a file that is hashed.
        cores: How many files are hashed at a time.
        opener: Opens places.
        seconds: To whose ``hash_wait`` is added what the caller waited.
    """
    with ThreadPoolExecutor(cores) as hashers, ThreadPoolExecutor(1) as ahead:

        def start(index: int) -> "Future[Hashes] | None":
            if index == len(segments):
                return None
            return ahead.submit(hash_segment, segments[index], max_bytes, hashers, opener)

        coming = start(0)
        try:
            for number, segment in enumerate(segments, 1):
                begun = time.monotonic()
                hashes = coming.result() if coming else []
                seconds["hash_wait"] += time.monotonic() - begun
                coming = start(number)
                yield segment, hashes, coming
        finally:
            hashers.shutdown(wait=False, cancel_futures=True)  # a caller that stops waits for no more hashes
