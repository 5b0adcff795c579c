"""JPEG 2000, PSD, RAF, FLV, Ogg and ASF files built by hand, byte for byte."""

import struct
from uuid import UUID

from tests.transforms.marks.containers.box_files import box

JP2_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
EXIF_UUID = b"JpgTiffExif->JP2"
IPTC_UUID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


def codestream(*comments, registration=1):
    """A codestream of JPEG 2000 up to its first tile, of one grey pixel."""
    size = struct.pack(">HHHIIIIIIIIHBBB", 0xFF51, 41, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 7, 1, 1)
    texts = [struct.pack(">HHH", 0xFF64, 4 + len(text), registration) + text for text in comments]
    return b"\xff\x4f" + size + b"".join(texts) + b"\xff\x90\0\x0a" + bytes(8) + b"\xff\x93\xff\x64\0\xffdata\xff\xd9"


def jp2(*contents):
    return JP2_SIGNATURE + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + b"".join(contents)


def psd(*resources, colours=b""):
    """A Photoshop document of one pixel."""
    section = b"".join(resources)
    header = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 1, 1, 8, 3)
    counted = [struct.pack(">I", len(part)) + part for part in (colours, section)]
    return header + b"".join(counted) + bytes(4) + b"\0\0\1\2\3"


def raf(jpeg, start=160):
    header = b"FUJIFILMCCD-RAW 0201FF389501X-T5".ljust(84, b"\0")
    return (header + struct.pack(">II", start, len(jpeg))).ljust(160, b"\0") + jpeg + b"sensor"


def amf_text(text):
    return b"\2" + struct.pack(">H", len(text)) + text


def amf_object(fields, kind=8):
    count = struct.pack(">I", len(fields)) if kind == 8 else b""
    pairs = [struct.pack(">H", len(name)) + name + value for name, value in fields]
    return bytes([kind]) + count + b"".join(pairs) + b"\0\0\x09"


def flv_tag(kind, data):
    head = bytes([kind]) + len(data).to_bytes(3) + bytes(7)
    return head + data + struct.pack(">I", len(head) + len(data))


def flv(*tags):
    return b"FLV\1\5" + struct.pack(">II", 9, 0) + b"".join(tags)


def ogg_page(serial, *packets, flags=0, is_open=False):
    """A page of whole packets; of an open one the last goes on in the next page."""
    lengths = b""
    for packet in packets:
        lengths += b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    lengths = lengths[:-1] if is_open else lengths
    return (
        b"OggS\0"
        + bytes([flags])
        + bytes(8)
        + struct.pack("<III", serial, 0, 0)
        + bytes([len(lengths)])
        + (lengths + b"".join(packets))
    )


def vorbis_comment(*comments, start=b"\x81theora", vendor=b"Xiph.Org libtheora 1.1", end=b""):
    counted = [struct.pack("<I", len(text)) + text for text in comments]
    return start + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(comments)) + b"".join(counted) + end


def ogv(*comments):
    first = ogg_page(7, b"\x80theora" + bytes(35), flags=2)
    return first + ogg_page(7, vorbis_comment(*comments), b"\x82theora" + bytes(9)) + ogg_page(7, b"media")


def asf_object(guid, *contents):
    body = b"".join(contents)
    return UUID(guid).bytes_le + struct.pack("<Q", 24 + len(body)) + body


def wide(text):
    return text.encode("utf-16-le") + b"\0\0"


def asf(*objects, behind=b""):
    head = asf_object("75b22630-668e-11cf-a6d9-00aa0062ce6c", struct.pack("<IBB", len(objects), 1, 2), *objects)
    return head + asf_object("75b22636-668e-11cf-a6d9-00aa0062ce6c", bytes(26), b"media") + behind


def content_description(title="", author="", rights="", description="", rating=""):
    texts = [wide(text) if text else b"" for text in (title, author, rights, description, rating)]
    return asf_object("75b22633-668e-11cf-a6d9-00aa0062ce6c", struct.pack("<5H", *map(len, texts)), *texts)


def extended_content(*pairs, kind=0):
    """An extended content description of names and values, texts or bytes."""
    entries = []
    for name, value in pairs:
        data = wide(value) if isinstance(value, str) else value
        entries.append(struct.pack("<H", len(wide(name))) + wide(name) + struct.pack("<HH", kind, len(data)) + data)
    return asf_object("d2d0a440-e307-11d2-97f0-00a0c95ea850", struct.pack("<H", len(pairs)), *entries)


def metadata_library(*pairs):
    """In a header extension, as the specification has it."""
    entries = [
        struct.pack("<HHHHI", 0, 0, len(wide(name)), 0, len(wide(text))) + wide(name) + wide(text)
        for name, text in pairs
    ]
    library = asf_object("44231c94-9498-49d1-a141-1d134e457054", struct.pack("<H", len(pairs)), *entries)
    guid = UUID("abd3d211-a9ba-11cf-8ee6-00c00c205365").bytes_le
    return asf_object("5fbf03b5-a92e-11cf-8ee3-00c00c205365", guid, struct.pack("<HI", 6, len(library)), library)
