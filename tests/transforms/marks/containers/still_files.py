"""Files built by hand, byte for byte, and ways to walk them."""

import io
import struct
import zlib
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st

from transforms.marks.pieces import Budget, Limits

LABEL = b'{"Label":"1","ContentProducer":"example"}'
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'
)
EXIF = b"II*\0\x08\0\0\0\0\0\0\0\0\0"
IIM = b"\x1c\x02\x78\0\x07caption"
STORE = (
    struct.pack(">I4sI4s", 64, b"jumb", 56, b"jumd")
    + b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0"
    + bytes(27)
)

MUTATIONS = settings(max_examples=200, derandomize=True)


@dataclass
class Walked:
    """What a walk brought, in a form that tests compare."""

    pieces: list
    left_out: list = field(default_factory=list)

    @property
    def told(self):
        """``(form, layer, site, name, data)`` of each piece."""
        return [(str(piece.form), piece.layer, piece.site, piece.name, piece.data) for piece in self.pieces]

    @property
    def texts(self):
        return {piece.name: piece.data for piece in self.pieces if piece.form == "text"}


def walked(walker, data, **limits):
    """Walks bytes, or an open file."""
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    budget = Budget(Limits(**limits))
    size = file.seek(0, io.SEEK_END)
    return Walked(list(walker(file, size, budget)), budget.left_out)


def assert_survives_every_cut(walker, data):
    """Cut anywhere, a walk ends without an error and brings no piece that the whole file does not."""
    whole = walked(walker, data).pieces
    for end in range(len(data)):
        for piece in walked(walker, data[:end]).pieces:
            assert piece in whole or piece.data == b"", f"cut at {end}"


def mutated(data):
    """Strategy: the bytes with some of them replaced, inserted or taken out."""
    edit = st.tuples(st.integers(0, len(data)), st.integers(0, 8), st.binary(max_size=8))

    def apply(edits):
        changed = bytearray(data)
        for position, removed, inserted in edits:
            changed[position : position + removed] = inserted
        return bytes(changed)

    return st.lists(edit, min_size=1, max_size=8).map(apply)


def assert_survives(walker, data):
    """A walk of any bytes ends within its limits and gives pieces of the right types."""
    limits = Limits(value_bytes=1 << 12, total_bytes=1 << 14, elements=500)
    budget = Budget(limits)
    pieces = list(walker(io.BytesIO(data), len(data), budget))
    assert sum(len(piece.data) for piece in pieces) <= 4 * limits.total_bytes
    for piece in pieces:
        assert isinstance(piece.data, str) == (piece.form == "text")
        assert 0 <= piece.offset <= len(data)
    assert len(budget.left_out) <= 20


class CountingFile(io.FileIO):
    """A file that counts what is read from it."""

    read_bytes = 0

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.read_bytes += count
        return count


def bytes_read(walker, path):
    """Bytes that a walk of a file reads, with the read-ahead of an ordinary buffer, and the pieces."""
    raw = CountingFile(path)
    with io.BufferedReader(raw) as file:
        result = walked(walker, file)
        return raw.read_bytes, result


def write_sparse(path, start, hole_bytes, end):
    """A file with a hole, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(start)
        file.seek(hole_bytes, 1)
        file.write(end)


def jpeg_segment(marker, payload):
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(*segments, scan=b"\x12\x34\xff\0\x56", after=b""):
    start_of_scan = jpeg_segment(0xDA, b"\x01\x01\0\0\x3f\0")
    return b"\xff\xd8" + b"".join(segments) + start_of_scan + scan + b"\xff\xd9" + after


def image_resource(kind, data, name=b""):
    name_field = bytes([len(name)]) + name
    name_field += bytes(len(name_field) % 2)
    return b"8BIM" + struct.pack(">H", kind) + name_field + struct.pack(">I", len(data)) + data + bytes(len(data) % 2)


def sef_trailer(entries):
    """Samsung's trailer of ``(name, value)``."""
    blocks = [struct.pack("<HHI", 0, 0x0BA1, len(name)) + name + value for name, value in entries]
    directory = struct.pack("<4sII", b"SEFH", 101, len(blocks))
    back = sum(map(len, blocks))
    for block in blocks:
        directory += struct.pack("<HHII", 0, 0x0BA1, back, len(block))
        back -= len(block)
    return b"".join(blocks) + directory + struct.pack("<I4s", len(directory), b"SEFT")


def png_chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*before, after=(), pixels=b""):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    chunks = [header, *before, png_chunk(b"IDAT", pixels or zlib.compress(b"\0\0")), *after, png_chunk(b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def riff_chunk(kind, data=b""):
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def riff_list(kind, *chunks):
    return riff_chunk(b"LIST", kind + b"".join(chunks))


def riff(form, *chunks, claimed_bytes=None):
    body = form + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if claimed_bytes is None else claimed_bytes) + body


def sub_blocks(data):
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    return b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def gif_application(name, blocks):
    return b"!\xff" + bytes([len(name)]) + name + blocks


def gif_comment(text):
    return b"!\xfe" + sub_blocks(text)


XMP_TRAILER = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\0"


def gif(*before, after=(), pixels=b"\x4c\x01"):
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02" + sub_blocks(pixels)
    return b"GIF89a" + screen + b"".join(before) + image + b"".join(after) + b";"


def tiff(*directories, order="<", is_big=False):
    """A TIFF file of directories, each a list of ``(tag, type, count, bytes)``."""
    number, count, number_bytes = ("Q", "Q", 8) if is_big else ("I", "H", 4)
    data = bytearray(b"II" if order == "<" else b"MM")
    data += struct.pack(order + ("HHHQ" if is_big else "HI"), *((43, 8, 0, 16) if is_big else (42, 8)))
    for index, entries in enumerate(directories):
        fields, heap = b"", b""
        entry_bytes = 20 if is_big else 12
        heap_start = len(data) + struct.calcsize(order + count) + entry_bytes * len(entries) + number_bytes
        for tag, kind, values, value in entries:
            fields += struct.pack(order + "HH" + number, tag, kind, values)
            if len(value) <= number_bytes:
                fields += value.ljust(number_bytes, b"\0")
            else:
                fields += struct.pack(order + number, heap_start + len(heap))
                heap += value
        following = heap_start + len(heap) if index + 1 < len(directories) else 0
        data += struct.pack(order + count, len(entries)) + fields + struct.pack(order + number, following) + heap
    return bytes(data)
