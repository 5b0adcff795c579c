"""Hostile pictures, films and texts, each made by a function of a few lines; examples/media/broken.py has more."""

import io
import struct
import tempfile
import zlib
from functools import cache
from pathlib import Path

from PIL import Image, PngImagePlugin

from examples.media import pictures, videos
from tests.transforms.examine.examine_samples import box


@cache
def photo() -> bytes:
    return pictures.jpeg(pictures.generated_picture(1, (96, 64)))


def marker_bytes(jpeg: bytes) -> set[int]:
    """Where in the header of a JPEG markers and the lengths behind them stand."""
    found, start = set(), 2
    while jpeg[start + 1] != 0xDA:  # the start of the scan
        found |= set(range(start, start + 4))
        start += 2 + int.from_bytes(jpeg[start + 2 : start + 4])
    return found | set(range(start, start + 4))


@cache
def png() -> bytes:
    return pictures.png(pictures.generated_picture(2, (96, 64)))


@cache
def film() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        videos.video(path, seconds=0.4, size=(160, 120), faststart=False)
        return path.read_bytes()


def gif_and_script() -> bytes:
    """A GIF that browsers run as JavaScript: the screen's width reads as the start of a comment."""
    gif = pictures.gif(pictures.generated_picture(3, (64, 64)))
    return b"GIF89a/*" + gif[8:] + b"*/=1;alert(document.domain)"


def many_frames(count: int) -> bytes:
    """A GIF of so many frames of one pixel, 15 bytes each."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + screen + frame * count + b"\x3b"


def strip(form: str, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, form)
    return stream.getvalue()


def within_the_limit(side: int = 4000) -> bytes:
    """A picture that is as large as it says, and packed a thousandfold."""
    return strip("PNG", (side, side))


def text_bomb() -> bytes:
    """A PNG with a packed text of 200 MiB."""
    text = PngImagePlugin.PngInfo()
    text.add(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200 << 20)))
    stream = io.BytesIO()
    pictures.generated_picture(4, (64, 64)).save(stream, "PNG", pnginfo=text)
    return stream.getvalue()


def nested_boxes(depth: int) -> bytes:
    data = box(b"free")
    for _ in range(depth):
        data = box(b"udta", data)
    return data


def deep_film(depth: int) -> bytes:
    """A film with boxes so deep in the box that describes it."""
    return _in_the_movie(nested_boxes(depth))


def film_with_size(size: int) -> bytes:
    """A film whose last box says that it has so many bytes; those of 2^32 and more stand in eight bytes."""
    header = struct.pack(">I4s", size, b"udta") if size < 1 << 32 else struct.pack(">I4sQ", 1, b"udta", size)
    return _in_the_movie(header)


def top_box_of_size(size: int) -> bytes:
    header = struct.pack(">I4s", size, b"moov") if size < 1 << 32 else struct.pack(">I4sQ", 1, b"moov", size)
    return box(b"ftyp", b"isom", bytes(4), b"isom") + header + bytes(64)


def _in_the_movie(added: bytes) -> bytes:
    movie = film()
    start = movie.rindex(b"moov") - 4
    size = struct.unpack_from(">I", movie, start)[0]
    if start + size != len(movie):
        raise ValueError("The index has to come last.")
    return movie[:start] + struct.pack(">I", size + len(added)) + movie[start + 4 :] + added


def laughing(levels: int = 12) -> bytes:
    """XML of 2 KB whose entities unfold to 10^11 words."""
    entities = [f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, levels)]
    return _xmp(f'<!DOCTYPE x [<!ENTITY e0 "ha">{"".join(entities)}]>', f"&e{levels - 1};")


def reading(path: Path) -> bytes:
    """XML with an entity that stands for the content of a file."""
    return _xmp(f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{path}">]>', "&e;")


def calling(address: str) -> bytes:
    """XML whose document type lies at an address."""
    return _xmp(f'<!DOCTYPE x SYSTEM "{address}">', "")


def photo_with(xmp: bytes) -> bytes:
    stream = io.BytesIO()
    pictures.generated_picture(5, (96, 64)).save(stream, "JPEG", xmp=xmp)
    return stream.getvalue()


def deep_json(depth: int = 100_000) -> bytes:
    return b"[" * depth + b"]" * depth


def _xmp(doctype: str, text: str) -> bytes:
    described = f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>{text}</dc:source>'
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    ends = "</rdf:Description></rdf:RDF></x:xmpmeta>"
    return f"{doctype}<x:xmpmeta xmlns:x='adobe:ns:meta/'>{rdf}{described}{ends}".encode()
