"""Members of a zip packed by bzip2 or LZMA, unpacked in bounded memory: ``zipfile`` unpacks all it reads at once."""

import copy
import zipfile
import zlib
from bz2 import BZ2Decompressor
from collections.abc import Iterator
from lzma import FILTER_LZMA1, FORMAT_RAW, LZMADecompressor
from typing import IO, Final

_CHUNK: Final = 1 << 20
METHODS: Final = frozenset({zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member, no more of them than its size in the directory.

    Args:
        archive: That holds it.
        info: Of a member packed by one of ``METHODS``.

    Raises:
        zipfile.BadZipFile: Its size or its checksum is another one.
        OSError, EOFError, ValueError, lzma.LZMAError: It is broken.
    """
    stored = copy.copy(info)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, info.compress_size
    del stored.CRC  # it is that of the unpacked bytes
    left, checksum = info.file_size, 0
    with archive.open(stored) as packed:
        for chunk in _pieces(packed, _unpacker(packed, info)):
            piece = chunk[:left]
            left, checksum = left - len(piece), zlib.crc32(piece, checksum)
            yield piece
            if not left:
                break
    if left or checksum != info.CRC:
        raise zipfile.BadZipFile(f"Bad size or CRC-32 for file {info.filename!r}")


def _unpacker(packed: IO[bytes], info: zipfile.ZipInfo) -> BZ2Decompressor | LZMADecompressor:
    if info.compress_type == zipfile.ZIP_BZIP2:
        return BZ2Decompressor()
    header = packed.read(9)  # APPNOTE 5.8.8: version, length of what follows, and LZMA's five bytes of properties
    if len(header) < 9 or header[2:4] != b"\5\0":
        raise zipfile.BadZipFile("The properties of LZMA are broken")
    rest, lc = divmod(header[4], 9)
    pb, lp = divmod(rest, 5)
    dictionary = int.from_bytes(header[5:], "little")
    return LZMADecompressor(
        FORMAT_RAW, filters=[{"id": FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}]
    )


def _pieces(packed: IO[bytes], unpacker: BZ2Decompressor | LZMADecompressor) -> Iterator[bytes]:
    while not unpacker.eof:
        data = packed.read(_CHUNK) if unpacker.needs_input else b""
        if unpacker.needs_input and not data:
            return
        yield unpacker.decompress(data, _CHUNK)
