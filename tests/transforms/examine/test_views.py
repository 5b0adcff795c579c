"""What is kept of a frame: each detector's views, none where it is out of scope, and faces as boxes and crops."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from examples.media.pictures import photograph
from transforms.detect.preprocess import InputSpec, prepare
from transforms.detect.scope import ScopeRules
from transforms.examine import views as subject
from transforms.examine.face_model import read_face_model
from transforms.examine.faces import Face, FaceFinder, Faces, face_view
from transforms.examine.frames import Frame
from transforms.examine.settings import DetectorNeeds, ExamineSettings, FaceSearch, Limits, Sampling
from transforms.examine.views import face_views, look

SMALL, LARGE = InputSpec(32, 2, 48), InputSpec(64, 5, 96)
ANY, PICKY, BIG = None, ScopeRules(), ScopeRules(min_short_side=10_000)
FLAT = np.zeros((200, 300, 3), np.uint8)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return np.asarray(photograph("astronaut").convert("RGB"))


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(read_face_model())


def seen(rgb, *needs, finder=None, scored=1):
    detectors = tuple(DetectorNeeds(*need) for need in needs)
    return look(Frame(40.0, rgb), ExamineSettings(Sampling(), Limits(), detectors, FaceSearch(scored=scored)), finder)


@pytest.mark.parametrize(
    ("needs", "reasons", "keys"),
    [
        ([(SMALL, ANY)], [None], [(0, None)]),
        ([(SMALL, ANY), (LARGE, ANY)], [None, None], [(0, None), (1, None)]),
        ([(SMALL, ANY), (SMALL, ANY)], [None, None], [(0, None)]),
        ([(SMALL, PICKY)], ["flat"], []),
        ([(SMALL, PICKY), (SMALL, ANY)], ["flat", None], [(0, None)]),
        ([(SMALL, ANY), (LARGE, PICKY)], [None, "flat"], [(0, None)]),
        ([(SMALL, PICKY), (LARGE, ANY)], ["flat", None], [(1, None)]),
        ([(SMALL, PICKY), (LARGE, BIG)], ["flat", "too_small"], []),
    ],
)
def test_views_are_cut_for_those_who_are_to_score_them(needs, reasons, keys) -> None:
    found = seen(FLAT, *needs)
    assert (found.facts.timestamp_ms, list(found.facts.not_assessable)) == (40.0, reasons)
    assert list(found.views) == keys
    inputs = list(dict.fromkeys(spec for spec, _ in needs))
    for (index, _), pixels in found.views.items():
        assert np.array_equal(pixels, prepare(FLAT, inputs[index]))


def test_each_scope_is_assessed_once_and_each_input_cut_once(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(subject, "assess", lambda _, rules: calls.append(rules))
    monkeypatch.setattr(subject, "prepare", lambda _, spec: calls.append(spec))
    seen(FLAT, (SMALL, PICKY), (SMALL, ScopeRules()), (LARGE, BIG), (LARGE, ANY))
    assert sorted(map(repr, calls)) == sorted(map(repr, [PICKY, BIG, SMALL, LARGE]))


def test_a_face_is_a_box_and_crops_for_every_input(portrait, finder) -> None:
    found = seen(portrait, (SMALL, ANY), (LARGE, PICKY), finder=finder)
    assert found.facts.face_count == len(found.facts.faces) == 1
    assert list(found.views) == [(0, None), (1, None), (0, 0), (1, 0)]
    assert found.views[0, 0].shape == (2, 32, 32, 3)
    assert found.views[1, 0].shape == (5, 64, 64, 3)


def test_faces_are_counted_where_a_detector_is_out_of_scope_but_not_scored(portrait, finder) -> None:
    found = seen(portrait, (SMALL, BIG), (LARGE, ANY), finder=finder)
    assert (found.facts.face_count, found.facts.not_assessable) == (1, ("too_small", None))
    assert list(found.views) == [(1, None), (1, 0)]


@pytest.mark.parametrize(("scored", "chosen"), [(0, []), (1, [2]), (2, [2, 0]), (8, [2, 0, 3, 1])])
def test_the_largest_faces_are_scored_of_equals_the_surer(portrait, scored, chosen) -> None:
    sides = (50, 20, 80, 50)
    boxes = tuple(Face(100, 100, side, side, 0.99 - 0.01 * index) for index, side in enumerate(sides))

    class Finder:
        def find(self, *_):
            return Faces(boxes, 7)

    found = seen(portrait, (SMALL, ANY), finder=Finder(), scored=scored)
    assert (found.facts.face_count, found.facts.faces) == (7, boxes)
    assert [face for _, face in found.views if face is not None] == chosen


def test_a_face_too_small_for_a_view_is_a_box_only(portrait) -> None:
    face = Face(100, 100, 15, 19, 0.9)
    assert face_views(portrait, face, LARGE) is None
    assert face_views(portrait, face, SMALL).shape == (2, 32, 32, 3)


@pytest.mark.parametrize("scale", [2, 5])
def test_a_large_frame_says_what_it_says_small(portrait, finder, scale) -> None:
    large = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    whole, found = (seen(rgb, (SMALL, ScopeRules()), finder=finder).facts for rgb in (portrait, large))
    assert found.not_assessable == whole.not_assessable == (None,)
    assert found.face_count == whole.face_count == 1
    for side in ("x", "y", "width", "height"):
        assert getattr(found.faces[0], side) / scale == pytest.approx(getattr(whole.faces[0], side), abs=6)


def test_a_frame_that_the_face_network_cannot_take_is_scored_all_the_same() -> None:
    class Finder:
        def find(self, *_):
            raise cv2.error("no")

    found = seen(FLAT, (SMALL, ANY), finder=Finder())
    assert (found.facts.face_count, found.facts.faces) == (None, None)
    assert list(found.views) == [(0, None)]


@pytest.mark.parametrize("face", [Face(180, 60, 90, 110, 0.9), Face(0, 0, 60, 40, 0.9), Face(400, 480, 112, 32, 0.9)])
@pytest.mark.parametrize("views", [1, 2, 5])
def test_views_of_a_face_widen_about_one_centre(portrait, face, views) -> None:
    found = face_views(portrait, face, InputSpec(48, views, 96))
    assert found.shape == (views, 48, 48, 3)
    assert np.array_equal(found[0], face_view(portrait, face, 48))
    assert len({one.tobytes() for one in found}) == views
    if views == 5:
        doubled = replace(
            face,
            x=face.x - face.width // 2,
            y=face.y - face.height // 2,
            width=2 * face.width,
            height=2 * face.height,
        )
        assert np.array_equal(found[4], face_view(portrait, doubled, 48))
