from hypothesis import given

from tests.transforms.marks.containers.other_files import raf
from tests.transforms.marks.containers.still_files import (
    EXIF,
    MUTATIONS,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    jpeg,
    jpeg_segment,
    mutated,
    walked,
)
from transforms.marks.containers.raf import walk_raf

JPEG = jpeg(
    jpeg_segment(0xE1, b"Exif\0\0" + EXIF), jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP), after=bytes(99)
)


def test_the_metadata_of_the_jpeg_is_that_of_the_file():
    data = raf(JPEG)
    walk = walked(walk_raf, data)
    assert walk.left_out == []
    assert sorted(walk.told) == [("exif", "exif", "APP1", "", EXIF), ("xmp", "xmp", "APP1", "", XMP)]
    assert all(data[piece.offset : piece.offset + 2] == b"\xff\xe1" for piece in walk.pieces)


def test_a_pointer_out_of_the_file_is_told():
    for data in (raf(JPEG, start=9999), raf(JPEG, start=0), b"FUJIFILMCCD-RAW "):
        walk = walked(walk_raf, data)
        assert (walk.told, walk.left_out) == ([], ["JPEG of the RAF file at 0x54 claims more than the file holds"])


def test_the_picture_itself_is_not_read():
    large = raf(jpeg(jpeg_segment(0xE1, b"Exif\0\0" + EXIF), after=bytes(3 << 20)))
    assert (len(walked(walk_raf, large).pieces), walked(walk_raf, large).left_out) == (1, [])


def test_cut_anywhere():
    assert_survives_every_cut(walk_raf, raf(JPEG))


@MUTATIONS
@given(mutated(raf(JPEG)))
def test_any_bytes(content):
    assert_survives(walk_raf, content)
