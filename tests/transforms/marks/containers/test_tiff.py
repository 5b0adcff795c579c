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
    mutated,
    tiff,
    walked,
    write_sparse,
)

from transforms.marks.containers.tiff import walk_tiff

FILE_ITSELF = ("exif", "exif", "TIFF", "", b"")
BYTE, ASCII, LONG, UNDEFINED = 1, 2, 4, 7
XMP_ENTRY = (700, BYTE, len(XMP), XMP)
LAYOUTS = pytest.mark.parametrize(
    ("order", "is_big"),
    [("<", False), (">", False), ("<", True), (">", True)],
    ids=["little", "big", "BigTIFF little", "BigTIFF big"],
)


@LAYOUTS
@pytest.mark.parametrize(
    ("entry", "told"),
    [
        pytest.param(XMP_ENTRY, ("xmp", "xmp", "tag 700", "", XMP), id="XMP"),
        pytest.param((33723, UNDEFINED, len(IIM), IIM), ("iptc", "iptc", "tag 33723", "", IIM), id="IPTC"),
        pytest.param(
            (34377, BYTE, 24, image_resource(0x0404, IIM)),
            ("iptc", "iptc", "tag 34377", "", IIM),
            id="IPTC in resources",
        ),
        pytest.param((52545, UNDEFINED, len(STORE), STORE), ("c2pa", "c2pa", "tag 52545", "", b""), id="C2PA"),
        pytest.param((700, BYTE, 4, b"<a/>"), ("xmp", "xmp", "tag 700", "", b"<a/>"), id="in the entry itself"),
    ],
)
def test_every_site(order, is_big, entry, told):
    data = tiff([(256, LONG, 1, bytes(4)), entry], order=order, is_big=is_big)
    result = walked(walk_tiff, data)
    assert result.told == [FILE_ITSELF, told]
    assert result.pieces[1].offset == (8 + 2 + 12 if not is_big else 16 + 8 + 20)
    assert result.left_out == []
    assert walked(walk_tiff, tiff([], [entry], order=order, is_big=is_big)).told == [FILE_ITSELF, told]


@pytest.mark.parametrize("order", ["<", ">"])
def test_iptc_as_32_bit_numbers(order):
    padded = IIM + bytes(-len(IIM) % 4)
    values = struct.pack(f"{order}{len(padded) // 4}I", *struct.unpack(f">{len(padded) // 4}I", padded))
    assert walked(walk_tiff, tiff([(33723, LONG, len(padded) // 4, values)], order=order)).told[1][-1] == padded
    assert walked(walk_tiff, tiff([(33723, LONG, len(padded) // 4, padded)], order=order)).told[1][-1] == padded


@pytest.mark.parametrize("head", [b"IIU\0", b"IIRO", b"IIRS", b"MMOR"])
def test_raw_files_that_are_tiff_inside(head):
    data = head + tiff([XMP_ENTRY], order="<" if head[:1] == b"I" else ">")[4:]
    assert len(walked(walk_tiff, data).pieces) == 2


def test_picture_data_is_not_searched():
    hidden = b"AIGC" + LABEL + b"parameters" + XMP
    assert walked(walk_tiff, tiff([(273, UNDEFINED, len(hidden), hidden)])).told == [FILE_ITSELF]


def test_what_pillow_writes():
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "TIFF", tiffinfo={700: XMP, 34377: image_resource(0x0404, IIM), 270: "text"})
    assert walked(walk_tiff, stream.getvalue()).told == [
        FILE_ITSELF,
        ("xmp", "xmp", "tag 700", "", XMP),
        ("iptc", "iptc", "tag 34377", "", IIM),
    ]


def test_directories_in_a_loop_are_walked_once():
    data = bytearray(tiff([XMP_ENTRY]))
    data[8 + 2 + 12 : 8 + 2 + 12 + 4] = struct.pack("<I", 8)
    assert len(walked(walk_tiff, bytes(data)).pieces) == 2


def test_limits():
    result = walked(walk_tiff, tiff([XMP_ENTRY, (33723, BYTE, 11, IIM[:11])]), value_bytes=100)
    assert [piece.form for piece in result.pieces] == ["exif", "iptc"]
    assert result.left_out == ["TIFF tag 700 is larger than 100 bytes"]
    flood = walked(walk_tiff, tiff([(700, BYTE, 1, b"x")] * 500), elements=100)
    assert len(flood.pieces) == 100
    assert flood.left_out == ["elements after the first 100"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(
            tiff([(700, BYTE, 1 << 31, XMP)]), "TIFF tag 700 at 0xa claims more than the file holds", id="value"
        ),
        pytest.param(
            tiff([(700, BYTE, 1 << 63, XMP)], is_big=True),
            "TIFF tag 700 at 0x18 claims more than the file holds",
            id="BigTIFF",
        ),
        pytest.param(
            b"II*\0" + b"\xff" * 4, "TIFF directory at 0xffffffff claims more than the file holds", id="directory"
        ),
        pytest.param(
            b"II+\0\x08\0\0\0" + b"\xff" * 8,
            f"TIFF directory at 0x{'f' * 16} claims more than the file holds",
            id="BigTIFF directory",
        ),
        pytest.param(EXIF[:8] + b"\xff\xff", "TIFF directory at 0x8 claims more than the file holds", id="entries"),
    ],
)
def test_what_lies_over_the_end_is_told(data, line):
    result = walked(walk_tiff, data)
    assert result.told == [FILE_ITSELF]
    assert line in result.left_out


@pytest.mark.parametrize("data", [b"", b"II*\0", b"II9\0\x08\0\0\0", b"XX*\0\x08\0\0\0", b"II+\0\x08\0\0\0"])
def test_something_that_is_no_tiff(data):
    result = walked(walk_tiff, data)
    assert (result.told, result.left_out) == ([], ["no TIFF header"])


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "large.tif"
    hole = 1 << 30
    directory = struct.pack("<HHHIII", 1, 700, BYTE, len(XMP), 8 + hole + 18, 0) + XMP
    write_sparse(path, b"II*\0" + struct.pack("<I", 8 + hole), hole, directory)
    read, result = bytes_read(walk_tiff, path)
    assert result.told == [FILE_ITSELF, ("xmp", "xmp", "tag 700", "", XMP)]
    assert read < 200_000


ENTRIES = [
    XMP_ENTRY,
    (33723, UNDEFINED, len(IIM), IIM),
    (34377, BYTE, 24, image_resource(0x0404, IIM)),
    (52545, UNDEFINED, 4, STORE),
]
EVERYTHING = [tiff(ENTRIES, ENTRIES[1:]), tiff(ENTRIES, ENTRIES[1:], order=">", is_big=True)]


@pytest.mark.parametrize("data", EVERYTHING, ids=["TIFF", "BigTIFF"])
def test_cut_anywhere(data):
    assert len(walked(walk_tiff, data).pieces) == 8
    assert_survives_every_cut(walk_tiff, data)


@pytest.mark.parametrize("data", EVERYTHING, ids=["TIFF", "BigTIFF"])
def test_any_bytes(data):
    @MUTATIONS
    @given(mutated(data))
    def check(changed):
        assert_survives(walk_tiff, changed)

    check()
