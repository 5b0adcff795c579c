import io
import zlib

import pytest
from hypothesis import given
from PIL import Image, PngImagePlugin
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
    png,
    png_chunk,
    walked,
    write_sparse,
)

from transforms.marks.containers.png import walk_png

PARAMETERS = "a cat\nSteps: 20, Sampler: Euler a, Seed: 42"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"


def itxt(key, text, compressed=False):
    flags = b"\1\0" if compressed else b"\0\0"
    return png_chunk(
        b"iTXt",
        key + b"\0" + flags + b"kk\0" + "түйін".encode() + b"\0" + (zlib.compress(text) if compressed else text),
    )


def ztxt(key, text):
    return png_chunk(b"zTXt", key + b"\0\0" + zlib.compress(text))


def raw_profile(kind, data, chunk=ztxt):
    digits = data.hex()
    lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    return chunk(f"Raw profile type {kind}".encode(), f"\n{kind}\n{len(data):8}\n{lines}\n".encode())


SITES = [
    pytest.param(
        png_chunk(b"tEXt", b"parameters\0" + PARAMETERS.encode()),
        ("text", "png_text", "tEXt", "parameters", PARAMETERS),
        id="tEXt",
    ),
    pytest.param(
        png_chunk(b"tEXt", b"Comment\0caf\xe9"), ("text", "png_text", "tEXt", "Comment", "café"), id="tEXt in Latin-1"
    ),
    pytest.param(
        png_chunk(b"tEXt", b"prompt\0" + "қала".encode()),
        ("text", "png_text", "tEXt", "prompt", "қала"),
        id="tEXt in UTF-8",
    ),
    pytest.param(ztxt(b"workflow", b"{}" * 900), ("text", "png_text", "zTXt", "workflow", "{}" * 900), id="zTXt"),
    pytest.param(itxt(b"AIGC", LABEL), ("text", "png_text", "iTXt", "AIGC", LABEL.decode()), id="iTXt"),
    pytest.param(
        itxt(b"AIGC", LABEL, compressed=True),
        ("text", "png_text", "iTXt", "AIGC", LABEL.decode()),
        id="iTXt compressed",
    ),
    pytest.param(itxt(b"XML:com.adobe.xmp", XMP), ("xmp", "xmp", "iTXt", "", XMP), id="XMP"),
    pytest.param(
        itxt(b"XML:com.adobe.xmp", XMP, compressed=True), ("xmp", "xmp", "iTXt", "", XMP), id="XMP compressed"
    ),
    pytest.param(png_chunk(b"eXIf", EXIF), ("exif", "exif", "eXIf", "", EXIF), id="eXIf"),
    pytest.param(png_chunk(b"eXIf", b"Exif\0\0" + EXIF), ("exif", "exif", "eXIf", "", EXIF), id="eXIf with a prefix"),
    pytest.param(raw_profile("exif", b"Exif\0\0" + EXIF), ("exif", "exif", "zTXt", "", EXIF), id="raw profile exif"),
    pytest.param(
        raw_profile("APP1", b"Exif\0\0" + EXIF), ("exif", "exif", "zTXt", "", EXIF), id="raw profile APP1 of EXIF"
    ),
    pytest.param(raw_profile("APP1", XMP_PREFIX + XMP), ("xmp", "xmp", "zTXt", "", XMP), id="raw profile APP1 of XMP"),
    pytest.param(raw_profile("xmp", XMP), ("xmp", "xmp", "zTXt", "", XMP), id="raw profile xmp"),
    pytest.param(
        raw_profile("iptc", image_resource(0x0404, IIM)),
        ("iptc", "iptc", "zTXt", "", IIM),
        id="raw profile of resources",
    ),
    pytest.param(raw_profile("iptc", IIM), ("iptc", "iptc", "zTXt", "", IIM), id="raw profile of IIM"),
    pytest.param(
        raw_profile("iptc", IIM, chunk=lambda key, text: png_chunk(b"tEXt", key + b"\0" + text)),
        ("iptc", "iptc", "tEXt", "", IIM),
        id="raw profile in tEXt",
    ),
    pytest.param(png_chunk(b"tEXt", b"IPTC\0" + IIM.hex().encode()), ("iptc", "iptc", "tEXt", "", IIM), id="bare IIM"),
    pytest.param(png_chunk(b"caBX", STORE), ("c2pa", "c2pa", "caBX", "", b""), id="C2PA"),
]


@pytest.mark.parametrize(("chunk", "told"), SITES)
def test_every_site_before_the_picture(chunk, told):
    result = walked(walk_png, png(chunk))
    assert result.told == [told]
    assert result.pieces[0].offset == 8 + 25
    assert result.left_out == []


@pytest.mark.parametrize(("chunk", "told"), SITES)
def test_every_site_after_the_picture(chunk, told):
    assert walked(walk_png, png(after=[chunk])).told == [told]


def test_picture_data_and_frames_are_not_searched():
    hidden = b"parameters\0" + PARAMETERS.encode() + png_chunk(b"tEXt", b"AIGC\0" + LABEL)
    frames = png_chunk(b"acTL", bytes(8)) + png_chunk(b"fdAT", hidden)
    assert walked(walk_png, png(frames, pixels=hidden) + png_chunk(b"tEXt", b"after\0the end")).told == []


def test_what_pillow_writes():
    stream = io.BytesIO()
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", PARAMETERS)
    texts.add_text("workflow", "{}", zip=True)
    texts.add_itxt("Title", "Сурет", zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    exif = Image.Exif()
    exif[0x0131] = "a program"
    Image.new("RGB", (8, 8)).save(stream, "PNG", pnginfo=texts, exif=exif)
    result = walked(walk_png, stream.getvalue())
    assert result.texts == {"parameters": PARAMETERS, "workflow": "{}", "Title": "Сурет"}
    assert sorted(piece.form for piece in result.pieces if piece.form != "text") == ["exif", "xmp"]


@pytest.mark.parametrize(
    ("chunk", "line"),
    [
        pytest.param(
            png_chunk(b"zTXt", b"workflow\0\0no stream"), "zTXt 'workflow' cannot be inflated", id="no stream"
        ),
        pytest.param(
            png_chunk(b"tEXt", b"no keyword at all"), "PNG chunk tEXt at 0x21 has no keyword", id="no keyword"
        ),
        pytest.param(png_chunk(b"iTXt", b"Title\0\0\0en"), "iTXt 'Title' has no text", id="no text"),
        pytest.param(png_chunk(b"iTXt", b"Title\0"), "iTXt 'Title' has no text", id="nothing"),
        pytest.param(
            ztxt(b"Raw profile type exif", b"\nexif\n4\nxyz"),
            "raw profile 'exif' of zTXt at 0x21 is not hexadecimal",
            id="no digits",
        ),
        pytest.param(
            ztxt(b"Raw profile type exif", b"\nexif\n4\n123"),
            "raw profile 'exif' of zTXt at 0x21 is not hexadecimal",
            id="half a byte",
        ),
        pytest.param(
            raw_profile("iptc", b"something"),
            "raw profile 'iptc' of zTXt at 0x21 is of no known form",
            id="unknown profile",
        ),
    ],
)
def test_a_damaged_chunk_is_told_and_passed_over(chunk, line):
    result = walked(walk_png, png(chunk, png_chunk(b"tEXt", b"next\0one")))
    assert result.texts == {"next": "one"}
    assert result.left_out == [line]


class TestLimits:
    def test_an_inflation_bomb(self):
        bomb = ztxt(b"workflow", bytes(200 << 20))
        result = walked(walk_png, png(bomb, png_chunk(b"tEXt", b"next\0one")))
        assert result.texts == {"next": "one"}
        assert result.left_out == ["zTXt 'workflow' is larger than 4194304 bytes"]

    def test_many_bombs_are_not_all_inflated(self):
        bombs = [ztxt(b"workflow", bytes(1000))] * 100
        result = walked(walk_png, png(*bombs), value_bytes=100, total_bytes=1000)
        assert result.left_out == [
            "zTXt 'workflow' is larger than 100 bytes",
            "compressed texts after 1000 inflated bytes",
        ]

    def test_a_value_too_large(self):
        result = walked(walk_png, png(png_chunk(b"tEXt", b"key\0" + b"x" * 500)), value_bytes=100)
        assert (result.told, result.left_out) == ([], ["tEXt 'key' is larger than 100 bytes"])

    def test_all_values_too_large(self):
        result = walked(
            walk_png, png(*[png_chunk(b"tEXt", b"key\0" + b"x" * 90)] * 4), value_bytes=100, total_bytes=200
        )
        assert len(result.pieces) == 2
        assert result.left_out == ["tEXt 'key': all values together are larger than 200 bytes"]

    def test_a_flood_of_chunks(self):
        result = walked(walk_png, png(*[png_chunk(b"tEXt", b"key\0x")] * 50), elements=10)
        assert len(result.pieces) == 9
        assert result.left_out == ["elements after the first 10"]


def test_a_chunk_over_the_end_is_told():
    result = walked(walk_png, png(png_chunk(b"tEXt", b"key\0text"), pixels=bytes(100))[:-60])
    assert result.texts == {"key": "text"}
    assert result.left_out == ["PNG chunk IDAT at 0x35 claims more than the file holds"]


def test_something_that_is_no_chunk_is_told():
    result = walked(walk_png, png()[:33] + bytes(40))
    assert result.left_out == ["no PNG chunk at 0x21"]


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "large.png"
    whole = png(pixels=b"")
    start = whole[:33] + (1 << 30).to_bytes(4) + b"IDAT"
    write_sparse(path, start, (1 << 30) + 4, png_chunk(b"tEXt", b"parameters\0x") + png_chunk(b"IEND"))
    read, result = bytes_read(walk_png, path)
    assert result.texts == {"parameters": "x"}
    assert read < 200_000


EVERYTHING = png(*[site.values[0] for site in SITES[::2]], after=[site.values[0] for site in SITES[1::2]])


def test_cut_anywhere():
    assert len(walked(walk_png, EVERYTHING).pieces) == len(SITES)
    assert_survives_every_cut(walk_png, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(data):
    assert_survives(walk_png, data)
