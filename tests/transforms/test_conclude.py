"""What detectors answered becomes an item's scores, and no way for a gap to read as a result."""

from dataclasses import replace

import pytest

from transforms.conclude import conclude, gather
from transforms.detect.calibration import calibrate
from transforms.detect.levels import FAILED, NOT_ASSESSABLE
from transforms.detect.package import Calibration, DetectorConfig, OperatingPoint, RollUp
from transforms.examine.faces import Face
from transforms.outcomes import Outcome, Reason
from transforms.records import DetectorInfo, Examination, FrameFacts, FrameKey, FrameScore

CONFIG = DetectorConfig.model_construct(
    rollup=RollUp(),
    calibration=Calibration(method="platt", scale=1.0, bias=0.0, fitted_on="nothing"),
    operating_points=[OperatingPoint.model_construct(level="suspected", threshold=0.9)],
    abstention=None,
)
EXAMINED = Examination(Outcome.EXAMINED, media_type="video/mp4")
FLAT, TEXT = "flat", "text_page"
FACE = Face(1, 2, 30, 40, 0.9)


def concluded(*detectors, examination=EXAMINED, faces=None, face_counts=None):
    """Each detector is a list of answers, one a frame: a logit, an exception, or why the frame is out of scope."""
    count = max((len(answers) for answers in detectors), default=0)
    face_counts = face_counts or [None] * count
    frames = [
        FrameFacts(
            index * 40.0,
            tuple(answers[index] if isinstance(answers[index], str) else None for answers in detectors),
            face_counts[index],
            None if face_counts[index] is None else (FACE,) * face_counts[index],
        )
        for index in range(count)
    ]
    gathered = []
    for number, answers in enumerate(detectors):
        scored = [
            (FrameKey("key", index, index * 40.0), _score(answer))
            for index, answer in enumerate(answers)
            if not isinstance(answer, str)
        ]
        scored += [(FrameKey("key", index, None, face), _score(raw)) for index, face, raw in faces or ()]
        info = DetectorInfo("ab"[number], "1", "digest")
        gathered.append(gather(number, CONFIG, info, frames, scored[::-1]))
    return conclude(examination, frames, gathered)


def _score(answer):
    return FrameScore(None, str(answer)) if isinstance(answer, Exception) else FrameScore(answer)


BAD = RuntimeError("no")


@pytest.mark.parametrize(
    ("detectors", "outcome", "reason", "frames", "levels", "raws"),
    [
        ([[1.0, 3.0]], "examined", None, 2, ["none"], [2.0]),
        ([[9.0, BAD]], "examined", None, 1, ["suspected"], [9.0]),
        ([[BAD, BAD]], "failed", "scoring_failed", 0, [], []),
        ([[]], "failed", "scoring_failed", 0, [], []),
        ([[FLAT, FLAT]], "examined", None, 2, [NOT_ASSESSABLE], [None]),
        ([[FLAT, 3.0, TEXT]], "examined", None, 3, ["suspected"], [3.0]),
        ([[FLAT, BAD]], "failed", "scoring_failed", 1, [], []),
        ([[1.0, 3.0], [BAD, BAD]], "examined", None, 2, ["none", FAILED], [2.0, None]),
        ([[BAD, BAD], [1.0, 3.0]], "examined", None, 2, [FAILED, "none"], [None, 2.0]),
        ([[FLAT, FLAT], [BAD, BAD]], "examined", None, 2, [NOT_ASSESSABLE, FAILED], [None, None]),
        ([[BAD, BAD], [BAD, BAD]], "failed", "scoring_failed", 0, [], []),
        ([[FLAT, 1.0], [2.0, 4.0]], "examined", None, 2, ["none", "suspected"], [1.0, 3.0]),
    ],
)
def test_conclusions(detectors, outcome, reason, frames, levels, raws) -> None:
    found = concluded(*detectors)
    assert (found.outcome, found.reason, found.frames_examined) == (outcome, reason, frames)
    assert [score.level for score in found.scores] == levels
    assert [score.raw for score in found.scores] == raws
    assert [score.calibrated for score in found.scores] == [
        None if raw is None else pytest.approx(calibrate(raw, CONFIG)) for raw in raws
    ]


@pytest.mark.parametrize(
    ("examination", "answers", "levels"),
    [
        (EXAMINED.ended(Reason.TRUNCATED, "half"), [1.0], ["none"]),
        (EXAMINED.ended(Reason.TRUNCATED, "half"), [BAD], []),
        (EXAMINED.ended(Reason.TRUNCATED, "half"), [FLAT], [NOT_ASSESSABLE]),
        (Examination.refused(Reason.NOT_MEDIA), [], []),
        (Examination.refused(Reason.OUT_OF_MEMORY), [], []),
    ],
)
def test_a_file_that_failed_before_keeps_its_reason(examination, answers, levels) -> None:
    found = concluded(answers, examination=examination)
    assert (found.outcome, found.reason, found.detail) == (
        examination.outcome,
        examination.reason,
        examination.detail,
    )
    assert [score.level for score in found.scores] == levels


@pytest.mark.parametrize(
    ("detectors", "notes"),
    [
        ([[1.0, 2.0]], []),
        ([[1.0, BAD]], [("detector:a", "frames_failed", "1 of 2 frames")]),
        ([[FLAT] * 12], [("detector:a", "not_assessable", "12 of 12 frames: flat")]),
        (
            [[FLAT, TEXT, 1.0, FLAT, BAD]],
            [
                ("detector:a", "not_assessable", "3 of 5 frames: 2 flat, 1 text_page"),
                ("detector:a", "frames_failed", "1 of 5 frames"),
            ],
        ),
        (
            [[1.0, FLAT], [BAD, BAD]],
            [
                ("detector:a", "not_assessable", "1 of 2 frames: flat"),
                ("detector:b", "frames_failed", "2 of 2 frames"),
            ],
        ),
    ],
)
def test_what_has_no_score_is_noted(detectors, notes) -> None:
    assert [(note.layer, note.status, note.detail) for note in concluded(*detectors).layers] == notes


def test_notes_of_other_layers_stay() -> None:
    note = replace(concluded([1.0, BAD]).layers[0], layer="frames")
    assert concluded([1.0, BAD], examination=replace(EXAMINED, layers=(note,))).layers[0] == note


def test_a_frame_out_of_scope_is_an_answer_without_a_number() -> None:
    answers = gather(0, CONFIG, DetectorInfo("a", "1", "d"), [FrameFacts(None, (FLAT,))], [])
    assert answers.frames == [FrameScore(None, None, FLAT)]


def test_a_frame_that_no_score_came_back_for_is_an_error() -> None:
    answers = gather(0, CONFIG, DetectorInfo("a", "1", "d"), [FrameFacts(None, (None,))], [])
    assert answers.frames[0].raw is None
    assert answers.frames[0].error


@pytest.mark.parametrize(
    ("face_counts", "depicts_person", "faces_max"),
    [
        ([None, None], None, None),
        ([0, 0], False, 0),
        ([0, 3], True, 3),
        ([None, 0], None, None),
        ([None, 1], True, 1),
        ([], None, None),
    ],
)
def test_people(face_counts, depicts_person, faces_max) -> None:
    found = concluded([1.0] * len(face_counts), face_counts=face_counts)
    assert (found.depicts_person, found.faces_max) == (depicts_person, faces_max)


def test_faces_are_rolled_up_beside_the_score_and_do_not_move_the_level() -> None:
    (score,) = concluded([1.0, 1.0], face_counts=[2, 1], faces=[(0, 1, 8.0), (1, 0, 10.0)]).scores
    assert (score.raw, score.level) == (1.0, "none")
    assert (score.face_raw, score.face_calibrated) == (9.0, pytest.approx(calibrate(9.0, CONFIG)))


def test_faces_that_could_not_be_scored_are_noted() -> None:
    found = concluded([1.0], face_counts=[2], faces=[(0, 0, BAD), (0, 1, 4.0)])
    assert found.scores[0].face_raw == 4.0
    assert [(note.status, note.detail) for note in found.layers] == [("faces_failed", "1 of 2 faces")]
