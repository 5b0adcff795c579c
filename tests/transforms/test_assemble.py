"""From examination and answers to rows: one item row per place, one frame row per frame and detector."""

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

import configs
from transforms.assemble import assemble
from transforms.beside.context import Context
from transforms.conclude import gather
from transforms.detect.calibration import calibrate
from transforms.detect.package import load_package
from transforms.examine.faces import Face
from transforms.marks.found import MarksFound
from transforms.marks.mark import Mark, MarkClass, Says, Shown
from transforms.outcomes import Outcome, Reason
from transforms.records import (
    DetectorInfo,
    DetectorScore,
    Examination,
    FrameFacts,
    FrameKey,
    FrameScore,
    LayerNote,
    Place,
    Reference,
    SegmentSpec,
)
from transforms.schemas import MARKS

CONFIG = load_package(configs.DEFAULT_DETECTOR).config
INFOS = (DetectorInfo("d", "1", "digest"), DetectorInfo("e", "1", "other"))
SPEC = SegmentSpec("scan", "segment", "/store", "examination", datetime(2026, 1, 2, tzinfo=UTC))
PLACES = (Place("/s", "/s/a.jpg", "/s/a.jpg", 3, 4), Place("/s", "/s/b.txt", "/s/b.txt", 3, 5))
EXAMINED = Examination(Outcome.EXAMINED, media_type="image/jpeg", frames_examined=2)
FACES = (Face(1, 2, 30, 40, 0.9), Face(5, 6, 70, 80, 0.8))


def rows(examination: Examination, frames: list[FrameFacts], *scored, known: bool = False):
    """``scored``: for each detector its scores by (frame index, face index or None)."""
    reference = Reference("hash", PLACES, "hash", examination if known else None)
    answers = [
        gather(
            number,
            CONFIG,
            INFOS[number],
            frames,
            [(FrameKey("hash", frame, None, face), score) for (frame, face), score in scores.items()],
        )
        for number, scores in enumerate(scored)
    ]
    return assemble(reference, examination, frames, answers, SPEC)


TWO_FRAMES = [FrameFacts(0.0, (None,)), FrameFacts(40.0, (None,))]


def test_one_row_per_place_and_frames_once() -> None:
    found = rows(EXAMINED, TWO_FRAMES, {(1, None): FrameScore(3.0), (0, None): FrameScore(1.0)})
    assert [(row["uri"], row["outcome"], row["frames_examined"]) for row in found.items] == [
        ("/s/a.jpg", "examined", 2),
        ("/s/b.txt", "examined", 2),
    ]
    assert found.items[0]["examined_at"] == SPEC.started_at
    assert [(row["frame_index"], row["timestamp_ms"], row["raw"]) for row in found.frames] == [
        (0, 0.0, 1.0),
        (1, 40.0, 3.0),
    ]


def test_each_detector_has_its_rows_and_the_first_one_the_item_s_score() -> None:
    frames = [FrameFacts(0.0, (None, "flat")), FrameFacts(40.0, (None, None))]
    found = rows(
        EXAMINED, frames, {(0, None): FrameScore(1.0), (1, None): FrameScore(None, "no")}, {(1, None): FrameScore(2.0)}
    )
    names = ("detector", "detector_digest", "frame_index", "timestamp_ms", "raw", "error", "not_assessable")
    assert [tuple(row[name] for name in names) for row in found.frames] == [
        ("d", "digest", 0, 0.0, 1.0, None, None),
        ("d", "digest", 1, 40.0, None, "no", None),
        ("e", "other", 0, 0.0, None, None, "flat"),
        ("e", "other", 1, 40.0, 2.0, None, None),
    ]
    assert [row["score"] for row in found.frames] == [
        None if row["raw"] is None else pytest.approx(calibrate(row["raw"], CONFIG)) for row in found.frames
    ]
    assert found.items[0]["score"] == pytest.approx(calibrate(1.0, CONFIG))
    assert [score["raw"] for score in found.items[0]["scores"]] == [1.0, 2.0]


def test_an_item_that_its_first_detector_cannot_assess_has_no_score_whatever_the_second_says() -> None:
    found = rows(EXAMINED, [FrameFacts(None, ("flat", None))], {}, {(0, None): FrameScore(2.0)})
    assert (found.items[0]["outcome"], found.items[0]["score"]) == ("examined", None)
    assert found.items[0]["scores"][1]["raw"] == 2.0


def test_boxes_of_faces_are_the_same_for_each_detector_and_scores_its_own() -> None:
    frames = [FrameFacts(None, (None, None), 2, FACES)]
    found = rows(
        EXAMINED,
        frames,
        {(0, None): FrameScore(1.0), (0, 1): FrameScore(4.0)},
        {(0, None): FrameScore(1.0)},
    )
    box = {"x": 1, "y": 2, "width": 30, "height": 40, "confidence": 0.9, "score": None, "raw": None}
    assert [row["face_count"] for row in found.frames] == [2, 2]
    assert [row["faces"][0] for row in found.frames] == [box, box]
    assert [row["faces"][1]["raw"] for row in found.frames] == [4.0, None]
    assert found.frames[0]["faces"][1]["score"] == pytest.approx(calibrate(4.0, CONFIG))
    assert (found.items[0]["depicts_person"], found.items[0]["faces_max"]) == (True, 2)


def test_faces_that_were_not_looked_for_are_null_not_none() -> None:
    found = rows(EXAMINED, [FrameFacts(None, (None,))], {(0, None): FrameScore(1.0)})
    assert (found.frames[0]["face_count"], found.frames[0]["faces"]) == (None, None)
    assert (found.items[0]["depicts_person"], found.items[0]["faces_max"]) == (None, None)


def test_known_bytes_keep_their_examination() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    scores = (DetectorScore("d", "digest", 9.0, 0.9, "none"),)
    known = replace(EXAMINED, scores=scores, examined_at=at, depicts_person=True, faces_max=3)
    found = rows(known, [], {}, known=True)
    assert {(row["score"], row["examined_at"], row["faces_max"]) for row in found.items} == {(0.9, at, 3)}
    assert found.frames == []


def test_bytes_that_are_no_media_are_named_by_each_place() -> None:
    found = rows(Examination.refused(Reason.NOT_MEDIA), [], {})
    assert [row["reason"] for row in found.items] == ["named_as_media", "not_media"]
    more = Examination.refused(Reason.NOT_MEDIA, f"{Reason.NOT_MEDIA.sentence} More.")
    details = [row["detail"] for row in rows(more, [], {}).items]
    assert details == [f"{reason.sentence} More." for reason in (Reason.NAMED_AS_MEDIA, Reason.NOT_MEDIA)]


def test_marks_beside_a_place_name_it_and_its_notes_stay_with_it() -> None:
    mark = Mark("caption", "caption.sidecar", Says.AI, MarkClass.DECLARED, "b.txt:1", "AI", "0" * 64, "t")
    note = LayerNote("caption", "not_checked", "broken_json: b.json: …")
    beside = (MarksFound((), ()), MarksFound((replace(mark, shown=Shown("ru", "exact", first_ms=5.0)),), (note,)))
    places = (PLACES[0], replace(PLACES[1], beside=(PLACES[0],), context=Context(title="Title", url="https://e.kz")))
    known = replace(EXAMINED, marks=(replace(mark, layer="xmp"),), layers=(LayerNote("marks", "incomplete", "x"),))
    found = assemble(Reference("hash", places, "hash", known, beside), known, [], [], SPEC)
    assert [(row["layer"], row["place_uri"], row["language"], row["first_ms"]) for row in written(found.marks)] == [
        ("xmp", None, None, None),
        ("caption", "/s/b.txt", "ru", 5.0),
    ]
    first, second = found.items
    assert ([one["layer"] for one in first["layers"]], first["beside"], first["title"]) == (["marks"], None, None)
    assert [one["layer"] for one in second["layers"]] == ["marks", "caption"]
    assert (second["beside"], second["title"], second["url"]) == (places[1].beside_digest, "Title", "https://e.kz")


def written(rows: list[dict]) -> list[dict]:
    """Rows as the table has them: of its columns and no other."""
    return pa.Table.from_pylist([{name: row.get(name) for name in MARKS.names} for row in rows], MARKS).to_pylist()
