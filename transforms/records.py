"""The records that flow through a segment: small, frozen, picklable; frames excepted, none holds media bytes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from transforms.beside.context import Context
from transforms.containers.entries import SEPARATOR
from transforms.marks.mark import Mark
from transforms.outcomes import Outcome, Reason

if TYPE_CHECKING:
    from transforms.examine.faces import Face
    from transforms.marks.found import MarksFound


def address_of(uri: str, member_path: str | None) -> str:
    """A place as people name it; that of a member of a container is also what globs and context rows match."""
    return uri if member_path is None else f"{uri}{SEPARATOR}{member_path}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input lies, as the inventory saw it.

    Attributes:
        source: The SOURCE argument through which it was listed.
        uri: Printable address, the row key; bytes of a name that are no UTF-8 are escaped.
        path: Address to open; equals ``uri`` but for such names.
        size_bytes: Size when listed, or None where it could not be read.
        mtime_ns: Modification time when listed, in nanoseconds since the epoch, or None.
        member_path: Path inside a container, or None.
        problem: Why it cannot be opened at all, or None.
        refused: Reason and sentence that its container's listing, or its own, gave instead of opening it, or None.
        content_sha256: Of a member whose container had to be unpacked to be listed, else None.
        ordinal: Of a member in its container, else None.
        members: How many a container has, as far as it could be listed, else None.
        beside: Its sidecars, in the order in which they are read.
        context: Its row of the context table, or None.
        etag: What its storage names these very bytes, where it does; of a member its container's.
    """

    source: str
    uri: str
    path: str
    size_bytes: int | None
    mtime_ns: int | None
    member_path: str | None = None
    problem: str | None = None
    beside: tuple["Place", ...] = ()
    context: Context | None = None
    refused: tuple[Reason, str] | None = None
    content_sha256: str | None = None
    ordinal: int | None = None
    members: int | None = None
    etag: str | None = None

    @property
    def address(self) -> str:
        """For people: ``shard.tar!/path/in/it`` for a member of a container."""
        return address_of(self.uri, self.member_path)

    @property
    def name(self) -> str:
        """Of the file, without its folders."""
        return (self.member_path or self.uri).rpartition("/")[2]

    @property
    def beside_digest(self) -> str | None:
        """SHA-256 of what its sidecars looked like when listed, and of its context row; None where it has neither."""
        if not self.beside and self.context is None:
            return None
        seen = sorted(
            ([one.name, one.size_bytes, one.mtime_ns, *filter(None, [one.etag])] for one in self.beside), key=str
        )
        basis = json.dumps([seen, self.context.digest if self.context else None])
        return hashlib.sha256(basis.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LayerNote:
    """What one layer of the examination could not do, or did with a reservation."""

    layer: str
    status: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """One detector's roll-up for one item; ``calibrated`` is in [0, 1], null where nothing could be scored.

    ``face_raw`` and ``face_calibrated`` roll up the crops of faces in the same way, null where none was scored. They
    are for information: no false-alarm rate is measured for crops of faces yet, so ``level`` does not look at them.
    """

    detector: str
    digest: str
    raw: float | None
    calibrated: float | None
    level: str
    face_raw: float | None = None
    face_calibrated: float | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What was learnt about one content, whatever happened to it. ``reason`` is null exactly for ``examined``.

    ``depicts_person`` is True where a face was found, False where none was found in any examined frame (a person may
    still be there, turned away or small), None where faces were not looked for in every frame; ``faces_max`` is the
    largest number of faces in one frame. ``marks`` are what this examination found; those of an examination that the
    store knew lie in its table already. ``duplicate_of`` is the content that one looks like which was not examined for
    that reason.
    """

    outcome: Outcome
    reason: Reason | None = None
    detail: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: float | None = None
    perceptual_hash: str | None = None
    captured_at: str | None = None
    frames_examined: int = 0
    scores: tuple[DetectorScore, ...] = ()
    layers: tuple[LayerNote, ...] = ()
    examined_at: datetime | None = None
    depicts_person: bool | None = None
    faces_max: int | None = None
    marks: tuple[Mark, ...] = ()
    duplicate_of: str | None = None

    @classmethod
    def refused(cls, reason: Reason, detail: str | None = None) -> "Examination":
        """An examination that ended with ``reason``; its outcome follows from the reason."""
        return cls(outcome=reason.outcome, reason=reason, detail=detail or reason.sentence)

    def ended(self, reason: Reason, detail: str) -> "Examination":
        """The same facts, with another ending."""
        return replace(self, outcome=reason.outcome, reason=reason, detail=detail)


@dataclass(frozen=True, slots=True)
class Reference:
    """One content of a segment and every place of the segment where it lies.

    Attributes:
        key: Content hash, or the place's address where the bytes could not be hashed.
        places: Non-empty; they are opened in turn until one gives the bytes.
        content_sha256: Hexadecimal, or None where the bytes could not be read.
        known: The examination to record without opening the file, or None: examine it.
        beside: What the texts beside each of the places say, in their order; empty until these were read.
    """

    key: str
    places: tuple[Place, ...]
    content_sha256: str | None
    known: Examination | None = None
    beside: "tuple[MarksFound, ...]" = ()


@dataclass(frozen=True, slots=True)
class FrameKey:
    """Which frame of which content: ``frame_index`` counts the sampled frames from 0.

    ``timestamp_ms`` is the frame's own presentation time, exact to a microsecond; None for a still or a page.
    ``face`` is None for the frame as a whole, else the index of one of its faces in ``FrameFacts``.
    """

    key: str
    frame_index: int
    timestamp_ms: float | None
    face: int | None = None


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What rows say of one sampled frame, beside scores.

    Attributes:
        timestamp_ms: As in ``FrameKey``.
        not_assessable: For each detector of the scan that has a network why the frame is out of its scope, or None: it
            is to be scored.
        face_count: Faces found, or None where none were looked for.
        faces: Boxes of the surest of them, or None likewise.
    """

    timestamp_ms: float | None
    not_assessable: tuple[str | None, ...]
    face_count: int | None = None
    faces: "tuple[Face, ...] | None" = None


@dataclass(frozen=True, slots=True)
class FrameScore:
    """The detector's raw logit for one frame, or the error that it cost, or why it is out of the detector's scope."""

    raw: float | None
    error: str | None = None
    not_assessable: str | None = None


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """The identity of a detector that rows carry."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class DetectorChoice:
    """A detector of a scan.

    Attributes:
        package: Name or folder of its package, resolved on the worker.
        info: Whose package that is.
        is_fusion: Whether it is computed from the answers of others, so that it gets no views and has no network.
    """

    package: str
    info: DetectorInfo
    is_fusion: bool = False


@dataclass(frozen=True, slots=True)
class SegmentSpec:
    """What every row of a segment shares; travels to workers inside the transforms.

    Attributes:
        store: Root of the store, local path or ``s3://`` address, visible to every worker.
        examination: Digest of detectors, profile and layer versions; see ``pipelines.plan``.
        started_at: When the segment started, in UTC; the clock is read once, by the driver.
        s3_endpoint: From ``--s3-endpoint``, for workers on other machines.
    """

    scan_id: str
    segment_id: str
    store: str
    examination: str
    started_at: datetime
    extra: Mapping[str, Any] = field(default_factory=dict)
    s3_endpoint: str = ""
