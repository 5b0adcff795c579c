"""What a file is, told from its first bytes; its name counts for nothing."""

import re
from typing import Final

SNIFF_BYTES: Final = 4096

_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0\x10\0\0\0CR", "image/x-canon-cr2"),
    (b"IIU\0", "image/x-panasonic-rw2"),
    (b"IIRO", "image/x-olympus-orf"),
    (b"IIRS", "image/x-olympus-orf"),
    (b"MMOR", "image/x-olympus-orf"),
    (b"FUJIFILMCCD-RAW", "image/x-fuji-raf"),
    (b"v/1\x01", "image/x-exr"),
    (b"#?RADIANCE", "image/vnd.radiance"),
    (b"#?RGBE", "image/vnd.radiance"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"8BPS\0\x01", "image/vnd.adobe.photoshop"),
    (b"8BPS\0\x02", "image/vnd.adobe.photoshop"),
    (b"FLV\x01", "video/x-flv"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\0\0\x01\xb3", "video/mpeg"),
    (b"\x06\x0e+4\x02\x05\x01\x01\r\x01\x02", "video/mxf"),
    (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel", "video/x-ms-asf"),
)
_STILL_BRANDS: Final = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"crx ": "image/x-canon-cr3",
}
_AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P ", b"f4a ", b"f4b "})
_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MEDIA_NAME: Final = re.compile(
    r"\.(jpe?g|jpe|jfif|png|apng|gif|tiff?|webp|bmp|dib|heic|heif|hif|avif|jxl|jp2|psd|exr|hdr|dng|cr[23]|nef|arw|orf|rw2|raf"
    r"|mp4|m4v|mov|qt|mkv|webm|avi|mpe?g|m2?ts|ts|wmv|asf|flv|ogv|3gp|3g2|mxf|vob)(#\d+)?$",  # #2: of that name, too
    re.IGNORECASE,
)


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes show.

    Args:
        head: The first ``SNIFF_BYTES`` of the file, or all of it.

    Returns:
        ``image/…`` or ``video/…``, or None where the bytes are of neither.
    """
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in {12, 40, 52, 56, 64, 108, 124}:
        return "image/bmp"
    if head[:4] == b"OggS":
        return "video/ogg" if any(codec in head[:256] for codec in (b"\x80theora", b"OVP80", b"BBCD")) else None
    if len(head) >= 377 and head[0] == head[188] == head[376] == 0x47:
        return "video/mp2t"
    if len(head) >= 389 and head[4] == head[196] == head[388] == 0x47:  # camcorders put a time before each packet
        return "video/mp2t"
    if len(head) >= 8 and head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return "video/quicktime" if head[4:8] in _BOXES and int.from_bytes(head[:4]) in range(8, 1 << 31) else None


def _sniff_brands(head: bytes) -> str | None:
    """ISO-BMFF (ISO/IEC 14496-12, 4.3): the major brand decides, for ``mif1`` the first brand that says more."""
    end = min(int.from_bytes(head[:4]), len(head), 256)
    brands = [head[8:12], *(head[start : start + 4] for start in range(16, end - 3, 4))]
    if brands[0] in _STILL_BRANDS:
        named = [_STILL_BRANDS[brand] for brand in brands if brand in _STILL_BRANDS]
        return next((media_type for media_type in named if media_type != "image/heif"), "image/heif")
    if brands[0] in _AUDIO_BRANDS:
        return None
    return "video/quicktime" if brands[0] == b"qt  " else "video/mp4"


def is_named_as_media(name: str) -> bool:
    """Whether a file's name says that it is a picture or a video."""
    return _MEDIA_NAME.search(name) is not None
