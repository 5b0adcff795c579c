import hashlib
import io
import struct

import pytest
from hypothesis import given
from PIL import Image
from still_files import (
    EXIF,
    IIM,
    LABEL,
    MUTATIONS,
    STORE,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    bytes_read,
    image_resource,
    jpeg,
    jpeg_segment,
    mutated,
    sef_trailer,
    walked,
    write_sparse,
)

from transforms.marks.containers.jpeg import walk_jpeg

XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
APP1, APP11, APP13, COM = 0xE1, 0xEB, 0xED, 0xFE
APP11_STORE = b"JP\0\1\0\0\0\1" + STORE
RE_EDIT = b'{"genAIType":1}'


def photoshop(data):
    return jpeg_segment(APP13, b"Photoshop 3.0\0" + data)


def extended_parts(packet, part_bytes=40, full_length=None):
    guid = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    prefix = b"http://ns.adobe.com/xmp/extension/\0" + guid
    length = len(packet) if full_length is None else full_length
    return guid.decode(), [
        jpeg_segment(APP1, prefix + struct.pack(">II", length, start) + packet[start : start + part_bytes])
        for start in range(0, len(packet), part_bytes)
    ]


@pytest.mark.parametrize(
    ("segment", "told"),
    [
        pytest.param(jpeg_segment(APP1, XMP_PREFIX + XMP), ("xmp", "xmp", "APP1", "", XMP), id="xmp"),
        pytest.param(jpeg_segment(0xE4, XMP_PREFIX + XMP), ("xmp", "xmp", "APP4", "", XMP), id="xmp elsewhere"),
        pytest.param(jpeg_segment(APP1, XMP), ("xmp", "xmp", "APP1", "", XMP), id="xmp without a prefix"),
        pytest.param(
            jpeg_segment(APP1, b"XMP\0://ns.adobe.com/xap/1.0/\0" + XMP),
            ("xmp", "xmp", "APP1", "", XMP),
            id="odd prefix",
        ),
        pytest.param(jpeg_segment(APP1, b"Exif\0\0" + EXIF), ("exif", "exif", "APP1", "", EXIF), id="exif"),
        pytest.param(
            jpeg_segment(COM, "Создано с помощью ИИ".encode()),
            ("text", "container", "COM", "", "Создано с помощью ИИ"),
            id="comment",
        ),
        pytest.param(jpeg_segment(COM, b"caf\xe9\0"), ("text", "container", "COM", "", "café"), id="latin comment"),
        pytest.param(
            jpeg_segment(COM, b"AIGC" + LABEL), ("text", "container", "COM", "AIGC", LABEL.decode()), id="label in COM"
        ),
        pytest.param(
            jpeg_segment(0xE9, b"AIGC" + LABEL),
            ("text", "container", "APP9", "AIGC", LABEL.decode()),
            id="label in APP9",
        ),
        pytest.param(
            jpeg_segment(0xE9, b"TC260\0AIGC\0" + LABEL),
            ("text", "container", "APP9", "AIGC", LABEL.decode()),
            id="label after an identifier",
        ),
        pytest.param(
            jpeg_segment(0xE9, b'{"AIGC": {"Label":"1"}}'),
            ("text", "container", "APP9", "AIGC", '{"AIGC": {"Label":"1"}}'),
            id="label that names itself",
        ),
        pytest.param(photoshop(image_resource(0x0404, IIM)), ("iptc", "iptc", "APP13", "", IIM), id="iptc"),
        pytest.param(
            photoshop(image_resource(0x03ED, b"odd", b"name") + image_resource(0x0404, IIM)),
            ("iptc", "iptc", "APP13", "", IIM),
            id="iptc after another resource",
        ),
        pytest.param(jpeg_segment(APP11, APP11_STORE), ("c2pa", "c2pa", "APP11", "", b""), id="c2pa"),
    ],
)
def test_every_site(segment, told):
    result = walked(walk_jpeg, jpeg(segment))
    assert result.told == [told]
    assert result.pieces[0].offset == 2
    assert result.left_out == []


@pytest.mark.parametrize(
    "segment",
    [
        pytest.param(jpeg_segment(APP11, b"JP\0\1\0\0\0\1" + STORE.replace(b"c2pa", b"othr")), id="another JUMBF"),
        pytest.param(jpeg_segment(APP11, b"HDR_RI c2pa"), id="another APP11"),
        pytest.param(
            jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(200) + b"AIGC" + LABEL), id="label within a profile"
        ),
        pytest.param(photoshop(image_resource(0x03ED, IIM)), id="another resource"),
        pytest.param(jpeg_segment(0xDB, b"AIGC" + LABEL), id="a table"),
    ],
)
def test_other_segments_say_nothing(segment):
    assert walked(walk_jpeg, jpeg(segment)).told == []


def test_picture_data_is_not_searched():
    hidden = jpeg_segment(COM, b"AIGC" + LABEL) + jpeg_segment(APP1, XMP_PREFIX + XMP) + b"parameters"
    assert walked(walk_jpeg, jpeg(scan=hidden, after=hidden)).told == []


def test_a_progressive_file_ends_at_its_first_scan():
    scans = (
        b"\x01\x02\xff\xd0\x03" + jpeg_segment(0xC4, b"\0" * 17) + jpeg_segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x05"
    )
    assert walked(walk_jpeg, jpeg(jpeg_segment(COM, b"before"), scan=scans)).texts == {"": "before"}


def test_fill_bytes_stray_bytes_and_markers_without_length():
    between = b"\xff\xff\xff\x01\xff\xd0\0\0stray"
    data = jpeg(jpeg_segment(0xE0, b"JFIF\0"), between, b"\xff\xff" + jpeg_segment(COM, b"found"))
    assert walked(walk_jpeg, data).texts == {"": "found"}


def test_exif_that_goes_on_in_a_second_segment_is_one():
    first, second = jpeg_segment(APP1, b"Exif\0\0" + EXIF), jpeg_segment(APP1, b"Exif\0\0more")
    assert walked(walk_jpeg, jpeg(first, second)).told == [("exif", "exif", "APP1", "", EXIF + b"more")]


def test_resources_cut_between_segments_are_one():
    resources = image_resource(0x0404, IIM)
    result = walked(walk_jpeg, jpeg(photoshop(resources[:9]), photoshop(resources[9:])))
    assert result.told == [("iptc", "iptc", "APP13", "", IIM)]


def test_a_store_in_many_segments_is_told_once():
    following = jpeg_segment(APP11, b"JP\0\1\0\0\0\2" + STORE[:8] + b"c2pa" * 20)
    assert [piece.form for piece in walked(walk_jpeg, jpeg(jpeg_segment(APP11, APP11_STORE), following)).pieces] == [
        "c2pa"
    ]


class TestExtendedXmp:
    def test_parts_in_any_order_are_joined(self):
        guid, parts = extended_parts(XMP)
        result = walked(walk_jpeg, jpeg(*reversed(parts)))
        assert result.told == [("xmp_extended", "xmp", "APP1", guid, XMP)]

    def test_packets_of_two_guids_stay_apart(self):
        (one, parts), (other, others) = extended_parts(XMP), extended_parts(XMP * 2)
        mixed = [segment for pair in zip(parts, others, strict=False) for segment in pair] + others[len(parts) :]
        result = walked(walk_jpeg, jpeg(*mixed))
        assert {piece.name: piece.data for piece in result.pieces} == {one: XMP, other: XMP * 2}

    @pytest.mark.parametrize(
        "change", [lambda parts: parts[1:], lambda parts: parts[:-1], lambda parts: parts[:1] + parts[2:]]
    )
    def test_a_missing_part_is_told(self, change):
        guid, parts = extended_parts(XMP)
        result = walked(walk_jpeg, jpeg(*change(parts)))
        assert result.told == []
        assert result.left_out == [f"extended XMP {guid} lacks a part"]

    @pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF])
    def test_a_length_that_lies(self, claimed):
        _, parts = extended_parts(XMP, full_length=claimed)
        assert walked(walk_jpeg, jpeg(*parts)).told == []


class TestSamsungTrailer:
    def test_texts_by_the_directory(self):
        entries = [
            (b"Image_UTC_Data", b"1712345678901"),
            (b"MotionPhoto_Data", b"\0\0\0\x18ftypmp42" + bytes(5000)),
            (b"PhotoEditor_Re_Edit_Data", RE_EDIT),
        ]
        result = walked(walk_jpeg, jpeg(after=sef_trailer(entries)))
        assert result.texts == {"Image_UTC_Data": "1712345678901", "PhotoEditor_Re_Edit_Data": RE_EDIT.decode()}
        assert {(piece.layer, piece.site) for piece in result.pieces} == {("container", "SEF trailer")}
        assert result.pieces[0].offset == len(jpeg())

    @pytest.mark.parametrize(
        "trailer",
        [
            pytest.param(b"SEFT", id="only a signature"),
            pytest.param(struct.pack("<I4s", 1 << 31, b"SEFT"), id="a length before the file"),
            pytest.param(struct.pack("<4sIII4s", b"SEFH", 101, 9, 12, b"SEFT"), id="entries that are not there"),
            pytest.param(
                b"SEFH" + struct.pack("<IIHHIII4s", 101, 1, 0, 1, 1 << 31, 1 << 31, 24, b"SEFT"), id="far back"
            ),
            pytest.param(
                bytes(8) + b"SEFH" + struct.pack("<IIHHIII4s", 101, 1, 0, 1, 8, 99, 24, b"SEFT"), id="too large"
            ),
        ],
    )
    def test_a_directory_that_lies(self, trailer):
        assert walked(walk_jpeg, jpeg(after=trailer)).told == []

    def test_a_trailer_in_the_middle_is_picture_data(self):
        trailer = sef_trailer([(b"PhotoEditor_Re_Edit_Data", RE_EDIT)])
        assert walked(walk_jpeg, jpeg(scan=trailer)).told == []


def test_what_pillow_writes():
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    picture = Image.effect_noise((64, 64), 50)
    picture.save(stream, "JPEG", exif=exif, xmp=XMP, comment="a comment", icc_profile=bytes(70_000), progressive=True)
    result = walked(walk_jpeg, stream.getvalue())
    assert sorted(piece.form for piece in result.pieces) == ["exif", "text", "xmp"]
    assert next(piece.data for piece in result.pieces if piece.form == "exif")[:2] in {b"II", b"MM"}


def test_limits():
    data = jpeg(jpeg_segment(COM, b"x" * 500), jpeg_segment(COM, b"short"))
    assert walked(walk_jpeg, data, value_bytes=100).left_out == ["COM at 0x2 is larger than 100 bytes"]
    assert walked(walk_jpeg, data, value_bytes=100).texts == {"": "short"}
    flood = walked(walk_jpeg, jpeg(*[jpeg_segment(COM, b"x")] * 50), elements=10)
    assert len(flood.pieces) == 9
    assert flood.left_out == ["elements after the first 10"]


def test_a_segment_over_the_end_is_told():
    result = walked(walk_jpeg, b"\xff\xd8" + jpeg_segment(COM, b"whole") + b"\xff\xfe\xff\xff")
    assert result.texts == {"": "whole"}
    assert result.left_out == ["JPEG segment 0xfe at 0xb claims more than the file holds"]


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "large.jpg"
    trailer = sef_trailer([(b"PhotoEditor_Re_Edit_Data", RE_EDIT)])
    write_sparse(path, jpeg(jpeg_segment(COM, b"comment"))[:-2], 1 << 30, trailer)
    read, result = bytes_read(walk_jpeg, path)
    assert set(result.texts) == {"", "PhotoEditor_Re_Edit_Data"}
    assert read < 200_000


EVERYTHING = jpeg(
    jpeg_segment(APP1, XMP_PREFIX + XMP),
    jpeg_segment(APP1, b"Exif\0\0" + EXIF),
    *extended_parts(XMP)[1],
    photoshop(image_resource(0x0404, IIM)),
    jpeg_segment(APP11, APP11_STORE),
    jpeg_segment(COM, b"AIGC" + LABEL),
    after=sef_trailer([(b"PhotoEditor_Re_Edit_Data", RE_EDIT)]),
)


def test_cut_anywhere():
    assert len(walked(walk_jpeg, EVERYTHING).pieces) == 7
    assert_survives_every_cut(walk_jpeg, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(data):
    assert_survives(walk_jpeg, data)
