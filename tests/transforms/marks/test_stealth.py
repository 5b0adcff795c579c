"""Stealth PNG info: a text in the lowest bits of the pixels is read as if it stood in the file, and nothing else is."""

import gzip
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tests.transforms.marks.meaning.meaning_samples import GRAPH, PARAMETERS
from transforms.examine.content import examine_content
from transforms.examine.settings import ExamineSettings, Limits, Sampling
from transforms.marks.mark import MarkClass, Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.settings import MarkReading
from transforms.marks.stealth import KIND, find_hidden_text, read_stealth_marks

NOVELAI = json.dumps(
    {
        "Description": "a purple yak of Aliya",
        "Software": "NovelAI",
        "Source": "NovelAI Diffusion V4.5 4BDE2A90",
        "Comment": json.dumps(
            {"prompt": "a purple yak of Aliya", "steps": 28, "sampler": "k_euler", "seed": 7, "uc": "x"}
        ),
    }
)


def noise(height=64, width=96):
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def hide(text, signature="stealth_pngcomp", rgb=None, *, cut=0, claimed=None):
    """A picture with a hidden text, RGBA or RGB as the signature asks, by the published layout bit by bit.

    Args:
        text: Or bytes, which are taken as they are.
        signature: Of 15 characters.
        rgb: The picture.
        cut: How many columns at the right are then cut off.
        claimed: Length in bits that the header claims, if not the true one.
    """
    rgb = noise() if rgb is None else rgb
    data = text if isinstance(text, bytes) else text.encode()
    data = gzip.compress(data) if signature.endswith("comp") and not isinstance(text, bytes) else data
    length = 8 * len(data) if claimed is None else claimed
    bits = [int(bit) for byte in signature.encode() + length.to_bytes(4) + data for bit in f"{byte:08b}"]
    in_alpha = "png" in signature
    pixels = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]) if in_alpha else rgb.copy()
    height = rgb.shape[0]
    for number, bit in enumerate(bits):
        pixel, channel = (number, 3) if in_alpha else divmod(number, 3)
        column, row = divmod(pixel, height)
        pixels[row, column, channel] = pixels[row, column, channel] & 254 | bit
    return pixels[:, : rgb.shape[1] - cut]


def columns_of(pixels):
    return lambda count: pixels[:, :count]


def marks_of(pixels, **options):
    return read_stealth_marks(columns_of(pixels), read_rules(), **{"keep_prompts": False} | options)


@pytest.mark.parametrize("signature", ["stealth_pnginfo", "stealth_pngcomp", "stealth_rgbinfo", "stealth_rgbcomp"])
@pytest.mark.parametrize("shape", [(64, 96), (1, 9000), (7, 1000), (2000, 6)], ids=str)
def test_a_text_is_found_in_every_form_and_shape(signature, shape):
    hidden = find_hidden_text(columns_of(hide("Қазақ " + PARAMETERS, signature, noise(*shape))))
    assert (hidden.channel, hidden.text) == ("alpha" if "png" in signature else "RGB", "Қазақ " + PARAMETERS)


@pytest.mark.parametrize("signature", ["stealth_rgbinfo", "stealth_rgbcomp"])
def test_colours_are_read_beside_an_alpha_channel_that_hides_nothing(signature):
    pixels = hide(PARAMETERS, signature)
    opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    assert find_hidden_text(columns_of(opaque)).text == PARAMETERS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            NOVELAI,
            [
                ("generator.novelai", "alpha LSB/Description"),
                ("generator.novelai", "alpha LSB/Software"),
                ("generator.novelai", "alpha LSB/Source"),
                ("generator.novelai", "alpha LSB/Comment"),
            ],
        ),
        (PARAMETERS, [("generator.automatic1111", "alpha LSB/parameters")]),
        (json.dumps(GRAPH), [("generator.comfyui", "alpha LSB/parameters")]),
        ('{"prompt": "Aliya", "unheard": 1}', [(KIND, "alpha LSB/parameters")]),
        ("a text of Aliya", [(KIND, "alpha LSB/parameters")]),
    ],
    ids=["novelai", "a1111", "comfyui", "unknown JSON", "unknown text"],
)
def test_the_rules_for_open_texts_tell_the_generator(text, told):
    marks = marks_of(hide(text, rgb=noise(256, 256)))
    assert [(mark.kind, mark.locator) for mark in marks] == told
    assert {(mark.layer, mark.says, mark.mark_class, mark.offset) for mark in marks} == {
        ("watermark", Says.AI, MarkClass.IMPLICIT, None)
    }
    assert "Aliya" not in repr(marks)
    assert ("Aliya" in repr(marks_of(hide(text, rgb=noise(256, 256)), keep_prompts=True))) == ("Aliya" in text)


@pytest.mark.parametrize(
    "pixels",
    [
        hide(PARAMETERS, "stealth_pnginfo", cut=80),
        hide(PARAMETERS, "stealth_pnginfo", claimed=0xFFFFFFFF),
        hide(b"no gzip", "stealth_pngcomp"),
        hide(gzip.compress(bytes(5 << 20)), "stealth_rgbcomp", noise(256, 256)),
        hide("", "stealth_pnginfo"),
    ],
    ids=["cut", "impossible length", "no gzip", "too long when inflated", "empty"],
)
def test_a_signature_alone_tells_of_a_generator(pixels):
    (mark,) = marks_of(pixels)
    assert (mark.kind, mark.says, mark.facts) == (KIND, Says.AI, {"readable": "no"})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(64, 64, 3), (64, 64, 4), (1, 1, 3), (1, 1, 4), (3, 5, 4)], ids=str)
def test_other_pictures_hide_nothing(seed, shape):
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    assert marks_of(pixels) == marks_of(np.full(shape, 255, np.uint8)) == []


def test_a_row_by_row_text_is_none():
    assert marks_of(hide(PARAMETERS).transpose(1, 0, 2)) == []


def test_little_of_a_picture_without_a_signature_is_looked_at():
    asked = []

    def columns(count):
        asked.append(count)
        return noise()[:, :count]

    assert find_hidden_text(columns) is None
    assert max(asked) == 1


@settings(max_examples=100, derandomize=True)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from([3, 4]))), st.binary())
def test_nothing_makes_it_raise(pixels, data):
    assert marks_of(pixels) == []
    assert marks_of(hide(data, rgb=noise(64, 64)))


@pytest.mark.parametrize(
    ("form", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("WEBP", {"quality": 80}), ("TIFF", {})],
    ids=["PNG", "lossless WebP", "lossy WebP, whose alpha is lossless", "TIFF"],
)
def test_a_file_is_examined_for_hidden_texts(tmp_path, form, options):
    path = tmp_path / "file"
    Image.fromarray(hide(PARAMETERS)).save(path, form, **options)
    assert [mark.kind for mark in examined(path)] == ["generator.automatic1111"]


def test_nothing_is_looked_for_where_marks_are_not_wanted(tmp_path):
    path = tmp_path / "file"
    Image.fromarray(hide(PARAMETERS)).save(path, "PNG")
    assert examined(path, enabled=False) == ()
    assert [mark.kind for mark in examined(path, watermarks=False)] == ["generator.automatic1111"]


def test_a_grey_picture_and_an_animation_hide_nothing(tmp_path):
    pixels = Image.fromarray(hide(PARAMETERS))
    stream = io.BytesIO()
    pixels.save(stream, "PNG", save_all=True, append_images=[Image.fromarray(noise()).convert("RGBA")])
    for content in (stream.getvalue(), png(pixels.convert("L"))):
        (tmp_path / "file").write_bytes(content)
        assert examined(tmp_path / "file") == ()


def png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def examined(path, **reading):
    chosen = ExamineSettings(Sampling(1), Limits(), (), marks=MarkReading(**reading))
    with path.open("rb") as file:
        return examine_content(file, path.name, chosen, lambda _: None).marks
