"""HDR pictures: code points found where they stand, and code values brought to what a common screen shows."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from examples.media.pictures import generated_picture
from transforms.examine.hdr import Colour, read_colour, tone_map
from transforms.examine.pictures import open_picture, sample_picture
from transforms.examine.settings import Limits, Sampling

PQ, HLG = Colour(9, 16), Colour(9, 18)


def saved(form: str) -> bytes:
    buffer = io.BytesIO()
    generated_picture(3, (64, 48)).save(buffer, form)
    return buffer.getvalue()


def png_with_cicp(*code_points: int) -> bytes:
    data = saved("PNG")
    body = b"cICP" + bytes(code_points)
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]  # behind IHDR


def avif_with_transfer(transfer: int) -> bytes:
    data = saved("AVIF")
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", 9, transfer) + data[at + 4 :]


@pytest.mark.parametrize(
    ("data", "media_type", "colour"),
    [
        (png_with_cicp(9, 16, 0, 1), "image/png", PQ),
        (png_with_cicp(9, 18, 0, 1), "image/png", HLG),
        (avif_with_transfer(16), "image/avif", PQ),
        (avif_with_transfer(13), "image/avif", Colour(9, 13)),
        (saved("PNG"), "image/png", None),
        (saved("JPEG"), "image/jpeg", None),
    ],
)
def test_code_points_are_read_where_they_stand(data: bytes, media_type: str, colour: Colour | None) -> None:
    assert read_colour(data, media_type) == colour


@given(data=st.binary(max_size=200), media_type=st.sampled_from(["image/png", "image/avif", "image/heic"]))
def test_any_bytes_are_survived(data: bytes, media_type: str) -> None:
    read_colour(data, media_type)


@pytest.mark.parametrize("colour", [PQ, HLG])
def test_tone_mapping_keeps_order_black_and_grey(colour: Colour) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    mapped = tone_map(ramp, colour)[0].astype(int)
    assert mapped[0].tolist() == [0, 0, 0]
    assert (np.diff(mapped.mean(axis=1)) >= 0).all()
    assert np.ptp(mapped, axis=1).max() <= 2, "grey stays grey"
    assert mapped[-1].min() >= 250


def test_reference_white_in_pq_lands_where_both_agree() -> None:
    """203 nits are 58 % of the PQ signal (ITU-R BT.2408) and land at half of the light."""
    white = np.full((1, 1, 3), round(0.58 * 255), np.uint8)
    assert tone_map(white, PQ)[0, 0].tolist() == pytest.approx([190, 190, 190], abs=4)


def test_other_pictures_are_left_as_they_are() -> None:
    rgb = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert tone_map(rgb, Colour(1, 13)) is rgb


def test_an_hdr_picture_is_examined_tone_mapped_and_says_so() -> None:
    image, facts = open_picture(png_with_cicp(9, 16, 0, 1), "image/png", Limits())
    frame = next(sample_picture(image, facts, Sampling(), Limits()))
    plain = np.asarray(Image.open(io.BytesIO(saved("PNG"))).convert("RGB"))
    assert not np.array_equal(frame.rgb, plain)
    assert [note.status for note in facts.notes] == ["hdr_tone_mapped"]
