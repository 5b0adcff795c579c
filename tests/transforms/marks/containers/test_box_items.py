import struct

import pytest
from hypothesis import given

from tests.transforms.marks.containers.box_files import (
    RDF_TYPE,
    box,
    exif_item,
    ftyp,
    full_box,
    handler,
    heif,
    item_entry,
    item_infos,
    item_locations,
)
from tests.transforms.marks.containers.still_files import (
    EXIF,
    MUTATIONS,
    XMP,
    assert_survives,
    mutated,
    walked,
)
from transforms.marks.containers.isobmff import walk_isobmff

ITEMS = [(b"Exif", b"", exif_item(EXIF, b"Exif\0\0")), (b"hvc1", b"", b"picture"), (b"mime", RDF_TYPE, XMP)]
ITEMS_TOLD = [("exif", "exif", "meta item", "Exif", EXIF), ("xmp", "xmp", "meta item", "application/rdf+xml", XMP)]


def told(*contents):
    return walked(walk_isobmff, ftyp() + b"".join(contents)).told


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("options", [{}, {"parts": 3}, {"field_bytes": 8}, {"with_base": True}], ids=str)
def test_items_in_the_file(version, options):
    walk = walked(walk_isobmff, heif(ITEMS, version, **options))
    assert walk.told == ITEMS_TOLD
    assert walk.left_out == []


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_items_in_the_item_data(version, brand):
    assert walked(walk_isobmff, heif(ITEMS, version, method=1, brand=brand, parts=2)).told == ITEMS_TOLD


@pytest.mark.parametrize("before", [b"", b"Exif\0\0", b"\0\0"], ids=["none", "marker", "other"])
def test_an_exif_item_is_what_follows_its_offset(before):
    items = [(b"Exif", b"", exif_item(EXIF, before))]
    assert walked(walk_isobmff, heif(items)).told == ITEMS_TOLD[:1]


def test_an_exif_marker_that_the_offset_does_not_count():
    items = [(b"Exif", b"", bytes(4) + b"Exif\0\0" + EXIF)]
    assert walked(walk_isobmff, heif(items)).told == ITEMS_TOLD[:1]


def test_wide_item_numbers_and_counts():
    infos = item_infos(item_entry(1 << 20, b"mime", RDF_TYPE, version=3), version=1)
    locations = item_locations([(1 << 20, [(0, len(XMP))])], version=2, method=1)
    file = full_box(b"meta", handler(b"pict"), infos, locations, box(b"idat", XMP))
    assert told(file) == ITEMS_TOLD[1:]


def test_an_item_without_a_length_is_all_there_is():
    infos = item_infos(item_entry(1, b"mime", RDF_TYPE))
    locations = full_box(b"iloc", b"\0\0" + struct.pack(">HHHHH", 1, 1, 1, 0, 60_000), version=1)
    assert told(full_box(b"meta", handler(b"pict"), infos, locations, box(b"idat", XMP))) == ITEMS_TOLD[1:]


@pytest.mark.parametrize(
    ("entry", "location", "line"),
    [
        (item_entry(1, b"Exif"), item_locations([]), "has no location"),
        (item_entry(1, b"Exif"), item_locations([(1, [(0, 99)])], 1, method=2), "in another item or file"),
        (item_entry(1, b"Exif"), item_locations([(1, [(0, 99)])], reference=1), "in another item or file"),
        (item_entry(1, b"Exif"), item_locations([(1, [(9_000, 99)])]), "outside the file"),
        (item_entry(1, b"Exif"), item_locations([(1, [(0, 99)])], 1, method=1), "outside the file"),
        (item_entry(1, b"Exif"), item_locations([(1, [])]), "outside the file"),
        (item_entry(1, b"Exif", protection=1), item_locations([]), "is protected"),
        (item_entry(1, b"mime", RDF_TYPE, b"deflate"), item_locations([]), "is compressed"),
        (item_entry(1, b"Exif"), full_box(b"iloc", bytes(4), version=3), "a form that is not known"),
        (item_entry(1, b"Exif"), full_box(b"iloc", b"\x44\0\0\x09" + bytes(6)), "is cut short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_items_that_cannot_be_read(entry, location, line):
    walk = walked(walk_isobmff, ftyp() + full_box(b"meta", handler(b"pict"), item_infos(entry), location))
    assert walk.told == []
    assert any(line in told_line for told_line in walk.left_out)


@pytest.mark.parametrize("version", [0, 1])
def test_older_item_entries_have_a_media_type_and_no_kind(version):
    entry = item_entry(1, b"", RDF_TYPE, version=version)
    locations = item_locations([(1, [(0, len(XMP))])], version=1, method=1)
    file = full_box(b"meta", handler(b"null"), item_infos(entry), locations, box(b"idat", XMP))
    assert told(file) == ITEMS_TOLD[1:]


@MUTATIONS
@given(mutated(heif(ITEMS, version=2, parts=2)))
def test_any_bytes_of_items(content):
    assert_survives(walk_isobmff, content)
