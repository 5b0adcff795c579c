from hypothesis import given

from tests.transforms.marks.containers.other_files import (
    asf,
    asf_object,
    content_description,
    extended_content,
    metadata_library,
)
from tests.transforms.marks.containers.still_files import (
    LABEL,
    MUTATIONS,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    mutated,
    walked,
)
from transforms.marks.containers.asf import walk_asf

XMP_OBJECT = asf_object("be7acfcb-97a9-42e8-9c71-999491e3afac", XMP)
EVERYTHING = asf(
    content_description(title="Түлкі", description="Made with AI"),
    extended_content(("WM/EncodingSettings", "Lavf61.7.100"), ("AIGC", LABEL.decode())),
    metadata_library(("comment", "said")),
    behind=XMP_OBJECT,
)


def test_texts_of_every_object():
    walk = walked(walk_asf, EVERYTHING)
    assert walk.told == [
        ("text", "container", "Content Description", "Title", "Түлкі"),
        ("text", "container", "Content Description", "Description", "Made with AI"),
        ("text", "container", "Extended Content Description", "WM/EncodingSettings", "Lavf61.7.100"),
        ("text", "container", "Extended Content Description", "AIGC", LABEL.decode()),
        ("text", "container", "Metadata Library", "comment", "said"),
        ("xmp", "xmp", "XMP object", "", XMP),
    ]
    assert walk.left_out == []


def test_values_that_are_no_text_are_passed_over():
    walk = walked(walk_asf, asf(extended_content(("IsVBR", b"\1\0\0\0"), kind=2)))
    assert (walk.told, walk.left_out) == ([], [])


def test_a_position_is_told_as_present():
    assert walked(walk_asf, asf(extended_content(("location", "+43.2+076.9/")))).texts == {"location": "present"}


def test_an_object_that_ends_within_an_entry_is_told():
    short = asf_object("d2d0a440-e307-11d2-97f0-00a0c95ea850", b"\x09\0\x04\0a\0")
    walk = walked(walk_asf, asf(short))
    assert (walk.told, walk.left_out) == ([], ["Extended Content Description at 0x1e ends within an entry"])


def test_an_impossible_size_ends_the_walk():
    walk = walked(walk_asf, asf() + bytes(24))
    assert walk.left_out[0].startswith("what follows an ASF object of impossible size")


def test_a_value_too_large_is_told():
    walk = walked(walk_asf, asf(content_description(title="x" * 99)), value_bytes=50)
    assert (walk.told, walk.left_out) == ([], ["Content Description is larger than 50 bytes"])


def test_cut_anywhere():
    assert_survives_every_cut(walk_asf, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_asf, content)
