"""TIFF structures, built in the test, and the properties read from them."""

import struct
from dataclasses import dataclass
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from transforms.marks.exif import read_exif
from transforms.marks.pieces import Budget, Limits, Property

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, UTF8 = 1, 2, 3, 4, 5, 7, 129
UNIT_BYTES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, UTF8: 1}
MAKE, MODEL, DESCRIPTION, SOFTWARE, ARTIST = 0x010F, 0x0110, 0x010E, 0x0131, 0x013B
COMMENT, MAKER_NOTE, EXIF, GPS, INTEROP = 0x9286, 0x927C, 0x8769, 0x8825, 0xA005
AIGC = '{"AIGC":{"Label":"1","ContentProducer":"001"}}'
PARAMETERS = "a lake, көл\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, Seed: 1"

Entry = tuple[int, int, bytes]


@dataclass(frozen=True)
class Ifd:
    """Entries of an IFD, the IFDs some tags point to, and the one after it."""

    entries: tuple[Entry, ...] = ()
    inner: tuple[tuple[int, "Ifd"], ...] = ()
    following: "Ifd | None" = None


def text(tag: int, value: str) -> Entry:
    """An entry of type ASCII, as UTF-8."""
    return tag, ASCII, value.encode() + b"\0"


def tiff(ifd: Ifd, order: str = "<", *, big: bool = False, start: int = 0) -> bytes:
    """A TIFF structure; IFDs and values lie one after the other."""
    signature = b"II" if order == "<" else b"MM"
    if big:
        head = signature + struct.pack(order + "HHHQ", 43, 8, 0, 16)
    else:
        head = signature + struct.pack(order + "HI", 42, 8)
    return head + _ifd(ifd, order, len(head) + start, big=big)


def _ifd(ifd: Ifd, order: str, position: int, *, big: bool) -> bytes:
    offset = "Q" if big else "I"
    room = 8 if big else 4
    table = position + struct.calcsize("<" + ("Q" if big else "H"))
    count = len(ifd.entries) + len(ifd.inner)
    end = table + count * (4 + 2 * room) + room
    rows, values = b"", b""
    for tag, kind, value in ifd.entries:
        field = value.ljust(room, b"\0")
        if len(value) > room:
            field = struct.pack(order + offset, end + len(values))
            values += value
        rows += struct.pack(order + "HH" + offset, tag, kind, len(value) // UNIT_BYTES[kind]) + field
    for tag, inner in ifd.inner:
        field = struct.pack(order + offset, end + len(values))
        rows += struct.pack(order + "HH" + offset, tag, 16 if big else LONG, 1) + field
        values += _ifd(inner, order, end + len(values), big=big)
    following = b""
    if ifd.following:
        following = _ifd(ifd.following, order, end + len(values), big=big)
    link = struct.pack(order + offset, end + len(values) if following else 0)
    return struct.pack(order + ("Q" if big else "H"), count) + rows + link + values + following


def read(data: bytes, budget: Budget | None = None) -> list[Property]:
    """The properties of a structure in APP1 at byte 20."""
    return list(read_exif(BytesIO(data), 0, budget or Budget(), where="APP1 EXIF", offset=20))


def named(data: bytes) -> list[tuple[str, str]]:
    """Where each value stands, without the site, and the value."""
    return [(found.locator.removeprefix("APP1 EXIF/"), found.value) for found in read(data)]


CAMERA = Ifd(
    (text(MAKE, "NIKON"),),
    (
        (
            EXIF,
            Ifd(
                (
                    (0x829A, RATIONAL, struct.pack("<II", 1, 125)),
                    (0x8827, SHORT, struct.pack("<H", 400)),
                    text(0x9003, "2025:01:02 03:04:05"),
                    (MAKER_NOTE, UNDEFINED, b"Nikon\0\2\x10" + bytes(100)),
                    (0xA300, UNDEFINED, b"\3"),
                    text(0xA431, "1234567"),
                    (0xA432, RATIONAL, struct.pack("<8I", 24, 1, 70, 1, 28, 10, 28, 10)),
                ),
                ((INTEROP, Ifd((text(1, "R98"),))),),
            ),
        ),
        (GPS, Ifd((text(1, "N"), (2, RATIONAL, struct.pack("<6I", 43, 1, 15, 1, 0, 1))))),
    ),
    Ifd((text(SOFTWARE, "thumbnail maker"),)),
)


def test_ifds_of_a_camera_file() -> None:
    assert named(tiff(CAMERA)) == [
        ("IFD0:Make", "NIKON"),
        ("Exif:ExposureTime", "1/125"),
        ("Exif:ISOSpeedRatings", "400"),
        ("Exif:DateTimeOriginal", "2025:01:02 03:04:05"),
        ("Exif:MakerNote", "present, 108 bytes, Nikon"),
        ("Exif:FileSource", "3"),
        ("Exif:BodySerialNumber", "present"),
        ("Exif:LensSpecification", "24/1 70/1 28/10 28/10"),
        ("Interop:InteropIndex", "R98"),
        ("GPS:GPSInfo", "present"),
        ("IFD1:Software", "thumbnail maker"),
    ]


def test_a_property_in_full() -> None:
    assert read(tiff(Ifd(inner=((EXIF, Ifd(((COMMENT, UNDEFINED, b"ASCII\0\0\0Steps: 20"),))),)))) == [
        Property("exif", "Exif", "UserComment", "Steps: 20", "APP1 EXIF/Exif:UserComment", 20)
    ]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("before", [b"", b"Exif\0\0"], ids=["", "Exif"])
def test_byte_orders_and_headers(order: str, big: bool, before: bytes) -> None:
    inner = Ifd((text(0x9003, "2025"), (0x829A, RATIONAL, struct.pack(order + "II", 1, 8))))
    ifd = Ifd((text(SOFTWARE, "ComfyUI"), text(MAKE, "AI")), ((EXIF, inner),), Ifd((text(MODEL, "second"),)))
    assert named(before + tiff(ifd, order, big=big)) == [
        ("IFD0:Software", "ComfyUI"),
        ("IFD0:Make", "AI"),
        ("Exif:DateTimeOriginal", "2025"),
        ("Exif:ExposureTime", "1/8"),
        ("IFD1:Model", "second"),
    ]


def test_a_structure_within_a_file() -> None:
    file = BytesIO(b"RIFF" * 10 + tiff(CAMERA))
    assert next(read_exif(file, 40, Budget())).value == "NIKON"


def test_a_large_tiff_file_is_read_by_seeks() -> None:
    class Counting(BytesIO):
        read_bytes = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.read_bytes += len(data)
            return data

    file = Counting(tiff(CAMERA) + bytes(10_000_000))
    assert len(list(read_exif(file, 0, Budget()))) == 11
    assert file.read_bytes < 2000


COMMENTS = {
    "ASCII": (b"ASCII\0\0\0Steps: 20\0\0", "Steps: 20"),
    "ASCII, UTF-8 in fact": (b"ASCII\0\0\0" + PARAMETERS.encode(), PARAMETERS),
    "UNICODE, big": (b"UNICODE\0" + PARAMETERS.encode("utf-16-be"), PARAMETERS),
    "UNICODE, little": (b"UNICODE\0" + PARAMETERS.encode("utf-16-le"), PARAMETERS),
    "UNICODE, with a mark": (b"UNICODE\0" + PARAMETERS.encode("utf-16"), PARAMETERS),
    "UNICODE, UTF-8 in fact": (b"UNICODE\0" + AIGC.encode(), AIGC),
    "UNICODE, Cyrillic only, big": (b"UNICODE\0" + "создано".encode("utf-16-be"), "создано"),
    "UNICODE, Cyrillic only, little": (b"UNICODE\0" + "создано".encode("utf-16-le"), "создано"),
    "UNICODE, Chinese, big": (b"UNICODE\0" + "由人工智能生成的图像。".encode("utf-16-be"), "由人工智能生成的图像。"),
    "UNICODE, Chinese, little": (b"UNICODE\0" + "由人工智能生成的图像。".encode("utf-16-le"), "由人工智能生成的图像。"),
    "UNICODE, Kazakh": (b"UNICODE\0" + "ЖИ көмегімен жасалған".encode("utf-16-be"), "ЖИ көмегімен жасалған"),
    "UNICODE, odd number of bytes": (b"UNICODE\0" + "Steps: 20".encode("utf-16-le") + b"\0", "Steps: 20"),
    "JIS": (b"JIS\0\0\0\0\0" + "生成".encode("iso2022_jp"), "生成"),
    "JIS, UTF-8 in fact": (b"JIS\0\0\0\0\0" + "生成".encode(), "生成"),
    "undefined": (bytes(8) + AIGC.encode(), AIGC),
    "undefined, UTF-16": (bytes(8) + AIGC.encode("utf-16-le"), AIGC),
    "undefined, no text": (bytes(8) + b"\1\2\xff\xfe\x80", ""),
    "undefined, only NULs": (bytes(64), ""),
    "code omitted": (AIGC.encode(), AIGC),
    "code in small letters": (b"Ascii   Steps: 20", "Steps: 20"),
    "shorter than a code": (b"AI", "AI"),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("data", "expected"), COMMENTS.values(), ids=COMMENTS)
def test_user_comments(data: bytes, expected: str, order: str) -> None:
    structure = tiff(Ifd(inner=((EXIF, Ifd(((COMMENT, UNDEFINED, data),))),)), order)
    assert [found.value for found in read(structure)] == [expected] * bool(expected)


TEXTS = {
    "ASCII": (ASCII, b"Adobe Firefly\0", "Adobe Firefly"),
    "UTF-8": (ASCII, "ЖИ көмегімен".encode() + b"\0", "ЖИ көмегімен"),
    "type UTF-8 of EXIF 3": (UTF8, "生成".encode() + b"\0", "生成"),
    "Windows-1251": (ASCII, "Создано ИИ".encode("cp1251") + b"\0", "Создано ИИ"),
    "Latin-1": (ASCII, "Créé à Genève".encode("latin-1") + b"\0", "Créé à Genève"),
    "UTF-16 in fact": (ASCII, "Firefly".encode("utf-16-le") + b"\0\0", "Firefly"),
    "something left over": (ASCII, b"Nokia\0 2", "Nokia"),
    "something left over of few letters": (ASCII, b"ab\0cd\0", "ab"),
    "padded": (ASCII, b" AI \0\0\0    \0", "AI"),
    "no NUL after it": (ASCII, b"FLUX.1", "FLUX.1"),
    "within the entry": (ASCII, b"AI\0", "AI"),
    "typed as bytes": (BYTE, b"Midjourney", "Midjourney"),
    "typed as undefined": (UNDEFINED, b"Midjourney\0", "Midjourney"),
    "typed as undefined, binary": (UNDEFINED, b"Mid\1\2\3journey", ""),
    "empty": (ASCII, b"\0", ""),
}


@pytest.mark.parametrize(("kind", "data", "expected"), TEXTS.values(), ids=TEXTS)
def test_texts(kind: int, data: bytes, expected: str) -> None:
    assert named(tiff(Ifd(((SOFTWARE, kind, data),)))) == [("IFD0:Software", expected)] * bool(expected)


TAGS = {
    "make of a generator": (text(MAKE, "Ideogram AI"), "IFD0:Make", "Ideogram AI"),
    "ComfyUI's prompt": (text(MODEL, 'prompt:{"3": {}}'), "IFD0:Model", 'prompt:{"3": {}}'),
    "XPComment": ((0x9C9C, BYTE, "Сурет\0".encode("utf-16-le")), "IFD0:XPComment", "Сурет"),
    "unknown, text": (text(0xFDE8, "ai_generated"), "IFD0:0xFDE8", "ai_generated"),
    "unknown, text typed as undefined": ((0xFDE9, UNDEFINED, b"ai_generated"), "IFD0:0xFDE9", "ai_generated"),
    "EXIF 3": (text(0xA43B, "Editor 1"), "IFD0:ImageEditingSoftware", "Editor 1"),
    "maker note without a name": ((MAKER_NOTE, UNDEFINED, b"\x2a\0\1\0rest"), "IFD0:MakerNote", "present, 8 bytes"),
    "maker note of a telephone": (
        (MAKER_NOTE, UNDEFINED, b"Apple iOS\0\0\1MM"),
        "IFD0:MakerNote",
        "present, 14 bytes, Apple iOS",
    ),
    "two strings": ((0x8298, ASCII, b"Aru\0Agency\0"), "IFD0:Copyright", "Aru Agency"),
    "owner": (text(0xA430, "Aru"), "IFD0:CameraOwnerName", "present"),
    "composite": ((0xA460, SHORT, struct.pack("<H", 3)), "IFD0:CompositeImage", "3"),
}


@pytest.mark.parametrize(("entry", "place", "value"), TAGS.values(), ids=TAGS)
def test_tags(entry: Entry, place: str, value: str) -> None:
    assert named(tiff(Ifd((entry,)))) == [(place, value)]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param((0xFDE8, UNDEFINED, bytes(range(100))), id="unknown, binary"),
        pytest.param((0xFDE8, LONG, bytes(8)), id="unknown, numbers"),
        pytest.param((700, BYTE, b"<x:xmpmeta/>"), id="XMP, a piece of its own"),
        pytest.param((2, UNDEFINED, b"0100"), id="version"),
        pytest.param((0x0112, SHORT, b"\1\0"), id="orientation"),
        pytest.param((0x829A, ASCII, b"\0"), id="exposure, empty text"),
    ],
)
def test_what_is_no_property(entry: Entry) -> None:
    assert named(tiff(Ifd((entry,)))) == []


def test_gps_without_entries_is_not_present() -> None:
    assert named(tiff(Ifd(inner=((GPS, Ifd()),)))) == []


def test_what_pillow_writes() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "Stable Diffusion"
    exif[ExifTags.Base.XPTitle] = "көл".encode("utf-16-le")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + PARAMETERS.encode("utf-16-be")
    assert named(exif.tobytes()) == [
        ("IFD0:Software", "Stable Diffusion"),
        ("Exif:UserComment", PARAMETERS),
        ("IFD0:XPTitle", "көл"),
    ]


def loop() -> bytes:
    """An IFD that is its own Exif IFD and the one after itself."""
    entries = struct.pack("<H", 1) + struct.pack("<HHII", EXIF, LONG, 1, 8) + struct.pack("<I", 8)
    return b"II*\0\x08\0\0\0" + entries


def chain(length: int) -> bytes:
    """IFDs without entries, one after the other."""
    return b"II*\0\x08\0\0\0" + b"".join(struct.pack("<HI", 0, 14 + 6 * n) for n in range(length))


@pytest.mark.parametrize(
    ("data", "limits", "line"),
    [
        pytest.param(b"", Limits(), "APP1 EXIF: not a TIFF structure", id="nothing"),
        pytest.param(b"II*\0\xff\xff\xff\x7f", Limits(), "APP1 EXIF: an IFD lies outside of the file", id="offset"),
        pytest.param(
            b"MM\0+\0\x08\0\0" + b"\xff" * 8, Limits(), "APP1 EXIF: an IFD lies outside of the file", id="big"
        ),
        pytest.param(
            tiff(Ifd((text(SOFTWARE, "Photoshop"),)))[:-4],
            Limits(),
            "APP1 EXIF/IFD0:Software: it ends outside of the file",
            id="value",
        ),
        pytest.param(
            tiff(Ifd((text(SOFTWARE, "Photoshop"),))),
            Limits(value_bytes=9),
            "APP1 EXIF/IFD0:Software is larger than 9 bytes",
            id="large value",
        ),
        pytest.param(
            tiff(Ifd((text(MAKE, "a"), text(MODEL, "b")))),
            Limits(elements=1),
            "elements after the first 1",
            id="entries",
        ),
        pytest.param(chain(65), Limits(), "APP1 EXIF: IFDs after the first 64", id="IFDs"),
        pytest.param(
            tiff(Ifd((text(0xFDE8, "a"),) * 1001)),
            Limits(),
            "APP1 EXIF: entries of an IFD after the first 1000",
            id="entries of an IFD",
        ),
    ],
)
def test_bounds(data: bytes, limits: Limits, line: str) -> None:
    budget = Budget(limits)
    read(data, budget)
    assert budget.left_out == [line]


def test_loops_end() -> None:
    budget = Budget()
    assert read(loop(), budget) == []
    assert budget.left_out == []


def test_a_value_that_many_entries_share_is_counted_each_time() -> None:
    shared = b"".join(struct.pack("<HHII", 0xF000 + n, ASCII, 1000, 8 + 2 + 12 * 50 + 4) for n in range(50))
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 50) + shared + bytes(4) + b"a" * 1000
    budget = Budget(Limits(total_bytes=10_000))
    assert len(read(data, budget)) == 10
    assert budget.left_out[0] == "APP1 EXIF/IFD0:0xF00A: all values together are larger than 10000 bytes"


COMMENTED = Ifd(
    inner=((EXIF, Ifd(tuple((COMMENT, UNDEFINED, data) for data, _ in COMMENTS.values()))),),
    following=CAMERA,
)


@settings(max_examples=300)
@given(
    st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"MM\0+\0\x08\0\0" + b"\0" * 7 + b"\x10"]),
    st.binary(),
)
def test_any_bytes_are_read_without_an_error(head: bytes, data: bytes) -> None:
    assert all(found.value for found in read(head + data))


@settings(max_examples=300)
@given(
    st.sampled_from([tiff(COMMENTED), tiff(COMMENTED, ">"), tiff(COMMENTED, big=True)]),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=8),
    st.integers(0, 2500),
)
def test_mutated_structures_are_read_without_an_error(
    structure: bytes, changes: list[tuple[int, int]], end: int
) -> None:
    data = bytearray(structure)
    for position, value in changes:
        data[position % len(data)] = value
    for found in read(bytes(data[:end])):
        assert found.value == found.value.strip()
        assert found.locator.startswith("APP1 EXIF/")
