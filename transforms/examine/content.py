"""Examines one file from its open descriptor: sniffs, decodes, samples, and says what it learnt."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

import cv2
from PIL import Image

from transforms.containers.beginnings import kind_of
from transforms.examine import pictures, videos
from transforms.examine.faces import FaceFinder
from transforms.examine.frames import Frame, MediaError, perceptual_hash
from transforms.examine.pictures import PictureFacts
from transforms.examine.settings import ExamineSettings
from transforms.examine.sniff import SNIFF_BYTES, is_named_as_media, sniff
from transforms.examine.videos import Video
from transforms.examine.views import FrameViews, look
from transforms.labels.kept import LAYER, small
from transforms.marks.found import MarksFound
from transforms.marks.mark import Mark
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.settings import MarkReading
from transforms.marks.stealth import read_stealth_marks
from transforms.marks.watermark import MOST_PIXELS, find_watermarks
from transforms.outcomes import Outcome, Reason
from transforms.records import Examination, LayerNote

if TYPE_CHECKING:
    from transforms.labels.layer import LabelLayer

Emit = Callable[[FrameViews], None]
"""Takes what is kept of one sampled frame."""
Look = Callable[[Frame], FrameViews]
Like = Callable[[str], str | None]
"""Tells which content a perceptual hash is near to."""
ReadMarks = Callable[[BinaryIO, str], MarksFound]
"""Reads the marks of a file of that media type; leaves it anywhere."""


def examine_content(
    file: BinaryIO,
    name: str,
    settings: ExamineSettings,
    emit: Emit,
    finder: FaceFinder | None = None,
    read_marks: ReadMarks | None = None,
    labels: "LabelLayer | None" = None,
    like: Like | None = None,
) -> Examination:
    """Examines one file and emits the facts and views of its sampled frames.

    Args:
        file: Open for reading, seekable, at the start; only this file is read.
        name: The file's name, used for nothing but the reason when its content is no media.
        settings: What to sample and within which limits.
        emit: Called once per sampled frame, in order.
        finder: Finds faces; without it none are looked for.
        read_marks: Reads what the file declares; without it nothing is read. It is asked first: what a file declares
            does not depend on whether it can be decoded.
        labels: Reads the labels that frames show; without it none are looked for.
        like: Tells of a perceptual hash which content it is near to: such a picture is not examined.

    Returns:
        The examination without scores; ``frames_examined`` counts the emitted frames. Nothing that a file can do
        makes this raise.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    if size_bytes == 0:
        return Examination.refused(Reason.EMPTY_FILE)
    if size_bytes > settings.limits.file_bytes:
        detail = f"The file has {size_bytes:,} bytes; the limit is {settings.limits.file_bytes:,}."
        return Examination.refused(Reason.OVER_SIZE_LIMIT, detail)
    head = file.read(SNIFF_BYTES)
    media_type = sniff(head)
    file.seek(0)
    if media_type is None:
        reason = Reason.NAMED_AS_MEDIA if is_named_as_media(name) else Reason.NOT_MEDIA
        kind = kind_of(head)
        told = f" It begins as a {kind} archive does; its members were not looked at."
        return Examination.refused(reason, reason.sentence + told if kind else None)
    marks = read_marks(file, media_type) if read_marks else MarksFound((), ())
    file.seek(0)
    found = _examine_frames(file, media_type, settings, emit, finder, labels, like)
    return replace(found, marks=(*marks.marks, *found.marks), layers=(*marks.layers, *found.layers))


def _examine_frames(
    file: BinaryIO,
    media_type: str,
    settings: ExamineSettings,
    emit: Emit,
    finder: FaceFinder | None,
    labels: "LabelLayer | None",
    like: Like | None,
) -> Examination:
    examine = partial(_examine_picture, like=like) if media_type.startswith("image/") else _examine_video
    try:
        return examine(file, media_type, settings, emit, partial(look, settings=settings, finder=finder), labels)
    except MediaError as error:
        return replace(Examination.refused(error.reason, error.detail), media_type=media_type)
    except (cv2.error, MemoryError) as error:
        told = _told(error)
        return replace(Examination.refused(told.reason, told.detail), media_type=media_type)


def _examine_picture(
    file: BinaryIO,
    media_type: str,
    settings: ExamineSettings,
    emit: Emit,
    look_at: Look,
    labels: "LabelLayer | None",
    like: Like | None,
) -> Examination:
    image, facts = pictures.open_picture(file.read(), media_type, settings.limits)
    frames = pictures.sample_picture(image, facts, settings.sampling, settings.limits)
    if facts.frame_count > 1:
        return _with_labels(frames, facts, media_type, emit, look_at, labels)
    if like is not None:
        frames = _unlike(frames, like)
    marks: list[Mark] = []
    if labels is not None:
        frames = _read_still(frames, labels, marks)
    if settings.marks.enabled:
        frames = _search(frames, image, settings.marks, marks, facts.notes)
    return replace(_emit_all(frames, facts, media_type, emit, look_at), marks=tuple(marks))


class _LikeAnotherError(MediaError):
    """A picture that is near to a content that was examined."""

    def __init__(self, perceptual_hash: str, content: str) -> None:
        super().__init__(Reason.NEAR_DUPLICATE, f"It looks like {content}, which was examined.")
        self.perceptual_hash = perceptual_hash
        self.content = content


def _unlike(frames: Iterator[Frame], like: Like) -> Iterator[Frame]:
    """The same frame, unless it is near to a content that was examined."""
    for frame in frames:
        told = perceptual_hash(frame.rgb)
        if content := like(told):
            raise _LikeAnotherError(told, content)
        yield frame


def _read_still(frames: Iterator[Frame], labels: "LabelLayer", marks: list[Mark]) -> Iterator[Frame]:
    """The same frame; what it shows to be read goes to ``marks``."""
    for frame in frames:
        marks += labels.of_picture(frame.rgb)
        yield frame


def _search(
    frames: Iterator[Frame], image: Image.Image, reading: MarkReading, marks: list[Mark], notes: list[LayerNote]
) -> Iterator[Frame]:
    """The same frames; what is hidden in the pixels goes to ``marks``."""
    for frame in frames:
        height, width = frame.rgb.shape[:2]
        if image.mode in {"RGB", "RGBA"}:  # of the stored pixels: a frame has no alpha any more
            columns = partial(pictures.first_columns, image)
            marks += read_stealth_marks(columns, read_rules(), keep_prompts=reading.keep_prompts)
        if reading.watermarks and height * width <= MOST_PIXELS:
            marks += find_watermarks(frame.rgb)
        elif reading.watermarks:
            notes.append(LayerNote("watermark", "not_checked", f"larger than {MOST_PIXELS:,} pixels"))
        yield frame


def _examine_video(
    file: BinaryIO,
    media_type: str,
    settings: ExamineSettings,
    emit: Emit,
    look_at: Look,
    labels: "LabelLayer | None",
) -> Examination:
    video = videos.open_video(file, media_type, settings.limits)
    frames = videos.sample_video(video, settings.sampling)
    return _with_labels(frames, video, media_type, emit, look_at, labels)


def _with_labels(
    frames: Iterator[Frame],
    facts: PictureFacts | Video,
    media_type: str,
    emit: Emit,
    look_at: Look,
    labels: "LabelLayer | None",
) -> Examination:
    """Emits every frame, and reads the labels of all that decoded, with a video's opening seconds, at the end."""
    if labels is None:
        return _emit_all(frames, facts, media_type, emit, look_at)
    kept: list[Frame] = []
    found = _emit_all(_kept(frames, kept), facts, media_type, emit, look_at)
    notes: list[LayerNote] = []
    if isinstance(facts, Video) and kept:
        try:
            kept += map(small, videos.sample_opening(facts, [frame.timestamp_ms or 0.0 for frame in kept]))
        except (MediaError, cv2.error) as error:
            notes.append(LayerNote(LAYER, "incomplete", f"opening seconds: {error}"[:300]))
    marks = labels.of_frames(kept, found.duration_ms) if kept else []
    return replace(found, marks=tuple(marks), layers=(*found.layers, *notes))


def _kept(frames: Iterator[Frame], kept: list[Frame]) -> Iterator[Frame]:
    for frame in frames:
        kept.append(small(frame))
        yield frame


def _emit_all(
    frames: Iterator[Frame], facts: PictureFacts | Video, media_type: str, emit: Emit, look_at: Look
) -> Examination:
    """Emits every frame; ``facts`` are read only then, since decoding completes them."""
    count, first_hash = 0, None
    ending: MediaError | None = None
    try:
        for frame in frames:
            first_hash = first_hash or perceptual_hash(frame.rgb)
            emit(look_at(frame))
            count += 1
    except MediaError as error:
        ending = error
    except (cv2.error, MemoryError) as error:
        ending = _told(error)
    found = Examination(
        Outcome.EXAMINED,
        media_type=media_type,
        width=facts.width,
        height=facts.height,
        duration_ms=facts.duration_ms,
        perceptual_hash=first_hash,
        captured_at=facts.captured_at,
        frames_examined=count,
        layers=tuple(facts.notes),
    )
    if isinstance(ending, _LikeAnotherError):
        found = replace(found, perceptual_hash=ending.perceptual_hash, duplicate_of=ending.content)
    return found.ended(ending.reason, ending.detail) if ending else found


def _told(error: cv2.error | MemoryError) -> MediaError:
    if isinstance(error, MemoryError):
        return MediaError(Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY.sentence)
    # OpenCV passes C++'s own error on without a code.
    is_memory = getattr(error, "code", None) == cv2.Error.StsNoMem or "bad_alloc" in str(error)
    return MediaError(Reason.OUT_OF_MEMORY if is_memory else Reason.CORRUPT, str(error)[:300])
