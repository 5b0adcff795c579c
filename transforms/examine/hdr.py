"""High dynamic range pictures: PQ and HLG code values to the sRGB that a person would be shown on a common screen.

Code points are those of ITU-T H.273; they stand in HEIF's ``colr`` box and in PNG's ``cICP`` chunk. Decoders hand out
the code values as they are, which read as sRGB look grey and flat.
"""

import io
import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.examine.frames import Pixels
from transforms.examine.structure import find_box

_PQ, _HLG = 16, 18
_REFERENCE_WHITE_NITS: Final = 203.0  # ITU-R BT.2408, 2.2
_PEAK: Final = 1000.0 / _REFERENCE_WHITE_NITS
_TO_SRGB: Final = {
    9: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),  # BT.2020
    12: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),  # Display P3
}


class Colour(NamedTuple):
    """H.273 code points of a picture."""

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        """Whether code values are PQ or HLG."""
        return self.transfer in {_PQ, _HLG}


def read_colour(data: bytes, media_type: str) -> Colour | None:
    """The colour code points that a HEIC, AVIF or PNG file declares, or None."""
    if media_type in {"image/heic", "image/heif", "image/avif"}:
        box = find_box(io.BytesIO(data), len(data), (b"meta", b"iprp", b"ipco", b"colr"))
        if box is not None and data[box.start : box.start + 4] == b"nclx" and box.end - box.start >= 10:
            return Colour(*struct.unpack_from(">HH", data, box.start + 4))
    return _read_png_colour(data) if media_type == "image/png" else None


def _read_png_colour(data: bytes) -> Colour | None:
    """The cICP chunk, which has to stand before the first IDAT (PNG, third edition, 11.3.2.6)."""
    start = 8
    while start + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, start)
        if name == b"cICP" and length == 4:
            return Colour(data[start + 8], data[start + 9])
        if name == b"IDAT":
            break
        start += 12 + length
    return None


def tone_map(rgb: Pixels, colour: Colour) -> Pixels:
    """PQ or HLG code values to sRGB, reference white at half brightness and highlights rolled off (Reinhard 2002).

    Args:
        rgb: uint8 (height, width, 3) code values.
        colour: From ``read_colour``; not HDR means unchanged.
    """
    if not colour.is_hdr:
        return rgb
    linear = _relative_light(colour.transfer)[rgb]
    matrix = np.array(_TO_SRGB.get(colour.primaries, np.eye(3)), np.float32)
    linear = np.clip(linear @ matrix.T, 0, _PEAK)
    mapped = linear * (1 + linear / _PEAK**2) / (1 + linear)
    return _SRGB_CODES[np.round(mapped * (len(_SRGB_CODES) - 1)).astype(np.uint16)]


def _relative_light(transfer: int) -> NDArray[np.float32]:
    """Light of each of the 256 code values; 1 is reference white. SMPTE ST 2084 and ITU-R BT.2100."""
    code = np.arange(256) / 255
    if transfer == _PQ:
        power = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    else:
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = 1000 * scene**1.2
    return (nits / _REFERENCE_WHITE_NITS).astype(np.float32)


def _srgb_codes() -> Pixels:
    light = np.linspace(0, 1, 4096)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


_SRGB_CODES: Final = _srgb_codes()
