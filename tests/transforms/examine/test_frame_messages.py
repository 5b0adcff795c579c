"""Frames on their way from child to parent: they arrive as they were sent, and nothing else is believed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from transforms.detect.preprocess import InputSpec
from transforms.examine.faces import Face
from transforms.examine.frame_messages import from_message, to_message
from transforms.examine.settings import DetectorNeeds, ExamineSettings, FaceSearch, Limits, Sampling
from transforms.examine.views import FrameViews, Still
from transforms.records import FrameFacts

INPUTS = (InputSpec(16, 1, 16), InputSpec(24, 2, 24))
NEEDS = (DetectorNeeds(INPUTS[0]), DetectorNeeds(INPUTS[1]), DetectorNeeds(INPUTS[0]))
SETTINGS = ExamineSettings(Sampling(), Limits(), NEEDS, FaceSearch(scored=1))
FACES = (Face(1, 0, 3, 4, 0.9875), Face(5, 6, 7, 8, 0.8))


def views(index):
    spec = INPUTS[index]
    return np.full((spec.views, spec.size, spec.size, 3), 7 * index + 3, np.uint8)


def sent(facts, keys):
    message, arrays = to_message(FrameViews(facts, {key: views(key[0]) for key in keys}))
    return json.loads(json.dumps(message)), arrays


SOUND = [
    (FrameFacts(None, (None, None, None)), [(0, None), (1, None)]),
    (FrameFacts(40.5, ("flat", None, None), 0, ()), [(0, None), (1, None)]),
    (FrameFacts(0.0, ("flat", None, "too_small"), 40, FACES), [(1, None), (1, 1)]),
    (FrameFacts(0.0, (None, None, None), 2, FACES), [(0, None), (1, None), (0, 0), (1, 0)]),
    (FrameFacts(0.0, ("flat", "flat", "flat"), 2, FACES), []),
]


@pytest.mark.parametrize(("facts", "keys"), SOUND)
def test_a_frame_arrives_as_it_was_sent(facts, keys) -> None:
    found = from_message(*sent(facts, keys), SETTINGS)
    assert found.facts == facts
    assert list(found.views) == keys
    assert all(np.array_equal(pixels, views(index)) for (index, _), pixels in found.views.items())


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp_ms": "noon"},
        {"not_assessable": [None, None]},
        {"not_assessable": [None, None, 3]},
        {"not_assessable": [None, None, "no reason; DROP TABLE"]},
        {"not_assessable": ["flat", None, "flat"]},  # then none wants the first views
        {"not_assessable": None},
        {"face_count": 1},
        {"face_count": True},
        {"face_count": 1 << 31},
        {"face_count": None},
        {"faces": [[1, 0, 3, 4, 0.9]] * 33, "face_count": 33},
        {"faces": [[1, 0, 3, 4]], "face_count": 1},
        {"faces": [[1, 0, 0, 4, 0.9]], "face_count": 1},
        {"faces": [[-1, 0, 3, 4, 0.9]], "face_count": 1},
        {"faces": [[1.5, 0, 3, 4, 0.9]], "face_count": 1},
        {"faces": [[1, 0, 3, 4, float("nan")]], "face_count": 1},
        {"faces": [[1, 0, 3, 4, "sure"]], "face_count": 1},
        {"faces": 7},
        {"views": []},
        {"views": [[0, None]]},
        {"views": [[0, None], [0, None]]},
        {"views": [[0, None], [2, None]]},
        {"views": [[1, None], [0, None]]},
        {"views": [[0, None], [1, 0]]},
        {"views": [[0, None], [1, None, 0]]},
        {"views": [[[], None], [1, None]]},
    ],
)
def test_what_no_examiner_sends_is_refused(change) -> None:
    message, arrays = sent(FrameFacts(0.0, (None, None, None), 2, FACES), [(0, None), (1, None)])
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_message(message | change, arrays, SETTINGS)


@pytest.mark.parametrize("keys", [[(0, None), (1, None), (0, 2)], [(0, None), (1, None), (0, 0), (0, 1)]])
def test_crops_of_faces_that_are_not_there_or_not_asked_for_are_refused(keys) -> None:
    with pytest.raises(ValueError, match=r"face|view"):
        from_message(*sent(FrameFacts(0.0, (None, None, None), 2, FACES), keys), SETTINGS)


@pytest.mark.parametrize("name", ["timestamp_ms", "not_assessable", "faces", "views"])
def test_what_is_missing_is_refused(name) -> None:
    message, arrays = sent(*SOUND[3])
    del message[name]
    with pytest.raises(KeyError):
        from_message(message, arrays, SETTINGS)


STILL = np.arange(40 * 30 * 3, dtype=np.uint16).astype(np.uint8).reshape(40, 30, 3)
WITH_STILLS = replace(SETTINGS, stills=40)


def sent_with_still(rgb=STILL):
    facts, keys = SOUND[0]
    message, arrays = to_message(FrameViews(facts, {key: views(key[0]) for key in keys}, Still(rgb, 300, 400)))
    return json.loads(json.dumps(message)), arrays


def test_a_still_arrives_where_it_was_asked_for() -> None:
    still = from_message(*sent_with_still(), WITH_STILLS).still
    assert (still.width, still.height) == (300, 400)
    assert np.array_equal(still.rgb, STILL)


@pytest.mark.parametrize(
    ("message", "arrays"),
    [
        sent(*SOUND[0]),
        (sent_with_still()[0], []),
        sent_with_still(np.zeros((41, 30, 3), np.uint8)),
        sent_with_still(np.zeros((40, 30), np.uint8)),
        (sent_with_still()[0] | {"still": [0, 40]}, sent_with_still()[1]),
        (sent_with_still()[0] | {"still": 7}, sent_with_still()[1]),
    ],
    ids=["none", "not sent", "too large", "no colours", "of nothing", "no size"],
)
def test_a_still_that_no_examiner_sends_is_refused(message, arrays) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_message(message, list(arrays), WITH_STILLS)


def test_a_still_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match=r"zip\(\)"):
        from_message(*sent_with_still(), SETTINGS)
