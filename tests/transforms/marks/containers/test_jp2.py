import pytest
from hypothesis import given

from tests.transforms.marks.containers.box_files import XMP_UUID, box
from tests.transforms.marks.containers.other_files import EXIF_UUID, IPTC_UUID, codestream, jp2
from tests.transforms.marks.containers.still_files import (
    EXIF,
    IIM,
    MUTATIONS,
    STORE,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    mutated,
    walked,
)
from transforms.marks.containers.jp2 import walk_jp2

PICTURE = box(b"jp2c", codestream())
XMP_BOX, EXIF_BOX = box(b"uuid", XMP_UUID, XMP), box(b"uuid", EXIF_UUID, EXIF)
EVERYTHING = jp2(EXIF_BOX, box(b"jp2c", codestream(b"said")), XMP_BOX, STORE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (XMP_BOX, [("xmp", "xmp", "uuid", "", XMP)]),
        (box(b"xml ", XMP), [("xmp", "xmp", "xml", "", XMP)]),
        (EXIF_BOX, [("exif", "exif", "uuid", "", EXIF)]),
        (box(b"uuid", EXIF_UUID, b"Exif\0\0", EXIF), [("exif", "exif", "uuid", "", EXIF)]),
        (box(b"uuid", IPTC_UUID, IIM), [("iptc", "iptc", "uuid", "", IIM)]),
        (STORE, [("c2pa", "c2pa", "jumb", "", b"")]),
        (box(b"jp2c", codestream(b"said")), [("text", "container", "COM", "", "said")]),
        (box(b"uuid", bytes(16), XMP), []),
        (box(b"jumb", b"c2pa"), []),
        (box(b"jp2h", XMP_BOX), []),
    ],
    ids=["XMP", "xml", "EXIF", "EXIF after its marker", "IPTC", "C2PA", "comment", "uuid", "no JUMBF", "other box"],
)
@pytest.mark.parametrize("order", [1, -1], ids=["before the picture", "behind it"])
def test_boxes(content, told, order):
    walk = walked(walk_jp2, jp2(*[content, PICTURE][::order]))
    assert (walk.told, walk.left_out) == (told, [])


def test_comments_of_a_naked_codestream():
    walk = walked(walk_jp2, codestream(b"Kakadu", "снято".encode()))
    assert [piece.data for piece in walk.pieces] == ["Kakadu", "снято"]
    assert [piece.offset for piece in walk.pieces] == [45, 57]
    assert walk.left_out == []


def test_binary_comments_and_data_after_the_header_are_passed_over():
    assert walked(walk_jp2, codestream(b"\1\2\3\4", registration=0)).told == []


def test_a_comment_too_long_is_told():
    walk = walked(walk_jp2, codestream(b"x" * 99), value_bytes=9)
    assert (walk.told, walk.left_out) == ([], ["COM is larger than 9 bytes"])


def test_cut_anywhere():
    assert len(walked(walk_jp2, EVERYTHING).pieces) == 4
    assert_survives_every_cut(walk_jp2, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_jp2, content)
