import pytest
from hypothesis import given

from tests.transforms.marks.containers.other_files import ogg_page, ogv, vorbis_comment
from tests.transforms.marks.containers.still_files import (
    LABEL,
    MUTATIONS,
    assert_survives,
    assert_survives_every_cut,
    mutated,
    walked,
)
from transforms.marks.containers.ogg import walk_ogg

EVERYTHING = ogv(b"TITLE=A fox", b"AIGC=" + LABEL, b"a comment without a key")


def test_comments():
    walk = walked(walk_ogg, EVERYTHING)
    assert walk.told == [
        ("text", "container", "theora comment", "vendor", "Xiph.Org libtheora 1.1"),
        ("text", "container", "theora comment", "TITLE", "A fox"),
        ("text", "container", "theora comment", "AIGC", LABEL.decode()),
        ("text", "container", "theora comment", "", "a comment without a key"),
    ]
    assert {EVERYTHING[piece.offset : piece.offset + 4] for piece in walk.pieces} == {b"OggS"}
    assert walk.left_out == []


@pytest.mark.parametrize(
    ("start", "end", "site"),
    [(b"\x03vorbis", b"\1", "vorbis"), (b"OpusTags", bytes(40), "Opus"), (b"OVP80\x02 ", b"", "VP8")],
    ids=["Vorbis", "Opus with padding", "VP8"],
)
def test_the_comments_of_every_stream(start, end, site):
    video, sound = ogg_page(1, b"\x80theora", flags=2), ogg_page(2, b"head", flags=2)
    comments = (
        ogg_page(1, vorbis_comment(b"A=1")),
        ogg_page(2, vorbis_comment(b"B=2", start=start, vendor=b"", end=end)),
    )
    walk = walked(walk_ogg, video + sound + b"".join(comments))
    assert [piece.site for piece in walk.pieces if piece.name != "vendor"] == ["theora comment", f"{site} comment"]
    assert (walk.texts["A"], walk.texts["B"], walk.left_out) == ("1", "2", [])


def test_a_comment_over_several_pages():
    packet = vorbis_comment(b"LONG=" + b"x" * 60_000 + b"y" * 60_000)
    cut = 255 * 200
    pages = ogg_page(1, packet[:cut], is_open=True), ogg_page(1, packet[cut : 2 * cut], is_open=True)
    data = ogg_page(1, b"\x80theora", flags=2) + b"".join(pages) + ogg_page(1, packet[2 * cut :])
    assert walked(walk_ogg, data).texts["LONG"] == "x" * 60_000 + "y" * 60_000
    assert "larger" in walked(walk_ogg, data, value_bytes=1000).left_out[0]


def test_a_position_is_told_as_present():
    assert walked(walk_ogg, ogv(b"LOCATION=+43.2+076.9/")).texts["LOCATION"] == "present"


def test_media_are_not_read():
    data = EVERYTHING + ogg_page(7, vorbis_comment(b"AIGC=1")) + b"no page"
    assert walked(walk_ogg, data).told == walked(walk_ogg, EVERYTHING).told
    assert walked(walk_ogg, data).left_out == []


def test_a_length_beyond_the_packet_is_told():
    packet = vorbis_comment(b"A=1")[:-4] + b"\xff\xff\xff\x7f"
    walk = walked(walk_ogg, ogg_page(1, b"head", flags=2) + ogg_page(1, packet))
    assert [piece.name for piece in walk.pieces] == ["vendor"]
    assert walk.left_out == ["theora comment at 0x20 claims more than its packet holds"]


def test_cut_anywhere():
    assert_survives_every_cut(walk_ogg, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_ogg, content)
