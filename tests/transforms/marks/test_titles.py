"""Titles, descriptions and comments of every container: a label there is found under its own field."""

import io

import av
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.transforms.beside.cases import xmp
from tests.transforms.marks.containers.box_files import box, data, ftyp, full_box, international, itunes, mdta, movie
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.read import read_marks
from transforms.marks.settings import MarkReading, Trust

LABEL, TRAP = "Создано с помощью ИИ", "Сгенерировано отчётов: 15"
RAW = LABEL.encode()


def labels(file: bytes, media_type: str) -> list[tuple[str, str]]:
    found = read_marks(io.BytesIO(file), media_type, MarkReading(), Trust(), read_rules())
    return sorted({(mark.kind, mark.says) for mark in found.marks if mark.kind == "adhoc.label_text"})


FOUND = [("adhoc.label_text", "ai")]


def muxed(form: str, field: str, text: str) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        out.metadata[field] = text
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        for packet in [*video.encode(frame), *video.encode(None)]:
            out.mux(packet)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("form", "media_type", "field"),
    [
        *(("mp4", "video/mp4", name) for name in ("title", "comment", "description", "synopsis", "copyright")),
        *(("mov", "video/quicktime", name) for name in ("title", "comment")),
        *(
            ("matroska", "video/x-matroska", name)
            for name in ("title", "comment", "description", "synopsis", "summary")
        ),
        *(("webm", "video/webm", name) for name in ("title", "comment", "description")),
        *(("avi", "video/x-msvideo", name) for name in ("title", "comment", "copyright")),
        *(("asf", "video/x-ms-asf", name) for name in ("title", "comment", "copyright")),
    ],
)
def test_fields_of_videos_as_ffmpeg_writes_them(form, media_type, field):
    form_written = "matroska" if form == "webm" else form  # WebM takes no MPEG-4, and its tags are Matroska's
    assert labels(muxed(form_written, field, LABEL), media_type) == FOUND
    assert labels(muxed(form_written, field, TRAP), media_type) == []


def user_data(*contents: bytes) -> bytes:
    return ftyp() + movie(box(b"udta", *contents))


@pytest.mark.parametrize(
    "file",
    [
        *(user_data(international(code, RAW)) for code in (b"\xa9nam", b"\xa9des", b"\xa9cmt", b"\xa9inf", b"\xa9cpy")),
        *(user_data(itunes(box(code, data(RAW)))) for code in (
            b"\xa9nam", b"\xa9cmt", b"desc", b"ldes", b"sdes", b"\xa9des", b"cprt")),
        *(user_data(full_box(code, b"\x15\xc7", RAW + b"\0")) for code in (b"titl", b"dscp")),
        *(ftyp() + movie(mdta([(b"com.apple.quicktime." + name, RAW)])) for name in (
            b"title", b"description", b"comment")),
    ],
    ids=["©nam", "©des", "©cmt", "©inf", "©cpy", "i ©nam", "i ©cmt", "desc", "ldes", "sdes", "i ©des", "i cprt", "titl",
         "dscp", "q title", "q description", "q comment"],
)  # fmt: skip
def test_fields_of_boxes(file):
    assert labels(file, "video/mp4") == FOUND


def picture(form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, form, **options)
    return stream.getvalue()


def exif(tag: int, value: object, *, inside: bool = False) -> Image.Exif:
    made = Image.Exif()
    if inside:
        made.get_ifd(0x8769)[tag] = value
    else:
        made[tag] = value
    return made


def png_text(key: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(key, LABEL)
    return info


def iptc(dataset: int) -> bytes:
    """A JPEG with one IIM dataset in an APP13 segment."""
    record = b"\x1c\2" + bytes([dataset]) + len(RAW).to_bytes(2) + RAW
    resource = b"8BIM\x04\x04\0\0" + len(record).to_bytes(4) + record + b"\0" * (len(record) % 2)
    segment = b"Photoshop 3.0\0" + resource
    plain = picture("JPEG")
    return plain[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2) + segment + plain[2:]


XMP = xmp(LABEL).encode()


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        (picture("JPEG", xmp=XMP), "image/jpeg"),
        (picture("JPEG", xmp=XMP.replace(b"dc:description", b"dc:title")), "image/jpeg"),
        (picture("JPEG", xmp=XMP.replace(b"dc:description", b"dc:rights")), "image/jpeg"),
        (picture("JPEG", exif=exif(0x010E, LABEL.encode())), "image/jpeg"),
        (picture("JPEG", exif=exif(0x9C9C, LABEL.encode("utf-16-le"))), "image/jpeg"),
        (picture("JPEG", exif=exif(0x9C9B, LABEL.encode("utf-16-le"))), "image/jpeg"),
        (picture("JPEG", exif=exif(0x9286, b"UNICODE\0" + LABEL.encode("utf-16-le"), inside=True)), "image/jpeg"),
        (picture("JPEG", comment=RAW), "image/jpeg"),
        (picture("WEBP", exif=exif(0x010E, LABEL.encode())), "image/webp"),
        (iptc(120), "image/jpeg"),
        (iptc(5), "image/jpeg"),
        (iptc(105), "image/jpeg"),
        *((picture("PNG", pnginfo=png_text(key)), "image/png") for key in (
            "Title", "Description", "Comment", "Disclaimer", "Warning", "comment")),
        (picture("GIF", comment=RAW), "image/gif"),
    ],
    ids=["dc:description", "dc:title", "dc:rights", "ImageDescription", "XPComment", "XPTitle", "UserComment", "COM",
         "WebP", "IPTC caption", "IPTC title", "IPTC headline", "PNG Title", "PNG Description", "PNG Comment",
         "PNG Disclaimer", "PNG Warning", "PNG comment", "GIF"],
)  # fmt: skip
def test_fields_of_pictures(file, media_type):
    assert labels(file, media_type) == FOUND
