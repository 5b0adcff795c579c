import io

import pytest
from hypothesis import given
from PIL import Image
from still_files import (
    EXIF,
    LABEL,
    MUTATIONS,
    STORE,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    bytes_read,
    mutated,
    riff,
    riff_chunk,
    riff_list,
    walked,
    write_sparse,
)

from transforms.marks.containers.riff import walk_riff

PICTURE = riff_chunk(b"VP8 ", bytes(21))
MOVIE = riff_list(b"movi", riff_chunk(b"00dc", bytes(30)))
HEADER = riff_list(b"hdrl", riff_chunk(b"avih", bytes(56)))


@pytest.mark.parametrize("form", [b"WEBP", b"AVI "])
@pytest.mark.parametrize(
    ("chunk", "told"),
    [
        pytest.param(riff_chunk(b"XMP ", XMP), ("xmp", "xmp", "XMP", "", XMP), id="XMP"),
        pytest.param(riff_chunk(b"XMP\0", XMP), ("xmp", "xmp", "XMP", "", XMP), id="XMP with a NUL"),
        pytest.param(riff_chunk(b"_PMX", XMP), ("xmp", "xmp", "_PMX", "", XMP), id="Adobe's XMP"),
        pytest.param(riff_chunk(b"EXIF", EXIF), ("exif", "exif", "EXIF", "", EXIF), id="EXIF"),
        pytest.param(
            riff_chunk(b"EXIF", b"Exif\0\0" + EXIF), ("exif", "exif", "EXIF", "", EXIF), id="EXIF with a prefix"
        ),
        pytest.param(riff_chunk(b"C2PA", STORE), ("c2pa", "c2pa", "C2PA", "", b""), id="C2PA"),
        pytest.param(
            riff_list(b"INFO", riff_chunk(b"AIGC", LABEL)),
            ("text", "container", "LIST/INFO", "AIGC", LABEL.decode()),
            id="AIGC",
        ),
        pytest.param(
            riff_list(b"INFO", riff_chunk(b"ICMT", "ЖИ көмегімен жасалды\0".encode())),
            ("text", "container", "LIST/INFO", "ICMT", "ЖИ көмегімен жасалды"),
            id="comment",
        ),
        pytest.param(
            riff_list(b"INFO", riff_chunk(b"ISFT", b"Lavf61.1.100\0")),
            ("text", "container", "LIST/INFO", "ISFT", "Lavf61.1.100"),
            id="software",
        ),
        pytest.param(
            riff_list(b"hdrl", riff_chunk(b"IDIT", b"Mon Nov 23 10:00:00 2026\n\0")),
            ("text", "container", "LIST/hdrl", "IDIT", "Mon Nov 23 10:00:00 2026"),
            id="date in the header",
        ),
    ],
)
def test_every_site(form, chunk, told):
    result = walked(walk_riff, riff(form, PICTURE, chunk, MOVIE))
    assert result.told == [told]
    assert result.left_out == []
    assert walked(walk_riff, riff(form, PICTURE, MOVIE, chunk)).told == [told]


def test_offsets_are_those_of_the_chunks():
    data = riff(b"AVI ", HEADER, riff_list(b"INFO", riff_chunk(b"ICMT", b"a"), riff_chunk(b"ISFT", b"b")))
    offsets = [piece.offset for piece in walked(walk_riff, data).pieces]
    assert offsets == [data.index(b"ICMT"), data.index(b"ISFT")]


def test_media_is_not_searched():
    hidden = riff_list(b"INFO", riff_chunk(b"AIGC", LABEL)) + riff_chunk(b"XMP ", XMP)
    data = riff(b"AVI ", riff_list(b"movi", hidden), riff_chunk(b"JUNK", hidden), riff_chunk(b"VP8 ", hidden))
    assert walked(walk_riff, data).told == []


@pytest.mark.parametrize("claimed", [0, 4, 0xFFFFFFFF])
def test_a_length_of_the_whole_that_lies(claimed):
    data = riff(b"WEBP", PICTURE, riff_chunk(b"XMP ", XMP), claimed_bytes=claimed)
    assert [piece.form for piece in walked(walk_riff, data).pieces] == ["xmp"]


def test_further_parts_of_a_large_avi():
    data = riff(b"AVI ", HEADER, MOVIE) + riff(b"AVIX", MOVIE) + riff(b"AVIX", MOVIE, riff_chunk(b"_PMX", XMP))
    assert walked(walk_riff, data).told == [("xmp", "xmp", "_PMX", "", XMP)]


def test_an_odd_chunk_without_its_padding():
    unpadded = riff_chunk(b"ICMT", b"odd")[:-1]
    data = riff(b"AVI ", riff_list(b"INFO", unpadded, riff_chunk(b"ISFT", b"next")))
    assert walked(walk_riff, data).texts == {"ICMT": "odd", "ISFT": "next"}


def test_what_pillow_writes():
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    Image.new("RGB", (8, 8)).save(stream, "WEBP", exif=exif, xmp=XMP)
    result = walked(walk_riff, stream.getvalue())
    assert [piece.form for piece in result.pieces] == ["exif", "xmp"]
    assert result.pieces[0].data[:2] in {b"II", b"MM"}
    assert result.pieces[1].data == XMP


def test_limits():
    comments = riff_list(b"INFO", riff_chunk(b"ICMT", b"x" * 500), riff_chunk(b"ISFT", b"short"))
    result = walked(walk_riff, riff(b"AVI ", comments), value_bytes=100)
    assert result.texts == {"ISFT": "short"}
    assert result.left_out == ["LIST/INFO 'ICMT' is larger than 100 bytes"]
    flood = walked(walk_riff, riff(b"AVI ", *[riff_chunk(b"IDIT", b"x")] * 50), elements=10)
    assert len(flood.pieces) == 9
    assert flood.left_out == ["elements after the first 10"]


def test_lists_within_lists_have_an_end():
    data = riff_chunk(b"IDIT", b"x")
    for _ in range(200):
        data = riff_list(b"hdrl", data)
    assert walked(walk_riff, riff(b"AVI ", data)).told == []


def test_a_chunk_over_the_end_is_told():
    result = walked(walk_riff, riff(b"AVI ", riff_list(b"INFO", riff_chunk(b"ICMT", b"told")), MOVIE)[:-5])
    assert result.texts == {"ICMT": "told"}
    assert result.left_out == ["RIFF chunk LIST at 0x24 claims more than the file holds"]


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "large.avi"
    start = riff(b"AVI ", HEADER) + b"LIST" + (1 << 30).to_bytes(4, "little") + b"movi"
    write_sparse(path, start, (1 << 30) - 4, riff_list(b"INFO", riff_chunk(b"ICMT", b"told")))
    read, result = bytes_read(walk_riff, path)
    assert result.texts == {"ICMT": "told"}
    assert read < 200_000


EVERYTHING = riff(
    b"AVI ",
    HEADER,
    riff_list(b"INFO", riff_chunk(b"AIGC", LABEL), riff_chunk(b"ICMT", b"odd")),
    MOVIE,
    riff_chunk(b"EXIF", EXIF),
    riff_chunk(b"XMP ", XMP),
    riff_chunk(b"C2PA", STORE),
)


def test_cut_anywhere():
    assert len(walked(walk_riff, EVERYTHING).pieces) == 5
    assert_survives_every_cut(walk_riff, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(data):
    assert_survives(walk_riff, data)
