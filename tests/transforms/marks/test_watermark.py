"""Invisible watermarks: found where they were embedded, nowhere else, and worn out by what wears them out."""

import cv2
import numpy as np
import pytest

from examples.media import pictures
from examples.media.watermarks import embed
from transforms.marks.mark import MarkClass, Says
from transforms.marks.watermark import MESSAGES, correlate, embedded_bits, find_watermarks


@pytest.fixture(scope="module")
def picture():
    return np.asarray(pictures.generated_picture(3, (512, 384)))


def jpeg(rgb, quality):
    return cv2.imdecode(cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)[
        ..., ::-1
    ]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.kind)
def test_an_embedded_message_is_found_and_no_other(picture, message):
    (mark,) = find_watermarks(embed(picture, message.bits))
    assert (mark.kind, mark.says, mark.mark_class) == (message.kind, Says.AI, MarkClass.HEURISTIC)
    assert mark.facts["generator"] == message.generator
    assert float(mark.facts["correlation"]) > 0.9


def test_the_messages_are_those_of_the_reference_code():
    assert {message.kind: len(message.bits) for message in MESSAGES} == {
        "watermark.sd1": 136,
        "watermark.sd2": 32,
        "watermark.sdxl": 48,
        "watermark.flux": 48,
    }
    # diffusers: StableDiffusionXLWatermarker, WATERMARK_MESSAGE; FLUX: flux/util.py, WATERMARK_MESSAGE.
    values = {message.kind: int("".join(map(str, message.bits)), 2) for message in MESSAGES}
    assert values["watermark.sdxl"] == 0b101100111110110010010000011110111011000110011110
    assert values["watermark.flux"] == 0b001010101111111010000111100111001111010100101110


@pytest.mark.parametrize("seed", range(12))
def test_unmarked_pictures_have_none(seed):
    picture = np.asarray(pictures.generated_picture(seed, (640, 480)))
    assert find_watermarks(picture) == []
    assert find_watermarks(jpeg(picture, 80)) == []


@pytest.mark.parametrize("colour", [0, 18, 36, 127, 255])
def test_pictures_of_one_colour_decode_to_equal_bits_and_are_no_message(colour):
    flat = np.full((512, 512, 3), colour, np.uint8)
    assert len(set(embedded_bits(flat))) == 1
    assert find_watermarks(flat) == []


@pytest.mark.parametrize(
    ("attack", "is_found"),
    [
        (lambda rgb: jpeg(rgb, 50), False),
        (lambda rgb: cv2.resize(rgb, None, fx=0.5, fy=0.5), False),
        (lambda rgb: rgb[1:, 1:], False),
        (lambda rgb: rgb[:-40, :], True),
        (lambda rgb: jpeg(rgb, 100), True),
    ],
    ids=["jpeg 50", "half the size", "cut at the top left", "cut at the bottom", "jpeg 100"],
)
def test_what_wears_the_message_out(picture, attack, is_found):
    marked = embed(picture, MESSAGES[2].bits)
    assert bool(find_watermarks(np.ascontiguousarray(attack(marked)))) is is_found


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (4, 4), (7, 9), (8, 8), (13, 1000), (64, 64)])
def test_small_pictures_have_no_room_for_one(shape):
    rgb = np.random.default_rng(1).integers(0, 255, (*shape, 3)).astype(np.uint8)
    assert len(embedded_bits(rgb)) == (shape[0] // 4 * 4 // 2 // 4) * (shape[1] // 4 * 4 // 2 // 4)
    assert find_watermarks(rgb) == []


def test_too_few_blocks_or_equal_means_correlate_with_nothing():
    bits = np.ones(1000, np.bool_)
    assert correlate(bits, MESSAGES[3].bits) == 0.0
    assert correlate(bits[:10], MESSAGES[3].bits) == 0.0
