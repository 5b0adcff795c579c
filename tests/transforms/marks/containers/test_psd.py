import pytest
from hypothesis import given

from tests.transforms.marks.containers.other_files import psd
from tests.transforms.marks.containers.still_files import (
    EXIF,
    IIM,
    MUTATIONS,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    image_resource,
    mutated,
    walked,
)
from transforms.marks.containers.psd import walk_psd

OTHER = image_resource(0x03ED, b"resolution", name=b"name")
EVERYTHING = psd(OTHER, image_resource(0x0404, IIM), image_resource(0x0422, EXIF), image_resource(0x0424, XMP))


def test_resources_among_others():
    walk = walked(walk_psd, EVERYTHING)
    assert walk.told == [
        ("iptc", "iptc", "image resources", "", IIM),
        ("exif", "exif", "image resources", "", EXIF),
        ("xmp", "xmp", "image resources", "", XMP),
    ]
    assert [EVERYTHING[piece.offset : piece.offset + 6] for piece in walk.pieces] == [
        b"8BIM\x04\x04",
        b"8BIM\x04\x22",
        b"8BIM\x04\x24",
    ]
    assert walk.left_out == []


@pytest.mark.parametrize("name", [b"", b"a", b"ab", b"n" * 255], ids=len)
def test_names_are_padded_with_their_length(name):
    walk = walked(walk_psd, psd(image_resource(0x0424, XMP, name), image_resource(0x0404, IIM)))
    assert [piece.data for piece in walk.pieces] == [XMP, IIM]


def test_colours_before_the_resources_are_passed_over():
    assert walked(walk_psd, psd(image_resource(0x0424, XMP), colours=bytes(768))).pieces[0].data == XMP


def test_a_document_without_resources():
    walk = walked(walk_psd, psd())
    assert (walk.told, walk.left_out) == ([], [])


def test_what_is_not_wanted_costs_nothing():
    walk = walked(walk_psd, psd(image_resource(0x040C, bytes(5000)), image_resource(0x0404, IIM)), total_bytes=100)
    assert (len(walk.pieces), walk.left_out) == (1, [])


def test_a_value_too_large_is_told():
    walk = walked(walk_psd, psd(image_resource(0x0424, XMP), image_resource(0x0404, IIM)), value_bytes=50)
    assert ([piece.data for piece in walk.pieces], walk.left_out) == (
        [IIM],
        ["image resource 0x0424 is larger than 50 bytes"],
    )


def test_bytes_that_are_no_resource_are_told():
    walk = walked(walk_psd, psd(image_resource(0x0404, IIM), bytes(40)))
    assert (len(walk.pieces), walk.left_out[0][:20]) == (1, "no image resource at")


def test_cut_anywhere():
    assert_survives_every_cut(walk_psd, EVERYTHING)
    assert walked(walk_psd, EVERYTHING[:80]).left_out


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_psd, content)
