"""Box and EBML files built by hand, byte for byte."""

import itertools
import struct

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
RDF_TYPE = b"application/rdf+xml"


def box(kind, *contents, is_long=False):
    """A box, with a 64-bit size if so told."""
    body = b"".join(contents)
    if is_long:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full_box(kind, *contents, version=0, is_long=False):
    return box(kind, struct.pack(">I", version << 24), *contents, is_long=is_long)


def ftyp(brand=b"isom"):
    return box(b"ftyp", brand, bytes(4), brand)


def handler(kind, name=b"", is_counted=False):
    """A ``hdlr`` box; QuickTime counts the name's length first."""
    return full_box(b"hdlr", bytes(4), kind, bytes(12), bytes([len(name)]) + name if is_counted else name + b"\0")


def keys(*names):
    entries = [struct.pack(">I4s", len(name) + 8, b"mdta") + name for name in names]
    return full_box(b"keys", struct.pack(">I", len(names)), *entries)


def data(value, kind=1):
    return box(b"data", struct.pack(">II", kind, 0), value)


def mdta(pairs, kind=1, version=None):
    """A ``meta`` box of keys and their values, without a version as in QuickTime if none is told."""
    values = [box(struct.pack(">I", number), data(value, kind)) for number, (_, value) in enumerate(pairs, 1)]
    contents = handler(b"mdta"), keys(*(key for key, _ in pairs)), box(b"ilst", *values)
    return box(b"meta", *contents) if version is None else full_box(b"meta", *contents, version=version)


def itunes(*items):
    """A ``meta`` box with an item list as iTunes writes it."""
    return full_box(b"meta", handler(b"mdir"), box(b"ilst", *items))


def free_form(mean, name, value):
    return box(b"----", full_box(b"mean", mean), full_box(b"name", name), data(value))


def international(code, *texts, language=0x15C7):
    """A user data text of QuickTime, ``und`` (undetermined) if not told otherwise."""
    return box(code, *(struct.pack(">HH", len(text), language) + text for text in texts))


def movie(*contents):
    return box(b"moov", box(b"mvhd", bytes(100)), *contents)


def video_track(*contents, name=b"VideoHandler", compressor=b"", is_counted=False):
    entry = box(b"avc1", bytes(42), bytes([len(compressor)]) + compressor.ljust(31, b"\0"), bytes(4))
    table = box(b"stbl", full_box(b"stsd", struct.pack(">I", 1), entry))
    media = box(b"mdia", box(b"mdhd", bytes(24)), handler(b"vide", name, is_counted), box(b"minf", table))
    return box(b"trak", box(b"tkhd", bytes(84)), media, *contents)


def item_entry(number, kind, media_type=b"", encoding=b"", version=2, protection=0):
    """An ``infe`` box."""
    head = struct.pack(">I" if version == 3 else ">H", number) + struct.pack(">H", protection)
    if version >= 2:
        head += kind
    texts = b"\0" + (media_type + b"\0" + encoding + (b"\0" if encoding else b"") if media_type else b"")
    return full_box(b"infe", head, texts, version=version)


def item_infos(*entries, version=0):
    return full_box(b"iinf", struct.pack(">I" if version else ">H", len(entries)), *entries, version=version)


def item_locations(items, version=0, method=0, field_bytes=4, base=0, reference=0):
    """An ``iloc`` box of ``(number, [(offset, length), …])``."""
    number_code = ">I" if version == 2 else ">H"
    out = bytes([field_bytes << 4 | field_bytes, field_bytes << 4 if base else 0]) + struct.pack(
        number_code, len(items)
    )
    for number, extents in items:
        out += struct.pack(number_code, number)
        if version:
            out += struct.pack(">H", method)
        out += struct.pack(">H", reference) + (base.to_bytes(field_bytes) if base else b"")
        out += struct.pack(">H", len(extents))
        for offset, length in extents:
            out += (offset - base).to_bytes(field_bytes) + length.to_bytes(field_bytes)
    return full_box(b"iloc", out, version=version)


def heif(values, version=0, method=0, brand=b"heic", parts=1, field_bytes=4, before=b"", with_base=False):
    """A HEIF file without a picture, of metadata items.

    Args:
        values: ``(kind, media type, bytes)`` of each item.
        version: Of ``iloc``.
        method: Of construction: 0, the bytes lie in ``mdat``; 1, in ``idat``.
        brand: Major brand.
        parts: Extents for each item.
        field_bytes: Of offsets and lengths in ``iloc``.
        before: Boxes in ``meta`` before the others.
        with_base: Whether offsets are told from a base offset.
    """
    infos = item_infos(*(item_entry(number, kind, media) for number, (kind, media, _) in enumerate(values, 1)))
    payload = b"".join(value for *_, value in values)

    def meta(start):
        located, position = [], start
        for number, (*_, value) in enumerate(values, 1):
            cuts = [len(value) * part // parts for part in range(parts + 1)]
            extents = [(position + first, last - first) for first, last in itertools.pairwise(cuts)]
            located.append((number, extents))
            position += len(value)
        base = start if with_base else 0
        locations = item_locations(located, version, method, field_bytes, base)
        idat = box(b"idat", payload) if method else b""
        return full_box(b"meta", before, handler(b"pict"), infos, locations, idat)

    if method:
        return ftyp(brand) + meta(0)
    start = len(ftyp(brand)) + len(meta(1)) + 8
    return ftyp(brand) + meta(start) + box(b"mdat", payload)


def exif_item(tiff, before=b""):
    """The content of an Exif item: the offset of the TIFF header, and what is before it."""
    return struct.pack(">I", len(before)) + before + tiff


JXL_SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"


def jxl(*contents):
    return JXL_SIGNATURE + box(b"ftyp", b"jxl \0\0\0\0jxl ") + b"".join(contents)


SEGMENT, SEEK_HEAD, INFO, TRACKS, CLUSTER = 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675
CUES, ATTACHMENTS, TAGS = 0x1C53BB6B, 0x1941A469, 0x1254C367
TAG, SIMPLE_TAG, TAG_NAME, TAG_STRING, TAG_BINARY = 0x7373, 0x67C8, 0x45A3, 0x4487, 0x4485
TITLE, MUXING_APP, WRITING_APP, DATE = 0x7BA9, 0x4D80, 0x5741, 0x4461


def element(name, *contents, size_bytes=8, is_unknown=False):
    """An EBML element; ``size_bytes`` is the length of its size field."""
    body = b"".join(contents)
    size = (1 << 7 * size_bytes) - 1 if is_unknown else len(body)
    return name.to_bytes((name.bit_length() + 7) // 8) + (size | 1 << 7 * size_bytes).to_bytes(size_bytes) + body


def simple_tag(name, text, *contents):
    return element(SIMPLE_TAG, element(TAG_NAME, name.encode()), element(TAG_STRING, text.encode()), *contents)


def tags(*simple_tags):
    return element(TAGS, element(TAG, element(0x63C0), *simple_tags))


def seek_head(*targets):
    """A seek head of ``(identifier, position)``; its length does not depend on the positions."""
    return element(
        SEEK_HEAD,
        *(
            element(0x4DBB, element(0x53AB, name.to_bytes(4)), element(0x53AC, position.to_bytes(8)))
            for name, position in targets
        ),
    )


def matroska(*contents, doc_type=b"matroska", is_unknown=False):
    head = element(0x1A45DFA3, element(0x4282, doc_type))
    return head + element(SEGMENT, *contents, is_unknown=is_unknown)


def cluster(content=b"\xa3\x89\x81\0\0\x80media", is_unknown=False):
    return element(CLUSTER, element(0xE7, b"\0", size_bytes=1), content, is_unknown=is_unknown)
