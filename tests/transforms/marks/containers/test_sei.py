"""Texts in the first picture of a stream, where encoders and a few generators sign."""

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given

from tests.transforms.marks.containers.box_files import box, ftyp, full_box, handler, movie
from tests.transforms.marks.containers.still_files import (
    MUTATIONS,
    assert_survives,
    assert_survives_every_cut,
    mutated,
    walked,
)
from transforms.marks.containers.isobmff import walk_isobmff
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Budget
from transforms.marks.properties import read_properties

KLING = bytes.fromhex("91ca60614aee385486142d5f73f4ae2e")
OTHER = bytes(range(16, 32))
PICTURE = b"\x65picture"
PARAMETERS = b"\x67sps"


def message(*payloads, header=b"\x06"):
    """A unit of messages of ``(type, data)``."""
    out = b""
    for kind, data in payloads:
        out += bytes([kind]) + b"\xff" * (len(data) // 255) + bytes([len(data) % 255]) + data
    return header + out + b"\x80"


def film(*units, codec=b"avc1", configuration=b"avcC", width=4, is_large=False, fixed_size=False):
    """A film of one sample."""
    sample = b"".join(len(unit).to_bytes(width) + unit for unit in units)
    settings = bytearray(23)
    settings[4 if configuration == b"avcC" else 21] = 0xFC | (width - 1)
    head = ftyp() + struct.pack(">I4s", 8 + len(sample), b"mdat")
    offset = struct.pack(">IIQ" if is_large else ">III", 0, 1, len(head))
    sizes = struct.pack(">III", 0, len(sample), 1) if fixed_size else struct.pack(">IIII", 0, 0, 1, len(sample))
    table = box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), box(codec, bytes(78), box(configuration, bytes(settings)))),
        box(b"co64" if is_large else b"stco", offset),
        box(b"stsz", sizes),
    )
    media = box(b"mdia", handler(b"vide"), box(b"minf", box(b"vmhd", bytes(12)), table))
    return head + sample + movie(box(b"trak", media))


SIGNED = message((5, KLING + b"kling-ai\0"))
EVERYTHING = film(PARAMETERS, message((1, b"timing"), (5, OTHER + b"x" * 300)), SIGNED, PICTURE)


def texts(data):
    return {name: text for name, text in walked(walk_isobmff, data).texts.items() if name != "handler_name"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"width": 2},
        {"is_large": True},
        {"fixed_size": True},
        {"codec": b"avc3"},
    ],
    ids=["usual", "short lengths", "64-bit offsets", "one size for all", "avc3"],
)
def test_a_signature_is_found_by_the_sample_table(options):
    data = film(PARAMETERS, SIGNED, PICTURE, **options)
    assert texts(data) == {KLING.hex(): "kling-ai"}
    assert walked(walk_isobmff, data).left_out == []


def test_hevc():
    parameters, picture, signed = (
        b"\x40\x01vps",
        b"\x26\x01picture",
        message((5, KLING + b"kling-ai"), header=b"\x4e\x01"),
    )
    data = film(parameters, signed, picture, codec=b"hvc1", configuration=b"hvcC")
    assert texts(data) == {KLING.hex(): "kling-ai"}


def test_several_messages_long_ones_and_bytes_against_start_codes():
    escaped = message((5, OTHER + "белгі".encode())).replace(b"\0\0", b"\0\0\3")
    zeros = bytes(14) + b"\1\2"
    protected = message((5, zeros + b"text")).replace(b"\0\0", b"\0\0\3")
    assert texts(EVERYTHING) == {OTHER.hex(): "x" * 300, KLING.hex(): "kling-ai"}
    assert texts(film(escaped, PICTURE)) == {OTHER.hex(): "белгі"}
    assert texts(film(protected, PICTURE)) == {zeros.hex(): "text"}


@pytest.mark.parametrize(
    "units",
    [
        [PICTURE, SIGNED],
        [message((4, KLING + b"kling-ai")), PICTURE],
        [message((5, OTHER + b"\xff\xfe\0\1binary")), PICTURE],
        [message((5, KLING)), PICTURE],
        [SIGNED[:20], PICTURE],
        [],
    ],
    ids=["behind the picture", "other messages", "binary", "no text", "cut", "nothing"],
)
def test_what_is_no_text_before_the_picture_is_passed_over(units):
    assert texts(film(*units)) == {}


def test_other_codecs_are_passed_over():
    assert texts(film(SIGNED, PICTURE, codec=b"mp4v")) == {}


def test_the_signature_is_a_trace_of_its_generator():
    file = io.BytesIO(EVERYTHING)
    properties = read_properties(walked(walk_isobmff, EVERYTHING).pieces, file, Budget())
    assert [mark.kind for mark in read_meaning(properties, read_rules())] == ["generator.kling"]


def test_what_x264_writes_is_read_and_is_no_trace_of_a_generator():
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("libx264", rate=5)
        track.width, track.height, track.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")
        container.mux([*track.encode(frame), *track.encode()])
    found = walked(walk_isobmff, stream.getvalue())
    assert found.texts["dc45e9bde6d948b7962cd820d923eeef"].startswith("x264 - core")
    properties = read_properties(found.pieces, stream, Budget())
    assert [mark for mark in read_meaning(properties, read_rules()) if mark.kind != "software.editor"] == []


def test_messages_are_counted():
    walk = walked(walk_isobmff, film(message(*[(4, b"")] * 2000, (5, KLING + b"kling-ai")), PICTURE), elements=1000)
    assert walk.texts == {}
    assert walk.left_out == ["elements after the first 1000"]


def test_cut_anywhere():
    assert_survives_every_cut(walk_isobmff, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_isobmff, content)
