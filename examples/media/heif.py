"""HEIC stills: one HEVC key frame in a HEIF container written by hand: no library at hand writes one."""

import io
import struct
from typing import Final

import av
import numpy as np
from PIL import Image

_PICTURE: Final = 1  # its item id
_ENCODER: Final = (
    "log-level=none:keyint=1:bframes=0:pools=1:frame-threads=1:wpp=0:info=0:range=full:colorprim=bt709:transfer=iec61966-2-1"
    ":colormatrix=smpte170m:crf=14"
)


def heic(image: Image.Image, *, quarter_turns: int = 0) -> bytes:
    """A HEIC file.

    Args:
        image: In RGB, of even width and height.
        quarter_turns: Turns to the left that a viewer is told to make (an ``irot`` property), 0 to 3.
    """
    if image.width % 2 or image.height % 2:
        raise ValueError(f"A HEIC picture has even sides, not {image.width} × {image.height}.")
    configuration, key_frame = _hevc_key_frame(image)
    properties = [
        _box(b"hvcC", configuration),
        _full_box(b"ispe", struct.pack(">II", image.width, image.height)),
        # Primaries BT.709, transfer sRGB, matrix BT.601, full range.
        _box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 6, 0x80)),
        _full_box(b"pixi", bytes((3, 8, 8, 8))),
    ]
    if quarter_turns:
        properties.append(_box(b"irot", bytes((quarter_turns & 3,))))
    brands = _box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")
    offset = len(brands) + len(_meta(properties, 0, len(key_frame))) + 8
    return brands + _meta(properties, offset, len(key_frame)) + _box(b"mdat", key_frame)


def _hevc_key_frame(image: Image.Image) -> tuple[bytes, bytes]:
    """The decoder configuration and the one sample, both as an MP4 of one frame holds them."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("libx265", rate=1, options={"preset": "fast", "x265-params": _ENCODER})
        track.width, track.height, track.pix_fmt = image.width, image.height, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24")
        for packet in [*track.encode(frame.reformat(format="yuvj420p")), *track.encode()]:
            container.mux(packet)
    stream.seek(0)
    with av.open(stream) as container:
        track = container.streams.video[0]
        sample = next(bytes(packet) for packet in container.demux(track) if packet.size)
        return bytes(track.codec_context.extradata), sample


def _meta(properties: list[bytes], offset: int, length: int) -> bytes:
    """The box that says: one picture, these properties, its bytes there (ISO/IEC 23008-12, 6.2)."""
    handler = _full_box(b"hdlr", struct.pack(">I4s12xx", 0, b"pict"))
    primary = _full_box(b"pitm", struct.pack(">H", _PICTURE))
    location = _full_box(b"iloc", struct.pack(">BBHHHHII", 0x44, 0, 1, _PICTURE, 0, 1, offset, length))
    entry = _full_box(b"infe", struct.pack(">HH4sx", _PICTURE, 0, b"hvc1"), version=2)
    items = _full_box(b"iinf", struct.pack(">H", 1) + entry)
    essential = {b"hvcC", b"irot"}
    links = bytes(
        index | (0x80 if properties[index - 1][4:8] in essential else 0) for index in range(1, len(properties) + 1)
    )
    association = _full_box(b"ipma", struct.pack(">IHB", 1, _PICTURE, len(links)) + links)
    described = _box(b"iprp", _box(b"ipco", b"".join(properties)) + association)
    return _full_box(b"meta", handler + primary + location + items + described)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _full_box(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + content)
