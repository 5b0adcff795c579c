"""Conclude: what detectors answered of an item's frames becomes the item's scores, and reservations where due."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from transforms.detect.calibration import calibrate, level, roll_up
from transforms.detect.fusion import fuse_scores
from transforms.detect.levels import FAILED, NOT_ASSESSABLE
from transforms.detect.package import AnswerConfig, FusionConfig
from transforms.outcomes import Outcome, Reason
from transforms.records import DetectorInfo, DetectorScore, Examination, FrameFacts, FrameKey, FrameScore, LayerNote

_NO_ANSWER = FrameScore(None, "the detector gave no answer")


@dataclass(frozen=True, slots=True)
class Answers:
    """What one detector answered of one item.

    Attributes:
        frames: One answer for each sampled frame, in their order.
        faces: Answers for crops of faces, by frame index and face index; most faces have none.
    """

    config: AnswerConfig
    info: DetectorInfo
    frames: Sequence[FrameScore]
    faces: dict[tuple[int, int], FrameScore] = field(default_factory=dict)


def gather(
    detector: int,
    config: AnswerConfig,
    info: DetectorInfo,
    frames: Sequence[FrameFacts],
    scored: Iterable[tuple[FrameKey, FrameScore]],
) -> Answers:
    """Puts a detector's answers in the order of the frames.

    Args:
        detector: Its index among those of the scan that have networks.
        config: Its calibration and roll-up.
        info: Its identity.
        frames: The item's frames.
        scored: What it answered, in any order.
    """
    whole: dict[int, FrameScore] = {}
    faces: dict[tuple[int, int], FrameScore] = {}
    for key, score in scored:
        if key.face is None:
            whole[key.frame_index] = score
        else:
            faces[key.frame_index, key.face] = score
    answers = []
    for index, facts in enumerate(frames):
        reason = facts.not_assessable[detector]
        answers.append(whole.get(index, _NO_ANSWER) if reason is None else FrameScore(None, None, reason))
    return Answers(config, info, answers, faces)


def fused(config: FusionConfig, info: DetectorInfo, members: Sequence[Answers]) -> Answers:
    """A fusion's answers: those of its members, added up frame by frame and face by face.

    Args:
        config: Its members' weights, its calibration and roll-up.
        info: Its identity.
        members: Their answers of the same item, in the order of ``config.fuses``.
    """
    frames = [fuse_scores(config.fuses, scores) for scores in zip(*(one.frames for one in members), strict=True)]
    # A face that is too small for one member's views, or lies in a frame out of its scope, was put to the others only.
    shared = set.intersection(*(set(one.faces) for one in members))
    faces = {key: fuse_scores(config.fuses, [one.faces[key] for one in members]) for key in sorted(shared)}
    return Answers(config, info, frames, faces)


def conclude(examination: Examination, frames: Sequence[FrameFacts], answers: Sequence[Answers]) -> Examination:
    """Adds each detector's roll-up, and what the frames show of people.

    One detector that fails beside another that answers has an entry without a score; an item of which every detector
    failed was not examined. That a frame is out of a detector's scope is an answer, though one without a number.
    """
    depicts_person, faces_max = _people(frames)
    answered = sum(
        any(one.raw is not None or one.not_assessable is not None for one in of_frame)
        for of_frame in zip(*(one.frames for one in answers), strict=True)
    )
    examination = replace(examination, frames_examined=answered, depicts_person=depicts_person, faces_max=faces_max)
    scores = tuple(_score(one) for one in answers)
    if all(score.level == FAILED for score in scores):
        if examination.outcome is not Outcome.EXAMINED:
            return examination
        errors = (score.error for one in answers for score in one.frames if score.error)
        return examination.ended(Reason.SCORING_FAILED, next(errors, "no frame reached the detector"))
    notes = tuple(note for one in answers for note in _notes(one))
    return replace(examination, scores=scores, layers=(*examination.layers, *notes))


def _people(frames: Sequence[FrameFacts]) -> tuple[bool | None, int | None]:
    counts = [facts.face_count for facts in frames if facts.face_count is not None]
    if any(counts):
        return True, max(counts)
    return (False, 0) if counts and len(counts) == len(frames) else (None, None)


def _score(answers: Answers) -> DetectorScore:
    """The roll-up over the frames that are in scope.

    Where none of these could be scored the level is ``failed``, where there is none at all ``not_assessable``.
    """
    config, info = answers.config, answers.info
    raws = [score.raw for score in answers.frames if score.raw is not None]
    if not raws:
        is_silent = bool(answers.frames) and all(score.not_assessable is not None for score in answers.frames)
        return DetectorScore(info.name, info.digest, None, None, NOT_ASSESSABLE if is_silent else FAILED)
    raw = roll_up(raws, config)
    calibrated = calibrate(raw, config)
    face_raws = [score.raw for score in answers.faces.values() if score.raw is not None]
    face_raw = roll_up(face_raws, config) if face_raws else None
    return DetectorScore(
        info.name,
        info.digest,
        raw,
        calibrated,
        level(calibrated, config),
        face_raw,
        None if face_raw is None else calibrate(face_raw, config),
    )


def _notes(answers: Answers) -> list[LayerNote]:
    """How many frames, and faces, have no score, and why."""
    layer, count = f"detector:{answers.info.name}", len(answers.frames)
    reasons = Counter(score.not_assessable for score in answers.frames if score.not_assessable)
    errors = sum(score.error is not None for score in answers.frames)
    face_errors = sum(score.raw is None for score in answers.faces.values())
    notes = []
    if len(reasons) == 1:
        notes.append(LayerNote(layer, NOT_ASSESSABLE, f"{reasons.total()} of {count} frames: {next(iter(reasons))}"))
    elif reasons:
        named = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
        notes.append(LayerNote(layer, NOT_ASSESSABLE, f"{reasons.total()} of {count} frames: {named}"))
    if errors:
        notes.append(LayerNote(layer, "frames_failed", f"{errors} of {count} frames"))
    if face_errors:
        notes.append(LayerNote(layer, "faces_failed", f"{face_errors} of {len(answers.faces)} faces"))
    return notes
