"""Files that are broken, lie about what they are, or set a trap."""

import struct
import zlib
from typing import Final

import numpy as np

_TRAP_SIDE: Final = 60_000


def first_part(whole: bytes, share: float = 0.5) -> bytes:
    """What a copy leaves that was broken off.

    Args:
        whole: The whole file.
        share: How much of it arrived, 0 to 1.
    """
    return whole[: int(len(whole) * share)]


def without_index(movie: bytes) -> bytes:
    """An .mp4 whose index comes last and never arrived, as a camera leaves it when its battery dies."""
    cut = movie.rindex(b"moov") - 4
    if movie.index(b"mdat") > cut:
        raise ValueError("The index comes first in this video: write it with faststart=False.")
    return movie[:cut]


def stray_marker(jpeg: bytes) -> bytes:
    """A JPEG with a second start-of-image marker amid its picture data: damage that its decoder reports."""
    middle = (jpeg.rindex(b"\xff\xda") + len(jpeg)) // 2
    return jpeg[:middle] + b"\xff\xd8\xff\xd8" + jpeg[middle + 4 :]


def zeroed_middle(jpeg: bytes) -> bytes:
    """A JPEG with 400 bytes of its picture data blanked: damage that its decoder does not report."""
    middle = (jpeg.rindex(b"\xff\xda") + len(jpeg)) // 2
    return jpeg[:middle] + bytes(400) + jpeg[middle + 400 :]


def bad_header_checksum(png: bytes) -> bytes:
    """A PNG whose header fails its checksum."""
    return png[:29] + bytes((png[29] ^ 0xFF,)) + png[30:]


def flipped_bits(png: bytes) -> bytes:
    """A PNG with one byte amid its pixels inverted."""
    start = png.index(b"IDAT")
    middle = start + 4 + int.from_bytes(png[start - 4 : start]) // 2
    return png[:middle] + bytes((png[middle] ^ 0xFF,)) + png[middle + 1 :]


def huge_png(width: int = _TRAP_SIDE, height: int = _TRAP_SIDE) -> bytes:
    """A valid PNG header, checksum and all, that claims so many pixels; hardly any data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def huge_jpeg(jpeg: bytes) -> bytes:
    """A small JPEG whose frame header claims 60,000 × 60,000 pixels."""
    start = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:start] + struct.pack(">HH", _TRAP_SIDE, _TRAP_SIDE) + jpeg[start + 4 :]


def huge_gif(gif: bytes) -> bytes:
    """A small GIF whose screen and first frame claim 60,000 × 60,000 pixels."""
    side = struct.pack("<HH", _TRAP_SIDE, _TRAP_SIDE)
    frame = gif.index(b"\x2c\0\0\0\0") + 5
    return gif[:6] + side + gif[10:frame] + side + gif[frame + 4 :]


def huge_bmp(bmp: bytes) -> bytes:
    """A small BMP whose header claims 60,000 × 60,000 pixels."""
    return bmp[:18] + struct.pack("<ii", _TRAP_SIDE, _TRAP_SIDE) + bmp[26:]


def noise(seed: int, size: int = 40_000) -> bytes:
    """Bytes without meaning."""
    return np.random.default_rng(seed).bytes(size)


def hls_playlist(*addresses: str) -> bytes:
    """A playlist that asks a careless reader to open other addresses."""
    entries = "".join(f"#EXTINF:2,\n{address}\n" for address in addresses)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{entries}#EXT-X-ENDLIST\n".encode()


def concat_script(*names: str) -> bytes:
    """A script of FFmpeg's concat format that stitches other files together."""
    return ("ffconcat version 1.0\n" + "".join(f"file {name}\n" for name in names)).encode()


def stream_description(port: int = 9) -> bytes:
    """An SDP description that asks a careless reader to listen on the network."""
    lines = "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"
    return "\n".join((*lines, f"m=video {port} RTP/AVP 96", "a=rtpmap:96 H264/90000", "")).encode()


SVG: Final = (
    b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">\n'
    b'  <circle cx="32" cy="32" r="30" fill="teal"/>\n</svg>\n'
)
HTML: Final = b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>The picture has moved.</body></html>\n"
TEXT: Final = "Бұл сурет емес. Это не картинка. This is no picture.\n".encode()
PDF: Final = (
    b"%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
    b"2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n"
    b"3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
)
