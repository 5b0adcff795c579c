import subprocess
import sys
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from transforms.detect.preprocess import shrink
from transforms.detect.scope import OutOfScope, ScopeRules, assess

RULES = ScopeRules()


def grain(height, width, sigma, seed=0):
    return np.random.default_rng(seed).normal(0, sigma, (height, width, 1))


def pixels(picture):
    return np.clip(picture, 0, 255).astype(np.uint8)


def page(ink=0, paper=255, noise=0.0, scale=0.5):
    rgb = np.full((1100, 800, 3), paper, np.uint8)
    for line in range(80, 1030, round(50 * scale) + 8):
        cv2.putText(
            rgb, "Synthetic results are marked, 2026-01-18 " * 2, (50, line), 0, scale, (ink,) * 3, 1, cv2.LINE_AA
        )
    rgb[:, 760:] = paper
    return pixels(rgb + grain(1100, 800, noise))


def window():
    rgb = np.full((768, 1366, 3), 255, np.uint8)
    rgb[:50], rgb[50:, :250] = (50, 90, 200), (240, 242, 245)
    for row in range(90, 750, 40):
        cv2.putText(rgb, "Inbox item", (20, row), 0, 0.6, (30, 30, 30), 1, cv2.LINE_AA)
        cv2.putText(rgb, "A message that somebody wrote about something else", (290, row), 0, 0.7, (30, 30, 30), 1)
    return rgb


def chart():
    rgb = np.full((600, 800, 3), 255, np.uint8)
    cv2.rectangle(rgb, (80, 40), (760, 540), (0, 0, 0), 1)
    for bar in range(8):
        cv2.rectangle(rgb, (100 + bar * 80, 500 - bar * 50), (150 + bar * 80, 540), (40 + bar * 20, 90, 200), -1)
        cv2.putText(rgb, str(bar), (40, 540 - bar * 60), 0, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return rgb


def icon():
    rgb = np.full((512, 512, 3), 255, np.uint8)
    cv2.circle(rgb, (256, 256), 180, (30, 110, 210), -1, cv2.LINE_AA)
    cv2.rectangle(rgb, (226, 130), (286, 380), (255, 255, 255), -1)
    return rgb


def strokes():
    rgb, random = np.full((600, 800, 3), 255, np.uint8), np.random.default_rng(3)
    for _ in range(30):
        way = np.cumsum(random.normal(0, 25, (20, 2)), 0) + random.uniform((0, 0), (800, 600))
        cv2.polylines(rgb, [way.astype(np.int32)], False, (0, 0, 0), 2, cv2.LINE_AA)
    return rgb


def ramp():
    down, along = np.mgrid[0:480, 0:640]
    return np.stack([down / 3, along / 4, (down + along) / 6], -1).astype(np.uint8)


def scene(seed=0, ground=None):
    """Stands in for a photograph: shading and texture at all scales; on plain ground it is a studio's."""
    random, rgb = np.random.default_rng(seed), np.zeros((512, 640, 3))
    for side in (4, 8, 16, 32, 64, 128, 256):
        layer = random.normal(0, 1, (side, side, 3)).astype(np.float32)
        rgb += cv2.resize(layer, (640, 512), interpolation=cv2.INTER_CUBIC) * (90 / side**0.55)
    rgb += 120
    if ground is not None:
        subject = np.zeros((512, 640, 1), np.float32)
        cv2.ellipse(subject, (320, 300), (110, 210), 0, 0, 360, 1, -1)
        mask = cv2.GaussianBlur(subject, (5, 5), 0)[..., None]
        rgb = rgb * mask + ground * (1 - mask)
    return pixels(rgb + grain(512, 640, 1.5))


def sky():
    rgb = scene(4).astype(np.float64)
    rgb[:360] = np.linspace((90, 140, 220), (190, 215, 245), 360)[:, None] + grain(360, 640, 1.0)
    return pixels(rgb)


def jpeg(rgb, quality):
    return cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def half(rgb):
    return cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


TREATMENTS = {
    "as is": lambda rgb: rgb,
    "JPEG 90": lambda rgb: jpeg(rgb, 90),
    "JPEG 75": lambda rgb: jpeg(rgb, 75),
    "half size": half,
}
IN_SCOPE = {
    "scene": scene(),
    "another scene": scene(1),
    "on white ground": scene(2, 250),
    "on black ground": scene(3, 6),
    "sky": sky(),
}
OUT_OF_SCOPE = {
    "black": (np.zeros((480, 640, 3), np.uint8), OutOfScope.FLAT),
    "black with noise": (pixels(np.full((480, 640, 3), 16) + grain(480, 640, 1.2)), OutOfScope.FLAT),
    "one colour": (np.full((300, 300, 3), (10, 60, 200), np.uint8), OutOfScope.FLAT),
    "gradient": (ramp(), OutOfScope.FLAT),
    "page": (page(), OutOfScope.TEXT_PAGE),
    "page, light on dark": (page(225, 30), OutOfScope.TEXT_PAGE),
    "scan": (page(40, 235, 2.0), OutOfScope.TEXT_PAGE),
    "large print": (page(scale=1.2), OutOfScope.TEXT_PAGE),
    "user interface": (window(), OutOfScope.TEXT_PAGE),
    "chart": (chart(), OutOfScope.DRAWING),
    "icon": (icon(), OutOfScope.DRAWING),
    "line drawing": (strokes(), OutOfScope.TEXT_PAGE),
}


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize("name", IN_SCOPE)
def test_photographs_stay_in_scope(name, treatment):
    assert assess(TREATMENTS[treatment](IN_SCOPE[name]), RULES) is None


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize("name", OUT_OF_SCOPE)
def test_what_no_detector_can_stand_behind(name, treatment):
    rgb, wanted = OUT_OF_SCOPE[name]
    found = assess(TREATMENTS[treatment](rgb), RULES)
    assert found is not None
    if treatment == "as is":
        assert found is wanted


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "camera", "moon", "rocket", "retina", "coins"])
@pytest.mark.parametrize("treatment", TREATMENTS)
def test_real_photographs_stay_in_scope(name, treatment):
    data = pytest.importorskip("skimage.data", reason="the extra 'samples' ships the photographs")
    picture = getattr(data, name)()
    rgb = np.ascontiguousarray(picture if picture.ndim == 3 else np.dstack([picture] * 3))
    assert assess(TREATMENTS[treatment](rgb), RULES) is None


@pytest.mark.parametrize(("height", "width"), [(127, 4000), (4000, 127), (1, 1), (127, 127)])
def test_small_frames(height, width):
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    assert assess(rgb, RULES) is OutOfScope.TOO_SMALL


def test_size_is_that_of_the_frame_as_decoded():
    rules = replace(RULES, min_short_side=500)
    assert assess(scene(), rules) is None
    assert assess(scene()[:499], rules) is OutOfScope.TOO_SMALL


@settings(max_examples=60)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 255), st.integers(0, 255))
def test_any_frame_gets_the_same_answer_twice_and_stays_as_it_is(height, width, low, high):
    levels = sorted((low, high))
    rgb = np.random.default_rng(height).integers(levels[0], levels[1] + 1, (height, width, 3), np.uint8)
    before, rules = rgb.copy(), replace(RULES, min_short_side=1)
    assert assess(rgb, rules) is assess(np.asfortranarray(rgb), rules)
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize(("height", "width"), [(1, 65535), (65535, 1), (20000, 60), (2, 2)])
def test_extreme_shapes(height, width):
    rgb = np.full((height, width, 3), 77, np.uint8)
    assert assess(rgb, replace(RULES, min_short_side=1)) is OutOfScope.FLAT


@pytest.mark.parametrize("name", [*IN_SCOPE, *OUT_OF_SCOPE])
def test_a_copy_shrunk_to_384_pixels_gives_the_same_answer(name):
    rgb = IN_SCOPE[name] if name in IN_SCOPE else OUT_OF_SCOPE[name][0]
    assert assess(shrink(rgb, 384), RULES) is assess(rgb, RULES)


@pytest.mark.parametrize(
    "rgb",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3))],
)
def test_what_is_no_frame_is_refused(rgb):
    with pytest.raises(ValueError, match="uint8"):
        assess(rgb, RULES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_short_side", 0),
        ("flat_range", 4),
        ("flat_range", 256),
        ("drawing_bits", 8.5),
        ("text_colours", 1.1),
        ("text_soft", -0.1),
        ("drawing_soft_area", float("nan")),
        ("drawing_soft", 2.0),
        ("page_strokes", -1.0),
    ],
)
def test_impossible_rules_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        ScopeRules(**{field: value})


def test_rules_can_stand_in_a_validated_file():
    adapter = TypeAdapter(ScopeRules)
    assert adapter.validate_python(asdict(RULES)) == RULES
    assert adapter.validate_python({}) == RULES
    with pytest.raises(ValidationError, match="min_short_size"):
        adapter.validate_python({"min_short_size": 1})


def test_neither_torch_nor_beam_is_loaded():
    code = "import sys, transforms.detect.scope; print({'torch', 'apache_beam', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"
