"""From examination and scores to rows: one item row per place, and no way for a gap to read as a result."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from transforms.assemble import assemble, conclude
from transforms.detect.calibration import calibrate
from transforms.detect.package import load_package
from transforms.outcomes import Outcome, Reason
from transforms.records import (
    DetectorInfo,
    DetectorScore,
    Examination,
    FrameKey,
    FrameScore,
    Place,
    Reference,
    SegmentSpec,
)

CONFIG = load_package("aiqyn-compact").config
INFO = DetectorInfo("d", "1", "digest")
SPEC = SegmentSpec("scan", "segment", "/store", "examination", datetime(2026, 1, 2, tzinfo=UTC))
PLACES = (Place("/s", "/s/a.jpg", "/s/a.jpg", 3, 4), Place("/s", "/s/b.txt", "/s/b.txt", 3, 5))
EXAMINED = Examination(Outcome.EXAMINED, media_type="image/jpeg", frames_examined=2)
OK, BAD = FrameScore(1.0), FrameScore(None, "no")


def rows(examination: Examination, scores: list[FrameScore], known: bool = False):
    reference = Reference("hash", PLACES, "hash", examination if known else None)
    scored = [(FrameKey("hash", index, index * 40.0), score) for index, score in enumerate(scores)]
    return assemble(reference, examination, scored[::-1], SPEC, CONFIG, INFO)


def test_one_row_per_place_and_frames_once() -> None:
    found = rows(EXAMINED, [OK, FrameScore(3.0)])
    assert [(row["uri"], row["outcome"], row["frames_examined"]) for row in found.items] == [
        ("/s/a.jpg", "examined", 2),
        ("/s/b.txt", "examined", 2),
    ]
    assert found.items[0]["score"] == pytest.approx(calibrate(2.0, CONFIG))
    assert found.items[0]["examined_at"] == SPEC.started_at
    assert [(row["frame_index"], row["timestamp_ms"], row["raw"]) for row in found.frames] == [
        (0, 0.0, 1.0),
        (1, 40.0, 3.0),
    ]


@pytest.mark.parametrize(
    ("examination", "scores", "outcome", "reason", "frames", "has_score"),
    [
        (EXAMINED, [OK, OK], Outcome.EXAMINED, None, 2, True),
        (EXAMINED, [OK, BAD], Outcome.EXAMINED, None, 1, True),
        (EXAMINED, [BAD, BAD], Outcome.FAILED, Reason.SCORING_FAILED, 0, False),
        (EXAMINED, [], Outcome.FAILED, Reason.SCORING_FAILED, 0, False),
        (EXAMINED.ended(Reason.TRUNCATED, "half"), [OK], Outcome.FAILED, Reason.TRUNCATED, 1, True),
        (Examination.refused(Reason.NOT_MEDIA), [], Outcome.NOT_CHECKED, Reason.NOT_MEDIA, 0, False),
        (Examination.refused(Reason.OUT_OF_MEMORY), [], Outcome.FAILED, Reason.OUT_OF_MEMORY, 0, False),
    ],
)
def test_conclusions(examination, scores, outcome, reason, frames, has_score) -> None:
    found = conclude(examination, scores, CONFIG, INFO)
    assert (found.outcome, found.reason, found.frames_examined, bool(found.scores)) == (
        outcome,
        reason,
        frames,
        has_score,
    )


def test_a_frame_that_could_not_be_scored_is_noted() -> None:
    notes = conclude(EXAMINED, [OK, BAD], CONFIG, INFO).layers
    assert [(note.layer, note.status, note.detail) for note in notes] == [
        ("detector", "frames_failed", "1 of 2 frames")
    ]


def test_known_bytes_keep_their_examination() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    known = replace(EXAMINED, scores=(DetectorScore("d", "digest", 9.0, 0.9, "none"),), examined_at=at)
    found = rows(known, [], known=True)
    assert {(row["score"], row["examined_at"]) for row in found.items} == {(0.9, at)}
    assert found.frames == []


def test_bytes_that_are_no_media_are_named_by_each_place() -> None:
    found = rows(Examination.refused(Reason.NOT_MEDIA), [])
    assert [row["reason"] for row in found.items] == ["named_as_media", "not_media"]
