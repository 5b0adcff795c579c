"""Marks told by shape: drawn by other means than the detector's templates, over backgrounds made here."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import icon_drawing as drawing

from transforms.labels.icon_plates import plate_around
from transforms.labels.icons import IconFound, TextLine, find_icons, to_mark
from transforms.marks.mark import MarkClass, Says

SPARKLE, DISC, PIN = "trace.gemini_sparkle", "icon.eu_ai", "icon.content_credentials"


def scene(seed=0, width=640, height=480):
    """Soft light with a little grain and a few edges, as a photograph out of focus has them."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 170, (6, 8, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        x, y = (int(value) for value in rng.integers(0, (width, height)))
        cv2.line(picture, (x, y), (x + 200, y + 120), [float(value) for value in rng.uniform(30, 180, 3)], 6)
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def marked(mark, margin, corner="lower right", base=None):
    base = scene() if base is None else base
    height, width = base.shape[:2]
    x = width - margin - mark.shape[1] if "right" in corner else margin
    y = height - margin - mark.shape[0] if "lower" in corner else margin
    return drawing.saved(drawing.put(base, mark, x, y), 85), (x, y, mark.shape[1], mark.shape[0])


def kinds(rgb, lines=()):
    return [icon.kind for icon in find_icons(rgb, lines)]


def near(found, expected, part=0.12):
    tolerance = max(3, part * expected[2])
    return all(abs(one - other) <= tolerance for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize(("size", "margin"), [(48, 32), (36, 32), (48, 96), (64, 43), (32, 48)])
@pytest.mark.parametrize("alpha", [0.31, 0.5])
def test_stars_at_the_margins_their_maker_uses_are_found(size, margin, alpha):
    rgb, box = marked(drawing.pale_star(size, alpha), margin)
    (icon,) = find_icons(rgb)
    assert icon.kind == SPARKLE
    assert near(icon.box, box)
    assert 15 < icon.contrast < 130


@pytest.mark.parametrize(
    "veil",
    [
        pytest.param(drawing.painted(drawing.star(48), (0, 0, 0), 0.5), id="black"),
        pytest.param(drawing.painted(drawing.star(48), (255, 60, 0), 0.6), id="orange"),
        pytest.param(drawing.painted(drawing.star(48)[::-1].T * np.eye(48).any(), (30, 40, 255), 0.6), id="blue"),
    ],
)
def test_stars_of_another_colour_are_none(veil):
    assert kinds(marked(veil, 32)[0]) == []


@pytest.mark.parametrize(("right", "low"), [(32, 110), (120, 20)])
def test_a_star_off_the_diagonal_is_none(right, low):
    base = scene()
    height, width = base.shape[:2]
    rgb = drawing.put(base, drawing.pale_star(48, 0.5), width - right - 48, height - low - 48)
    assert kinds(rgb) == []


def shape(name, size=48):
    turns = {"diamond": 4, "five": 5, "eight": 8}
    if name in turns:
        angles = np.arange(2 * turns[name]) * np.pi / turns[name]
        radii = np.where(np.arange(2 * turns[name]) % 2, 0.72 if name == "diamond" else 0.45, 1.0)
        return drawing.polygon(np.c_[np.sin(angles), -np.cos(angles)] * radii[:, None], size)
    if name == "plus":
        return drawing.strokes(size, [(((0.5, 0), (0.5, 1)), 0.2), (((0, 0.5), (1, 0.5)), 0.2)])
    axis = np.linspace(-1, 1, size)
    return {"disc": np.hypot(*np.meshgrid(axis, axis)) < 1, "square": np.ones((size, size))}[name].astype(float)


@pytest.mark.parametrize("name", ["diamond", "five", "eight", "plus", "disc", "square"])
@pytest.mark.parametrize("size", [40, 64])
def test_other_shapes_of_the_same_veil_are_none(name, size):
    assert kinds(marked(drawing.painted(shape(name, size), drawing.WHITE, 0.45), 32)[0]) == []


@pytest.mark.parametrize("corner", ["upper left", "upper right", "lower left", "lower right"])
@pytest.mark.parametrize(("dark", "alpha"), [(True, 1.0), (False, 1.0), (False, 0.5)])
def test_the_disc_of_the_eu_is_found_in_every_corner(corner, dark, alpha):
    rgb, box = marked(drawing.disc_ai(40, dark, alpha), 14, corner)
    (icon,) = find_icons(rgb)
    assert icon.kind == DISC
    assert near(icon.box, box)
    assert icon.contrast > 60
    assert not icon.read


@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("colour", [drawing.WHITE, drawing.BLACK])
def test_the_pin_of_content_credentials_is_found(filled, colour):
    rgb, box = marked(drawing.pin(44, filled, colour), 12, "upper right", scene(3))
    (icon,) = find_icons(rgb)
    assert icon.kind == PIN
    assert near(icon.box, box)


@pytest.mark.parametrize("text", ["TV", "HD", "24", "OK", "KZ"])
@pytest.mark.parametrize("plate", ["disc", "square"])
def test_channel_logos_are_none(text, plate):
    size = 44
    word = drawing.shrunk(drawing.letters(text, 22, size, size, (22, 22), 4), size, size)
    rgb = marked(drawing.plated(shape(plate, size), word, dark=True, plate_alpha=0.9), 14, "upper right")[0]
    assert kinds(rgb, [TextLine(text, 590, 24, 24, 18)]) == []


@pytest.mark.parametrize(
    ("text", "kind"), [("AI GENERATED", "icon.eu_ai_generated"), ("AI MODIFIED", "icon.eu_ai_modified")]
)
@pytest.mark.parametrize(("dark", "alpha"), [(True, 1.0), (False, 1.0), (False, 0.5)])
def test_words_in_a_capsule_are_the_icons_of_the_eu(text, kind, dark, alpha):
    mark, (x, y, width, height) = drawing.capsule(text, 44, dark, alpha)
    rgb, box = marked(mark, 16, "upper right", np.full((480, 640, 3), 120, np.uint8))
    line = TextLine(text.title(), box[0] + x, box[1] + y, width, height)
    (icon,) = find_icons(rgb, [line])
    assert (icon.kind, icon.read) == (kind, True)
    assert near(icon.box, box, 0.2)


@pytest.mark.parametrize("text", ["AI GENERATED", "AI", "CR", "cr"])
def test_words_without_a_plate_are_no_icons(text):
    base = scene(5)
    word = drawing.shrunk(drawing.letters(text, 26, 220, 40, (110, 20), 4), 220, 40)
    rows, columns = np.nonzero(word > 0.3)
    rgb = drawing.put(base, drawing.painted(word, drawing.WHITE, 1.0), 410, 20)
    x, y = 410 + int(columns.min()), 20 + int(rows.min())
    assert kinds(rgb, [TextLine(text, x, y, int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)]) == []


def test_ai_on_a_box_in_the_middle_of_the_scene_is_no_icon_but_at_the_edge_it_is():
    def boxed(x, y):
        rgb = np.full((480, 640, 3), 120, np.uint8)
        cv2.rectangle(rgb, (x, y), (x + 60, y + 40), (20, 20, 20), -1)
        word = drawing.shrunk(drawing.letters("AI", 24, 60, 40, (30, 20), 4), 40 and 60, 40)
        rows, columns = np.nonzero(word > 0.3)
        rgb = drawing.put(rgb, drawing.painted(word, drawing.WHITE, 1.0), x, y)
        box = (x + int(columns.min()), y + int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
        return rgb, [TextLine("АІ", *box)]  # in Cyrillic letters, as OCR may read it

    assert kinds(*boxed(560, 20)) == [DISC]
    assert kinds(*boxed(300, 220)) == []


def test_a_wall_is_no_plate_but_a_board_on_it_is():
    wall = np.full((200, 300), 90, np.uint8)
    assert plate_around(wall, (130, 90, 40, 20)) is None
    cv2.rectangle(wall, (115, 78), (185, 122), 200, -1)
    plate = plate_around(wall, (130, 90, 40, 20))
    assert near((plate.x, plate.y, plate.width, plate.height), (115, 78, 71, 45))


def test_boxes_are_in_pixels_of_the_frame_however_large_it_is():
    rgb, box = marked(drawing.pale_star(192, 0.5), 128, base=scene(1, 2400, 2000))
    (icon,) = find_icons(rgb)
    assert near(icon.box, box)


@pytest.mark.parametrize(
    ("kind", "says", "mark_class"),
    [
        (DISC, Says.AI, MarkClass.DECLARED),
        ("icon.eu_ai_generated", Says.AI, MarkClass.DECLARED),
        ("icon.eu_ai_modified", Says.AI_PART, MarkClass.DECLARED),
        (PIN, Says.UNKNOWN, MarkClass.DECLARED),
        (SPARKLE, Says.AI, MarkClass.HEURISTIC),
    ],
)
def test_rows_say_what_the_marks_say(kind, says, mark_class):
    mark = to_mark(IconFound(kind, (10, 20, 40, 40), 0.7, 55.04, read=False), 720)
    assert (mark.layer, mark.kind, mark.says, mark.mark_class) == ("visible_label", kind, says, mark_class)
    assert mark.tool == "aiqyn-labels/1"
    assert (mark.shown.box_x, mark.shown.box_y, mark.shown.box_width, mark.shown.box_height) == (10, 20, 40, 40)
    assert mark.shown.contrast == 55.0
    assert 0 < mark.shown.height_ratio <= 40 / 720 + 1e-4
    assert mark.facts.get("generator") == ("Gemini" if kind == SPARKLE else None)


@settings(max_examples=30)
@given(
    height=st.integers(1, 260),
    width=st.integers(1, 400),
    seed=st.integers(0, 9),
    lines=st.lists(
        st.builds(
            TextLine,
            st.sampled_from(["AI", "cr", "AI GENERATED", "", "x"]),
            st.integers(-50, 450),
            st.integers(-50, 300),
            st.integers(-5, 500),
            st.integers(-5, 300),
        ),
        max_size=3,
    ),
)
def test_no_frame_and_no_line_makes_it_raise_and_it_is_the_same_twice(height, width, seed, lines):
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    first = find_icons(rgb, lines)
    assert first == find_icons(rgb, lines)
    for icon in first:
        x, y, across, down = icon.box
        assert min(across, down) > 0
        assert 0 <= icon.confidence <= 1
        assert x + across <= width + 1
        assert y + down <= height + 1


@pytest.mark.parametrize("value", [0, 127, 255])
def test_flat_frames_have_none(value):
    assert kinds(np.full((300, 400, 3), value, np.uint8)) == []
