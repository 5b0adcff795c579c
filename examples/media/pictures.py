"""Pictures: photographs that scikit-image ships, pictures drawn by formula, and both in every format."""

import io
import struct
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageCms

# Only files inside the wheel: its loaders would fetch the rest over the network.
PHOTOGRAPHS: Final = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "motorcycle": "motorcycle_left.png",
    "motorcycle_right": "motorcycle_right.png",
    "galaxies": "hubble_deep_field.jpg",
    "retina": "retina.jpg",
    "cameraman": "camera.png",
    "coins": "coins.png",
    "moon": "moon.png",
    "brick": "brick.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
}


def photograph(name: str, longest_side: int | None = None) -> Image.Image:
    """A photograph in RGB.

    Args:
        name: One of ``PHOTOGRAPHS``; those from "cameraman" on are grey.
        longest_side: Shrink to this many pixels, if given.
    """
    with files("skimage.data").joinpath(PHOTOGRAPHS[name]).open("rb") as stream, Image.open(stream) as image:
        picture = image.convert("RGB")
    if longest_side is not None:
        picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    return picture


def generated_picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture drawn by formula: colour gradients, soft noise and a few shapes; no camera, no model.

    Args:
        seed: Another seed, another picture.
        size: Width and height in pixels.
    """
    rng = np.random.default_rng(seed)
    width, height = size
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    turns = rng.uniform(-2, 2, (3, 2))
    waves = [np.sin(2 * np.pi * (a * across + b * down + rng.uniform())) for a, b in turns]
    noise = rng.normal(size=(height // 20 + 2, width // 20 + 2, 3))
    clouds = cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    canvas = np.clip(128 + 80 * np.stack(waves, axis=-1) + 18 * clouds, 0, 255).astype(np.uint8)
    for _ in range(4):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        radius = int(rng.integers(min(size) // 16, min(size) // 6))
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        cv2.circle(canvas, centre, radius, colour, thickness=-1, lineType=cv2.LINE_AA)
    return Image.fromarray(canvas)


def _encoded(image: Image.Image, picture_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.copy().save(stream, picture_format, **options)  # a copy: Pillow leaves its settings on the image
    return stream.getvalue()


def jpeg(
    image: Image.Image,
    *,
    quality: int = 88,
    progressive: bool = False,
    orientation: int = 1,
    icc: bytes | None = None,
) -> bytes:
    """A JPEG file.

    Args:
        image: In RGB, L or CMYK.
        quality: 1 to 95.
        progressive: Whether in several scans, not one.
        orientation: EXIF orientation, 1 to 8: which way up the stored pixels are.
        icc: A colour profile to embed.
    """
    exif = Image.Exif()
    if orientation != 1:
        exif[ExifTags.Base.Orientation] = orientation
    return _encoded(image, "JPEG", quality=quality, progressive=progressive, exif=exif, icc_profile=icc)


def cmyk_jpeg(image: Image.Image) -> bytes:
    """A JPEG of four inks, as print shops use."""
    return jpeg(image.convert("CMYK"))


def sideways_jpeg(image: Image.Image) -> bytes:
    """A JPEG as a phone held upright writes it: stored on its side, EXIF orientation 6 sets it right."""
    return jpeg(image.transpose(Image.Transpose.ROTATE_90), orientation=6)


def icc_profile() -> bytes:
    """An sRGB profile with the three colours in another order, so that ignoring it shows at once.

    The same bytes at any hour: the profile's date is blanked.
    """
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)
    profile[84:100] = bytes(16)  # the profile's checksum, which covers no date: all zeros means "not computed"
    red, blue = profile.find(b"rXYZ"), profile.find(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def png(image: Image.Image) -> bytes:
    """A PNG file in the image's own mode (RGB, RGBA, L, LA, P or 1)."""
    return _encoded(image, "PNG")


def palette_png(image: Image.Image, *, transparent: bool = False) -> bytes:
    """A PNG of 64 colours, the first of them see-through if asked."""
    palette = image.convert("RGB").quantize(64)
    return _encoded(palette, "PNG", transparency=0) if transparent else _encoded(palette, "PNG")


def with_alpha(image: Image.Image) -> Image.Image:
    """The picture as RGBA: opaque at its left edge, gone at its right."""
    alpha = Image.fromarray(np.tile(np.linspace(255, 0, image.width).astype(np.uint8), (image.height, 1)))
    faded = image.convert("RGBA")
    faded.putalpha(alpha)
    return faded


def deep_png(image: Image.Image) -> bytes:
    """An RGB PNG of 16 bits a channel; the low byte carries detail of its own."""
    return bytes(cv2.imencode(".png", cv2.cvtColor(_deep(image), cv2.COLOR_RGB2BGR))[1])


def deep_grey_png(image: Image.Image) -> bytes:
    """A grey PNG of 16 bits, where a plain conversion to RGB turns nearly all of it white."""
    return _encoded(Image.fromarray(_deep(image.convert("L"))), "PNG")


def _deep(image: Image.Image) -> np.ndarray[Any, Any]:
    values = np.asarray(image).astype(np.uint16)
    return values * 256 + values[::-1] // 2


def webp(image: Image.Image, *, lossless: bool = False) -> bytes:
    """A still WebP file."""
    return _encoded(image, "WEBP", quality=85, lossless=lossless)


def gif(image: Image.Image) -> bytes:
    """A still GIF file."""
    return _encoded(image, "GIF")


def bmp(image: Image.Image) -> bytes:
    """A BMP file."""
    return _encoded(image, "BMP")


def avif(image: Image.Image) -> bytes:
    """A still AVIF file."""
    return _encoded(image, "AVIF", quality=70, speed=9, max_threads=1)


def jpeg2000(image: Image.Image) -> bytes:
    """A JPEG 2000 file."""
    return _encoded(image, "JPEG2000")


def tiff(*pictures: Image.Image) -> bytes:
    """A TIFF file of one page a picture, LZW; pages may differ in size and are RGB or L."""
    return _tiff([np.asarray(picture) for picture in pictures])


def deep_tiff(image: Image.Image) -> bytes:
    """A grey TIFF of 16 bits."""
    return _tiff([_deep(image.convert("L"))])


def _tiff(pixels: list[np.ndarray[Any, Any]]) -> bytes:
    # Through OpenCV: in Pillow's files a padding byte is whatever the memory held.
    stored = [cv2.cvtColor(page, cv2.COLOR_RGB2BGR) if page.ndim == 3 else page for page in pixels]
    return bytes(cv2.imencodemulti(".tiff", stored)[1])


def animation(pictures: Sequence[Image.Image], picture_format: str, duration_ms: int = 120) -> bytes:
    """An animated file of one frame a picture.

    Args:
        pictures: All of one size.
        picture_format: "WEBP", "GIF", "PNG" or "AVIF".
        duration_ms: How long each frame is shown.
    """
    first, *others = pictures
    options: dict[str, Any] = {"speed": 9, "max_threads": 1} if picture_format == "AVIF" else {"loop": 0}
    encoded = _encoded(first, picture_format, save_all=True, append_images=others, duration=duration_ms, **options)
    return _without_times(encoded) if picture_format == "AVIF" else encoded


def _without_times(movie: bytes) -> bytes:
    """Blanks the two times that the encoder takes from the clock (ISO/IEC 14496-12: mvhd, tkhd, mdhd)."""
    patched = bytearray(movie)
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        start = patched.find(box)
        if start < 0:
            raise ValueError(f"An animated AVIF without a {box.decode()} box; the encoder has changed.")
        length = 16 if patched[start + 4] == 1 else 8
        patched[start + 8 : start + 8 + length] = bytes(length)
    return bytes(patched)


def psd(image: Image.Image) -> bytes:
    """A Photoshop file without layers: the merged picture, uncompressed."""
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, image.height, image.width, 8, 3)
    planes = np.asarray(image.convert("RGB")).transpose(2, 0, 1).tobytes()
    return header + struct.pack(">IIIH", 0, 0, 0, 0) + planes
