"""Archives made here, well-formed and hostile."""

import bz2
import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise

import zstandard

Files = Iterable[tuple[str, bytes]]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def tarred(files: Files, form: int = tarfile.PAX_FORMAT, others: Iterable[tarfile.TarInfo] = ()) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, data in files:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
        for header in others:
            archive.addfile(header)
    return stream.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, target
    return header


def linked_zip(name: str, target: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        header = zipfile.ZipInfo(name)
        header.create_system, header.external_attr = 3, 0o120777 << 16
        archive.writestr(header, target)
    return stream.getvalue()


def encrypted_zip(name: str) -> bytes:
    """With the flag alone: nothing is decrypted here, so nothing has to be encrypted."""
    data = bytearray(zipped([(name, b"secret")], zipfile.ZIP_STORED))
    data[6] |= 1
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    return bytes(data)


def overlapping_zip(count: int) -> bytes:
    """Many entries of the directory over one body (Fifield, *A better zip bomb*, 2019)."""
    whole = zipped([("a.bin", bytes(1 << 20))])
    start = whole.index(b"PK\x01\x02")
    body, directory = whole[:start], whole[start : whole.index(b"PK\x05\x06")]
    entries = b"".join(directory.replace(b"a.bin", f"{number:05}".encode()) for number in range(count))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), start, 0)
    return body + entries + end


def sparse_tar(size: int, held: int = 0) -> bytes:
    """A member of so many bytes of which all but the first ``held`` are a hole (GNU's old format)."""
    info = special("hole.png", tarfile.GNUTYPE_SPARSE)
    info.size = held
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % (0, held)
    header[483:495] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + b"x" * held + bytes(-held % 512 + 1024)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "tar": lambda data: data,
    "tar.gz": lambda data: gzip.compress(data, mtime=0),
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
    "tar.zst": zstandard.ZstdCompressor().compress,
}


def record(kind: str, uri: str, block: bytes, **more: str) -> bytes:
    """A record of a WARC; ``more`` are headers, with ``_`` for ``-``."""
    told = {"WARC-Type": kind, "WARC-Target-URI": uri, "WARC-Date": "2025-01-01T00:00:00Z"}
    told |= {"Content-Length": str(len(block))} | {name.replace("_", "-"): value for name, value in more.items()}
    header = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
    return b"WARC/1.1\r\n" + header.encode() + b"\r\n" + block + b"\r\n\r\n"


def answer(body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """What a server sends."""
    return "\r\n".join([status, *headers, "\r\n"]).encode() + body


def warc(files: Files) -> bytes:
    return b"".join(record("response", uri, answer(data)) for uri, data in files)


def packed_warc(data: bytes) -> bytes:
    """With a gzip of its own for each record, as crawlers write it."""
    starts = [place.start() for place in re.finditer(rb"WARC/1\.1\r\n", data)]
    return b"".join(gzip.compress(data[start:end], mtime=0) for start, end in pairwise([*starts, len(data)]))


def chunked(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def rar4(files: Files, flags: int = 0, *, unix_mode: int = 0o100644) -> bytes:
    """Stored, as nobody but RAR's own program may pack; ``flags`` are those of each file (0x04: encrypted)."""

    def block(kind: int, told: int, fields: bytes) -> bytes:
        header = struct.pack("<BHH", kind, told, len(fields) + 7) + fields
        return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header

    blocks = [b"Rar!\x1a\x07\0", block(0x73, 0, bytes(6))]
    for name, data in files:
        path, size = name.encode(), len(data)
        facts = struct.pack("<IIBIIBBHI", size, size, 3, zlib.crc32(data), 0, 20, 0x30, len(path), unix_mode)
        blocks.append(block(0x74, 0x8000 | flags, facts + path) + data)
    return b"".join([*blocks, block(0x7B, 0x4000, b"")])


def rar5(files: Files) -> bytes:
    """Stored, likewise."""

    def number(value: int) -> bytes:
        head = b""
        while value > 0x7F:
            head, value = head + bytes([value & 0x7F | 0x80]), value >> 7
        return head + bytes([value])

    def block(*fields: int | bytes) -> bytes:
        header = b"".join(number(field) if isinstance(field, int) else field for field in fields)
        header = number(len(header)) + header
        return struct.pack("<I", zlib.crc32(header)) + header

    blocks = [b"Rar!\x1a\x07\x01\0", block(1, 0, 0)]
    for name, data in files:
        path, checksum = name.encode(), struct.pack("<I", zlib.crc32(data))
        header = block(2, 2, len(data), 4, len(data), 0o100644, checksum, 0, 1, len(path), path)
        blocks.append(header + data)
    return b"".join([*blocks, block(5, 0, 0)])
