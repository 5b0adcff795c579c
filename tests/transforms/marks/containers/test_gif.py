import io

import pytest
from hypothesis import given
from PIL import Image
from still_files import (
    LABEL,
    MUTATIONS,
    STORE,
    XMP,
    XMP_TRAILER,
    assert_survives,
    assert_survives_every_cut,
    gif,
    gif_application,
    gif_comment,
    mutated,
    sub_blocks,
    walked,
)

from transforms.marks.containers.gif import walk_gif

LOOP = gif_application(b"NETSCAPE2.0", sub_blocks(b"\1\0\0"))
CONTROL = b"!\xf9\4\0\0\0\0\0"
PLAIN_TEXT = b"!\x01\x0c" + bytes(12) + sub_blocks(b"AIGC" + LABEL)
LONG_XMP = XMP[:60] + b"<!-- " + b"x" * 3000 + b" -->" + XMP[60:]


@pytest.mark.parametrize(
    ("extension", "told"),
    [
        pytest.param(
            gif_application(b"XMP DataXMP", XMP + XMP_TRAILER),
            ("xmp", "xmp", "application extension", "", XMP),
            id="XMP",
        ),
        pytest.param(
            gif_application(b"XMP DataXMP", LONG_XMP + XMP_TRAILER),
            ("xmp", "xmp", "application extension", "", LONG_XMP),
            id="long XMP",
        ),
        pytest.param(
            gif_application(b"XMP DataXMP", sub_blocks(LONG_XMP)),
            ("xmp", "xmp", "application extension", "", LONG_XMP),
            id="XMP cut into blocks",
        ),
        pytest.param(
            gif_comment("ЖИ ".encode() * 200),
            ("text", "container", "comment extension", "", ("ЖИ " * 200).strip()),
            id="comment of many blocks",
        ),
        pytest.param(
            gif_application(b"C2PA_GIF\1\0\0", sub_blocks(STORE * 10)),
            ("c2pa", "c2pa", "application extension", "", b""),
            id="C2PA",
        ),
    ],
)
def test_every_site(extension, told):
    result = walked(walk_gif, gif(LOOP, CONTROL, extension))
    assert result.told == [told]
    assert result.left_out == []
    after = walked(walk_gif, gif(LOOP, after=[CONTROL, extension, b"\0"]))
    assert after.told == [told]
    assert after.left_out == []


def test_offsets_are_those_of_the_extensions():
    data = gif(gif_comment(b"one"), after=[gif_comment(b"two")])
    assert [piece.offset for piece in walked(walk_gif, data).pieces] == [data.index(b"!"), data.rindex(b"!")]


def test_picture_data_and_other_extensions_are_not_searched():
    hidden = gif_comment(b"AIGC" + LABEL) + b"parameters" * 50
    other = gif_application(b"ICCRGBG1012", sub_blocks(hidden))
    assert walked(walk_gif, gif(PLAIN_TEXT, other, pixels=hidden) + gif_comment(b"after the end")).told == []


def test_what_pillow_writes():
    stream = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], comment=b"a comment", loop=0)
    assert walked(walk_gif, stream.getvalue()).texts == {"": "a comment"}


def test_limits():
    data = gif(gif_comment(b"x" * 500), gif_comment(b"short"))
    result = walked(walk_gif, data, value_bytes=100)
    assert result.texts == {"": "short"}
    assert result.left_out == ["GIF comment is larger than 100 bytes"]
    flood = walked(walk_gif, gif(*[gif_comment(b"x")] * 50), elements=10)
    assert len(flood.pieces) == 10
    assert flood.left_out == ["elements after the first 10"]


def test_picture_data_takes_few_elements_and_not_for_ever():
    data = gif(pixels=bytes(300_000), after=[gif_comment(b"after")])
    assert walked(walk_gif, data, elements=14).texts == {"": "after"}
    tiny_blocks = b"\1x" * 10_000 + b"\0"
    result = walked(walk_gif, gif(gif_application(b"ICCRGBG1012", tiny_blocks), gif_comment(b"after")), elements=10)
    assert (result.told, result.left_out) == ([], ["elements after the first 10"])


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(
            gif(after=[gif_comment(b"x" * 99)])[:-50], "GIF block at 0x22 claims more than the file holds", id="cut"
        ),
        pytest.param(gif()[:-1], "the GIF file has no end mark", id="no end"),
        pytest.param(gif()[:-1] + b"?", "no GIF block at 0x22", id="no block"),
        pytest.param(b"GIF89a", "GIF header at 0x0 claims more than the file holds", id="no header"),
    ],
)
def test_where_a_walk_ends_early(data, line):
    result = walked(walk_gif, data)
    assert (result.told, result.left_out) == ([], [line])


EVERYTHING = gif(
    LOOP,
    gif_comment(b"AIGC" + LABEL),
    gif_application(b"XMP DataXMP", XMP + XMP_TRAILER),
    after=[gif_application(b"C2PA_GIF\1\0\0", sub_blocks(STORE)), gif_comment(b"after")],
)


def test_cut_anywhere():
    assert len(walked(walk_gif, EVERYTHING).pieces) == 4
    assert_survives_every_cut(walk_gif, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(data):
    assert_survives(walk_gif, data)
