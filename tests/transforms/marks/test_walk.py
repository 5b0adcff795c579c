import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from transforms.examine.sniff import SNIFF_BYTES, sniff
from transforms.marks import walk as walk_module
from transforms.marks.pieces import Form, Limits, Piece
from transforms.marks.walk import walk

ORIGINALS = Path(__file__).resolve().parents[4] / "shared" / "data" / "originals"


def picture(form, **options):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, form, **options)
    return stream.getvalue()


def box(kind, content):
    return struct.pack(">I4s", 8 + len(content), kind) + content


def element(identifier, *contents):
    content = b"".join(contents)
    return bytes.fromhex(identifier) + bytes([0x80 | len(content)]) + content


XMP_BOX = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + b"<x/>")
TAG = element("67c8", element("45a3", b"AIGC"), element("4487", b"said"))


def film(brand):
    return box(b"ftyp", brand + bytes(4)) + XMP_BOX


def matroska(kind):
    return element("1a45dfa3", element("4282", kind)) + element("18538067", element("1254c367", element("7373", TAG)))


def walk_bytes(data, **options):
    return walk(io.BytesIO(data), sniff(data[:SNIFF_BYTES]), **options)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(picture("JPEG", comment="said"), [(Form.TEXT, "COM", "said")], id="jpeg"),
        pytest.param(picture("PNG", exif=b"Exif\0\0II*\0"), [(Form.EXIF, "eXIf", b"II*\0")], id="png"),
        pytest.param(picture("GIF", comment="said"), [(Form.TEXT, "comment extension", "said")], id="gif"),
        pytest.param(picture("WEBP", xmp=b"<x/>"), [(Form.XMP, "XMP", b"<x/>")], id="webp"),
        pytest.param(picture("TIFF"), [(Form.EXIF, "TIFF", b"")], id="tiff"),
        pytest.param(picture("BMP"), [], id="bmp"),
        pytest.param(b"RIFF\x10\0\0\0AVI _PMX\x04\0\0\0<x/>", [(Form.XMP, "_PMX", b"<x/>")], id="avi"),
        pytest.param(film(b"isom"), [(Form.XMP, "uuid", b"<x/>")], id="mp4"),
        pytest.param(film(b"qt  "), [(Form.XMP, "uuid", b"<x/>")], id="mov"),
        pytest.param(film(b"heic"), [(Form.XMP, "uuid", b"<x/>")], id="heic"),
        pytest.param(film(b"mif1"), [(Form.XMP, "uuid", b"<x/>")], id="heif"),
        pytest.param(film(b"avif"), [(Form.XMP, "uuid", b"<x/>")], id="avif"),
        pytest.param(film(b"crx "), [(Form.XMP, "uuid", b"<x/>")], id="cr3"),
        pytest.param(matroska(b"webm"), [(Form.TEXT, "Tags/Tag/SimpleTag", "said")], id="webm"),
        pytest.param(matroska(b"matroska"), [(Form.TEXT, "Tags/Tag/SimpleTag", "said")], id="mkv"),
        pytest.param(b"\xff\x0a", [], id="codestream of jxl"),
        pytest.param(box(b"JXL ", b"\r\n\x87\n") + box(b"xml ", b"<x/>"), [(Form.XMP, "xml", b"<x/>")], id="jxl"),
        pytest.param(b"IIRO\x08\0\0\0\0\0\0\0\0\0", [(Form.EXIF, "TIFF", b"")], id="raw"),
    ],
)
def test_the_walker_of_a_format_is_found(data, told):
    result = walk_bytes(data)
    assert [(piece.form, piece.site, piece.data) for piece in result.pieces] == told
    assert result.left_out == ()


def test_a_format_without_a_walker_is_told():
    assert walk(io.BytesIO(bytes(100)), "video/mp2t").left_out == ("metadata of video/mp2t files",)


def test_pieces_are_in_the_order_of_the_file():
    two_parts = b"".join(
        b"\xff\xe1" + struct.pack(">H", 2 + len(payload)) + payload
        for payload in (b"Exif\0\0II*\0" + bytes(20), b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")
    )
    result = walk_bytes(b"\xff\xd8" + two_parts + b"\xff\xd9")
    assert [piece.form for piece in result.pieces] == [Form.EXIF, Form.XMP]


def test_limits_are_passed_on():
    assert walk_bytes(picture("JPEG", comment="x" * 99), limits=Limits(value_bytes=9)).left_out


@pytest.mark.parametrize(
    "error",
    [
        OSError("the disk is gone"),
        struct.error("short"),
        zlib.error("bad"),
        MemoryError(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        IndexError("out of range"),
        RecursionError("deep"),
        OverflowError("large"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_told_with_what_was_found_before(monkeypatch, error):
    piece = Piece(Form.TEXT, "container", "COM", "", "found", 7)

    def failing(file, size, budget):
        yield piece
        raise error

    monkeypatch.setitem(walk_module.WALKERS, "image/jpeg", failing)
    result = walk(io.BytesIO(b"\xff\xd8"), "image/jpeg")
    assert result.pieces == (piece,)
    assert result.left_out == (f"the rest of the image/jpeg file, on {type(error).__name__}: {error}",)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("c2pa_openai", {(Form.C2PA, "caBX", "")}),
        ("exif_usercomment_json", {(Form.XMP, "iTXt", ""), (Form.IPTC, "tEXt", ""), (Form.EXIF, "eXIf", "")}),
        ("png_parameters", {(Form.TEXT, "tEXt", "parameters")}),
        ("webp_exif_parameters", {(Form.EXIF, "EXIF", "")}),
    ],
)
def test_files_that_generators_wrote(folder, expected):
    if not ORIGINALS.is_dir():
        pytest.skip("the originals of generators are not part of the repository")
    for path in sorted((ORIGINALS / folder).iterdir()):
        result = walk_bytes(path.read_bytes())
        assert {(piece.form, piece.site, piece.name) for piece in result.pieces} == expected, path.name
        assert result.left_out == ()
