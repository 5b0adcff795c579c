import struct

import pytest
from examine_samples import PICTURES, picture_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.media import broken
from transforms.examine.sniff import SNIFF_BYTES, is_named_as_media, sniff


def brands(major, *compatible):
    names = b"".join((major, bytes(4), *compatible))
    return struct.pack(">I4s", len(names) + 8, b"ftyp") + names


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_known_by_their_first_bytes(name):
    assert sniff(picture_bytes(name)[:SNIFF_BYTES]) == PICTURES[name][0]


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"II+\0\x08\0\0\0", "image/tiff"),
        (b"MM\0+\0\x08\0\0", "image/tiff"),
        (b"MM\0*\0\0\0\x08", "image/tiff"),
        (b"GIF87a", "image/gif"),
        (b"\xff\x0a", "image/jxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
        (b"\xff\x4f\xff\x51", "image/jp2"),
        (b"8BPS\0\x01", "image/vnd.adobe.photoshop"),
        (b"8BPS\0\x02", "image/vnd.adobe.photoshop"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"II*\0\x10\0\0\0CR\2\0", "image/x-canon-cr2"),
        (b"IIU\0\x08\0", "image/x-panasonic-rw2"),
        (b"IIRO\x08\0", "image/x-olympus-orf"),
        (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
        (b"v/1\x01\2\0", "image/x-exr"),
        (b"#?RADIANCE\n", "image/vnd.radiance"),
        (b"\x06\x0e+4\x02\x05\x01\x01\r\x01\x02\x01", "video/mxf"),
        (b"FLV\x01\x05", "video/x-flv"),
        (b"\0\0\x01\xba\x44", "video/mpeg"),
        (b"\0\0\x01\xb3\x14", "video/mpeg"),
        (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel", "video/x-ms-asf"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", "video/x-matroska"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        ((b"\x47" + bytes(187)) * 3, "video/mp2t"),
        ((bytes(4) + b"\x47" + bytes(187)) * 3, "video/mp2t"),
        (b"\0\0\0\x08wide\0\0\0\x10mdat", "video/quicktime"),
        (b"\0\0\x10\0moov", "video/quicktime"),
    ],
)
def test_every_signature(head, media_type):
    assert sniff(head) == media_type


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (brands(b"isom", b"iso2", b"avc1"), "video/mp4"),
        (brands(b"mp42"), "video/mp4"),
        (brands(b"3gp5"), "video/mp4"),
        (brands(b"crx ", b"isom"), "image/x-canon-cr3"),
        (brands(b"qt  "), "video/quicktime"),
        (brands(b"heic", b"mif1"), "image/heic"),
        (brands(b"hevc"), "image/heic"),
        (brands(b"mif1", b"heic"), "image/heic"),
        (brands(b"mif1", b"mif1", b"avif"), "image/avif"),
        (brands(b"mif1"), "image/heif"),
        (brands(b"msf1", b"hevc"), "image/heic"),
        (brands(b"avis", b"msf1"), "image/avif"),
        (brands(b"M4A ", b"isom"), None),
        (brands(b"M4B "), None),
        (brands(b"M4P "), None),
        (brands(b"f4a "), None),
    ],
)
def test_the_brand_of_an_iso_file_tells_pictures_from_videos_and_sound(head, media_type):
    assert sniff(head) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        broken.TEXT,
        broken.SVG,
        broken.HTML,
        broken.PDF,
        broken.hls_playlist("http://127.0.0.1:9/one.ts"),
        broken.concat_script("film.mkv"),
        broken.stream_description(),
        broken.noise(7),
        b"ID3\x04" + bytes(500),
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"OggS" + bytes(24) + b"OpusHead",
        b"PK\x03\x04" + bytes(500),
        b"BM, the initials of a text" + bytes(500),
        b"MZ\x90\0" + bytes(500),
        bytes(500),
    ],
)
def test_what_is_no_media_is_none(content):
    assert sniff(content[:SNIFF_BYTES]) is None


@pytest.mark.parametrize(
    ("name", "is_media"),
    [
        ("photo.JPG", True),
        ("s3://archive/Наурыз/film.m2ts", True),
        ("scan.tiff", True),
        ("raw.CR3", True),
        ("jpg", False),
        ("photo.jpg.txt", False),
        ("photo.jpg ", False),
        ("photo.jpg#2", True),
        ("photo.jpg#b", False),
        ("notes.txt", False),
        ("", False),
    ],
)
def test_a_name_only_says_what_a_file_claims(name, is_media):
    assert is_named_as_media(name) is is_media


SIGNATURES = [picture_bytes(name)[:64] for name in PICTURES] + [brands(b"isom"), b"OggS", b"RIFF", b"\x47" * 200]


@settings(max_examples=300, derandomize=True)
@given(st.sampled_from([b"", *SIGNATURES]), st.integers(0, 64), st.binary(max_size=600))
def test_any_bytes_have_an_answer(start, length, rest):
    media_type = sniff(start[:length] + rest)
    assert media_type is None or media_type.startswith(("image/", "video/"))
