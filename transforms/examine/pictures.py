"""Pictures to upright 8-bit sRGB frames, through Pillow: the only decoder at hand that reports truncation."""

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from transforms.examine.frames import Frame, MediaError, Pixels, check_pixels, spread
from transforms.examine.settings import Limits, Sampling
from transforms.outcomes import Reason
from transforms.records import LayerNote

try:
    from pi_heif import register_heif_opener
except ImportError:
    HEIC_AVAILABLE = False
else:
    register_heif_opener(thumbnails=False)
    HEIC_AVAILABLE = True

Image.MAX_IMAGE_PIXELS = None  # ours to check, before decoding and with a reason code
_PLUGINS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/tiff": ("TIFF",),
    "image/webp": ("WEBP",),
    "image/bmp": ("BMP", "DIB"),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
    "image/heif": ("HEIF", "AVIF"),
    "image/jp2": ("JPEG2000",),
}
_ANIMATED = frozenset({"GIF", "WEBP", "AVIF", "PNG"})
_PAGED = frozenset({"TIFF"})
_TRUNCATION_WORDS = (
    "truncated",
    "premature",
    "unexpected end",
    "not enough data",
    "end of file",
    "eof",
    "bytes not processed",
)
_SRGB = ImageCms.createProfile("sRGB")


@dataclass(slots=True)
class PictureFacts:
    """What a picture's header says; sizes are those of the upright picture, in pixels."""

    width: int
    height: int
    frame_count: int
    duration_ms: float | None
    captured_at: str | None
    notes: list[LayerNote]


def open_picture(data: bytes, media_type: str, limits: Limits) -> tuple[Image.Image, PictureFacts]:
    """Reads the header of a picture, decoding nothing.

    Args:
        data: The whole file.
        media_type: As sniffed; decides which decoder may look at the bytes.
        limits: Its ``pixels`` bounds width × height.

    Raises:
        MediaError: With the reason why the picture cannot be examined.
    """
    plugins = _PLUGINS.get(media_type)
    if plugins is None:
        raise MediaError(Reason.UNSUPPORTED_FORMAT, f"There is no decoder for {media_type}.")
    if plugins[0] == "HEIF" and not HEIC_AVAILABLE:
        raise MediaError(Reason.DECODER_MISSING, "HEIC needs the extra: pip install 'aiqyn[heic]'.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=plugins)
            frame_count = int(getattr(image, "n_frames", 1)) if image.format in _ANIMATED | _PAGED else 1
    except UnidentifiedImageError as error:
        raise MediaError(Reason.CORRUPT, f"The header of this {media_type} cannot be read.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise _media_error(error) from error
    check_pixels(image.width, image.height, limits.pixels)
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    width, height = (image.height, image.width) if orientation in {5, 6, 7, 8} else image.size
    return image, PictureFacts(width, height, frame_count, None, _captured_at(image), [])


def sample_picture(image: Image.Image, facts: PictureFacts, sampling: Sampling, limits: Limits) -> Iterator[Frame]:
    """Decodes a picture: one frame of a still, up to ``sampling.frames`` of an animation or of a file of pages.

    Frames of an animation are chosen by index, since their times are known only after decoding; each carries its own
    time. Facts that decoding brings to light (duration, reservations) are added to ``facts``.

    Raises:
        MediaError: With the reason why decoding ended early; the frames before it stand.
    """
    wanted = frozenset(spread(facts.frame_count, sampling.frames))
    is_animation = facts.frame_count > 1 and image.format in _ANIMATED
    elapsed_ms = 0.0
    try:
        for index in range(facts.frame_count):
            if not is_animation and index not in wanted:
                continue
            if facts.frame_count > 1:
                image.seek(index)
                check_pixels(image.width, image.height, limits.pixels)
            if index in wanted:
                yield Frame(elapsed_ms if is_animation else None, to_srgb(image, facts.notes))
            if is_animation:
                image.load()
                elapsed_ms += float(image.info.get("duration", 0) or 0)
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        IndexError,
        OverflowError,
        ZeroDivisionError,
    ) as error:
        raise _media_error(error) from error
    facts.duration_ms = elapsed_ms if is_animation else None


def to_srgb(image: Image.Image, notes: list[LayerNote]) -> Pixels:
    """The current frame as uint8 (height, width, 3): EXIF orientation and ICC profile applied, alpha over white."""
    upright = ImageOps.exif_transpose(image)
    profile = upright.info.get("icc_profile")
    if upright.mode.startswith(("I", "F")):
        return np.asarray(_to_8_bit(upright).convert("RGB"))
    if upright.mode in {"P", "PA", "LA", "RGBA", "La", "RGBa"} or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        canvas = Image.new("RGBA", rgba.size, "white")
        upright = Image.alpha_composite(canvas, rgba).convert("RGB")
    if profile and upright.mode in {"RGB", "CMYK", "L", "LAB"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            upright = ImageCms.profileToProfile(upright, source, _SRGB, outputMode="RGB") or upright
        except (ImageCms.PyCMSError, OSError) as error:
            notes.append(LayerNote("frames", "icc_profile_ignored", str(error)))
    return np.asarray(upright.convert("RGB"))


def _to_8_bit(image: Image.Image) -> Image.Image:
    """16-bit integers are divided by 256; floats are taken as 0…1 where they are, else stretched to their range."""
    values = np.asarray(image).astype(np.float64)
    if image.mode.startswith("I"):
        return Image.fromarray(np.clip(values / 256, 0, 255).astype(np.uint8))
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = (0.0, 1.0) if values.min() >= 0 and values.max() <= 1 else (values.min(), values.max())
    return Image.fromarray(((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8))


def _captured_at(image: Image.Image) -> str | None:
    """EXIF DateTimeOriginal with its offset if it has one; a time without offset stays one (no zone is guessed)."""
    exif = image.getexif().get_ifd(ExifTags.IFD.Exif)
    taken, offset = exif.get(ExifTags.Base.DateTimeOriginal), exif.get(ExifTags.Base.OffsetTimeOriginal)
    if not isinstance(taken, str) or len(taken) < 19:
        return None
    date, time = taken[:10].replace(":", "-"), taken[11:19]
    return f"{date}T{time}{offset.strip() if isinstance(offset, str) else ''}"


def _media_error(error: Exception) -> MediaError:
    """Pillow tells truncation from damage only in its words."""
    words = str(error).strip() or type(error).__name__
    is_truncation = isinstance(error, EOFError) or any(word in words.lower() for word in _TRUNCATION_WORDS)
    return MediaError(Reason.TRUNCATED if is_truncation else Reason.CORRUPT, words[:300])
