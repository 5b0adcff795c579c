import json
import subprocess
import sys
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.detect.preprocess import shrink
from transforms.examine.face_model import FACE_MODEL_SHA256, read_face_model
from transforms.examine.faces import MAX_FACES, MIN_CONFIDENCE, Face, FaceFinder, FaceModelError, Faces, face_view

NOBODY = Faces((), 0)


@pytest.fixture(scope="module")
def finder():
    return FaceFinder(read_face_model())


@pytest.fixture(scope="module")
def astronaut():
    data = pytest.importorskip("skimage.data", reason="the extra 'samples' ships the photograph of a face")
    return np.ascontiguousarray(data.astronaut())


def centre(face):
    return face.x + face.width / 2, face.y + face.height / 2


def jpeg(rgb, quality):
    _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    ("treat", "scale"),
    [
        (lambda rgb: rgb, 1),
        (lambda rgb: jpeg(rgb, 75), 1),
        (lambda rgb: cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 0.5),
        (lambda rgb: cv2.resize(rgb, None, fx=3, fy=3), 3),
        (np.asfortranarray, 1),
    ],
    ids=["as is", "JPEG 75", "half size", "three times the size", "other memory order"],
)
def test_a_face_is_found_in_pixels_of_the_frame(finder, astronaut, treat, scale):
    found = finder.find(treat(astronaut))
    assert found.count == len(found.boxes) == 1
    face = found.boxes[0]
    x, y = centre(face)
    assert 195 <= x / scale <= 255
    assert 85 <= y / scale <= 155
    assert 60 <= face.width / scale <= 120
    assert 85 <= face.height / scale <= 150
    assert MIN_CONFIDENCE <= face.confidence <= 1
    assert face.confidence == round(face.confidence, 4)


def test_a_shrunken_copy_gives_boxes_of_the_frame(finder, astronaut):
    frame = cv2.resize(astronaut, (1600, 1200))
    (whole,) = finder.find(frame).boxes
    (copied,) = finder.find(shrink(frame, 384), (1200, 1600)).boxes
    for ours, theirs in zip(centre(copied), centre(whole), strict=True):
        assert ours == pytest.approx(theirs, abs=15)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "moon", "brick"])
def test_no_face_where_nobody_is(finder, astronaut, name):
    from skimage import data

    picture = getattr(data, name)()
    rgb = picture if picture.ndim == 3 else np.dstack([picture] * 3)
    assert finder.find(np.ascontiguousarray(rgb)) == NOBODY


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 65535), (65535, 1), (2, 20000), (20000, 60), (17, 17), (640, 480)]
)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_extreme_and_empty_frames(finder, height, width, level):
    assert finder.find(np.full((height, width, 3), level, np.uint8)) == NOBODY


def test_the_same_pixels_give_the_same_boxes_whatever_came_before(finder, astronaut):
    frames = [cv2.resize(astronaut, size) for size in ((512, 512), (700, 390), (200, 640), (64, 64), (1920, 1080))]
    fresh = [FaceFinder(read_face_model()).find(frame) for frame in frames]
    order = [*range(5), *reversed(range(5)), 2, 0, 4]
    assert [finder.find(frames[place]) for place in order] == [fresh[place] for place in order]


def test_the_frame_is_not_changed(finder, astronaut):
    before = astronaut.copy()
    finder.find(astronaut)
    assert np.array_equal(astronaut, before)


def test_a_crowd_is_counted_and_cut(finder, astronaut):
    face = cv2.resize(astronaut[30:210, 140:320], (64, 64), interpolation=cv2.INTER_AREA)
    found = finder.find(np.tile(face, (5, 12, 1)))
    assert found.count > MAX_FACES
    assert len(found.boxes) == MAX_FACES
    assert all(before.confidence >= after.confidence for before, after in pairwise(found.boxes))


def test_boxes_stay_inside_the_frame(finder, astronaut):
    cut = np.ascontiguousarray(astronaut[70:200, 185:270])
    height, width = cut.shape[:2]
    for face in finder.find(cut).boxes:
        assert 0 <= face.x < face.x + face.width <= width
        assert 0 <= face.y < face.y + face.height <= height


@pytest.mark.parametrize(
    "rgb",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3))],
)
def test_what_is_no_frame_is_refused(finder, rgb):
    with pytest.raises(ValueError, match="uint8"):
        finder.find(rgb)


@pytest.mark.parametrize("model", [b"", b"onnx", pytest.param(None, id="one byte more")])
def test_another_model_is_refused(model):
    with pytest.raises(FaceModelError, match=FACE_MODEL_SHA256):
        FaceFinder(read_face_model() + b"\0" if model is None else model)


def test_reading_the_model_loads_no_library_that_starts_threads():
    code = (
        "import sys, json; from transforms.examine.face_model import read_face_model; "
        "print(json.dumps([len(read_face_model()), 'cv2' in sys.modules, 'numpy' in sys.modules]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert json.loads(answer) == [232_589, False, False]


def test_it_works_behind_the_closed_door():
    code = """
from transforms.examine import sandbox
from transforms.examine.face_model import read_face_model
model = read_face_model()
sandbox.limit_resources(3 << 30)
sandbox.close_door()
import cv2, numpy as np
cv2.setNumThreads(1)
from transforms.examine.faces import FaceFinder
print(FaceFinder(model).find(np.zeros((1080, 1920, 3), np.uint8)).count)
"""
    answer = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert answer.stdout == "0\n", answer.stderr[-2000:]


@settings(max_examples=100)
@given(st.data())
def test_any_face_gives_a_view_or_none(data):
    height, width = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    face = Face(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)), 0.9)
    rgb = np.random.default_rng(height * 97 + width).integers(0, 256, (height, width, 3), np.uint8)
    view = face_view(rgb, face, 32)
    if max(face.width, face.height) < 10:
        assert view is None
    else:
        assert view.shape == (32, 32, 3)
        assert view.dtype == np.uint8
        assert np.array_equal(view, face_view(rgb, face, 32))


@pytest.mark.parametrize(("side", "cut"), [(10, slice(34, 66)), (20, slice(34, 66))])
def test_a_small_face_keeps_its_pixels(side, cut):
    rgb = np.random.default_rng(side).integers(0, 256, (100, 100, 3), np.uint8)
    view = face_view(rgb, Face(50 - side // 2, 50 - side // 2, side, side, 0.9), 32)
    assert np.array_equal(view, rgb[cut, cut])


def test_a_large_face_is_averaged_down():
    rgb = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    view = face_view(rgb, Face(80, 70, 40, 60, 0.9), 32)
    assert np.array_equal(view, cv2.resize(rgb[52:148, 52:148], (32, 32), interpolation=cv2.INTER_AREA))


def test_beyond_the_border_the_picture_is_reflected():
    rgb = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    view = face_view(rgb, Face(0, 0, 20, 20, 0.9), 32)
    assert np.array_equal(view, np.pad(rgb, ((6, 0), (6, 0), (0, 0)), "reflect")[:32, :32])
