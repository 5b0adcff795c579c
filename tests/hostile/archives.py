"""Hostile archives, each made by a function of a few lines; tests/transforms/containers/archives.py has more."""

import gzip
import io
import struct
import tarfile
import warnings
import zipfile

from tests.transforms.containers.archives import answer, record, special, tarred, zipped

MEBIBYTE = 1 << 20
_NESTED = 3


def bomb(size: int = 200 * MEBIBYTE) -> bytes:
    """A thousand bytes out of one."""
    return zipped([("bomb.png", bytes(size))])


def nested_bomb(depth: int, width: int = _NESTED) -> bytes:
    """Zips of zips, as 42.zip has them, deeper than anybody looks."""
    data = bomb(64 * MEBIBYTE)
    for _ in range(depth):
        data = zipped([(f"{number}.zip", data) for number in range(width)])
    return data


def many_entries(count: int) -> bytes:
    return zipped([(f"{number}.jpg", b"x") for number in range(count)], zipfile.ZIP_STORED)


def lying_size(method: int, size: int = 64 * MEBIBYTE) -> bytes:
    """A member that says it holds 100 bytes and unpacks to all of ``size``."""
    data = bytearray(zipped([("lie.png", bytes(size))], method))
    for name, field in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(name) + field, 100)
    return bytes(data)


def lying_name() -> bytes:
    """A directory that calls the member otherwise than its own header does."""
    data = zipped([("a.jpg", b"x")])
    return data[:30] + b"b.sh!" + data[35:]


def lying_offset() -> bytes:
    """A directory that puts the member behind the end of the file."""
    data = bytearray(zipped([("a.jpg", b"x")]))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 42, 0x7FFFFFFF)
    return bytes(data)


def lying_count() -> bytes:
    """An end record that speaks of 60,000 members where there is one."""
    data = bytearray(zipped([("a.jpg", b"x")]))
    struct.pack_into("<HH", data, data.index(b"PK\x05\x06") + 8, 60_000, 60_000)
    return bytes(data)


def same_names() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zipped([("a.jpg", b"x")] * 3)


def endless_gzip(gibibytes: int = 8) -> bytes:
    """A tar with one member of so much, packed a thousandfold: a gzip may be many, one behind the other."""
    header = tarfile.TarInfo("endless.mp4")
    header.size = gibibytes << 30
    block = gzip.compress(bytes(64 * MEBIBYTE), mtime=0)
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT), mtime=0) + block * (gibibytes * 16)


def endless_header() -> bytes:
    """A packed tar whose first name alone has four gibibytes."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 4 << 30
    block = gzip.compress(bytes(64 * MEBIBYTE), mtime=0)
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT), mtime=0) + block * 64


def hostile_answers(address: str) -> bytes:
    """Web answers that unpack to too much, do not end, or lead elsewhere."""
    blocks = {
        "bomb.png": answer(gzip.compress(bytes(200 * MEBIBYTE)), "Content-Encoding: gzip"),
        "chunks.png": answer(b"7fffffff\r\nx", "Transfer-Encoding: chunked"),
        "header.png": answer(b"x", "A: " + "b" * MEBIBYTE),
        "moved.png": answer(b"", f"Location: {address}", status="HTTP/1.1 302 Found"),
    }
    answers = [record("response", f"http://a.kz/{name}", block) for name, block in blocks.items()]
    return b"".join([*answers, record("resource", "../../up.jpg", b"x"), record("revisit", "again.jpg", b"")])


def endless_record_header() -> bytes:
    """A packed WARC whose first header alone has four gibibytes."""
    return gzip.compress(b"WARC/1.1\r\nA: ", mtime=0) + gzip.compress(b"a" * (64 * MEBIBYTE), mtime=0) * 64


def endless_request() -> bytes:
    """A packed WARC of one record that nobody looks at, of eight gibibytes."""
    header = record("request", "a", b"", Content_Length=str(8 << 30))[:-4]
    return gzip.compress(header, mtime=0) + gzip.compress(bytes(64 * MEBIBYTE), mtime=0) * 128


def special_members(target: str) -> bytes:
    kinds = {"symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}
    kinds |= {"character": tarfile.CHRTYPE, "block": tarfile.BLKTYPE}
    others = [special(f"{name}.jpg", kind, target) for name, kind in kinds.items()]
    return tarred([("../../up.jpg", b"x"), ("/root.jpg", b"x")], others=others)


def through_a_link(folder: str) -> bytes:
    """A link to a folder, and a member to be written through it: how careless unpackers are led outside."""
    others = [special("in", tarfile.SYMTYPE, folder), special("in/planted.jpg", tarfile.REGTYPE)]
    return tarred([], others=others)


def undecodable_names() -> bytes:
    stream = io.BytesIO()
    names = "\udcff\udcfe.jpg", "a\nb.jpg", "\u202egpj.exe", "a\x1b[31m.jpg", "x" * 3000 + ".jpg"
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return stream.getvalue()
