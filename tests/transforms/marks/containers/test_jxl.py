import pytest
from hypothesis import given

from tests.transforms.marks.containers.box_files import box, exif_item, jxl
from tests.transforms.marks.containers.still_files import (
    EXIF,
    MUTATIONS,
    STORE,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    mutated,
    walked,
)
from transforms.marks.containers.jxl import walk_jxl

CODESTREAM = box(b"jxlc", b"\xff\x0a" + bytes(30))
XMP_BOX, EXIF_BOX = box(b"xml ", XMP), box(b"Exif", exif_item(EXIF))
EVERYTHING = jxl(EXIF_BOX, CODESTREAM, XMP_BOX, STORE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (XMP_BOX, [("xmp", "xmp", "xml", "", XMP)]),
        (EXIF_BOX, [("exif", "exif", "Exif", "", EXIF)]),
        (box(b"Exif", exif_item(EXIF, b"Exif\0\0")), [("exif", "exif", "Exif", "", EXIF)]),
        (STORE, [("c2pa", "c2pa", "jumb", "", b"")]),
        (box(b"jumb", box(b"jumd", b"json" + STORE[20:])), []),
        (box(b"jumb", b"c2pa"), []),
        (box(b"jbrd", XMP_BOX), []),
    ],
    ids=["XMP", "EXIF", "EXIF after its marker", "C2PA", "other JUMBF", "no JUMBF", "other box"],
)
@pytest.mark.parametrize("order", [1, -1], ids=["before the picture", "behind it"])
def test_boxes(content, told, order):
    walk = walked(walk_jxl, jxl(*[content, CODESTREAM][::order]))
    assert (walk.told, walk.left_out) == (told, [])


@pytest.mark.parametrize("inner", [b"xml ", b"Exif", b"jumb"])
def test_what_brotli_holds_is_left_out(inner):
    walk = walked(walk_jxl, jxl(box(b"brob", inner, b"compressed"), CODESTREAM))
    assert (walk.told, walk.left_out) == ([], [f"brob '{inner.decode()}', compressed with Brotli"])


def test_other_boxes_under_brotli_are_nothing():
    assert walked(walk_jxl, jxl(box(b"brob", b"jbrd", b"compressed"))).left_out == []


def test_a_naked_codestream_has_no_metadata():
    walk = walked(walk_jxl, b"\xff\x0a" + XMP_BOX)
    assert (walk.told, walk.left_out) == ([], [])


def test_cut_anywhere():
    assert len(walked(walk_jxl, EVERYTHING).pieces) == 3
    assert_survives_every_cut(walk_jxl, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_jxl, content)
