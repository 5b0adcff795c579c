"""Pictures to upright 8-bit sRGB frames, through Pillow: the only decoder at hand that reports truncation."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from PIL import AvifImagePlugin, ExifTags, Image, ImageCms, UnidentifiedImageError

from transforms.examine.frames import Frame, MediaError, Pixels, check_pixels, spread
from transforms.examine.hdr import Colour, read_colour, tone_map
from transforms.examine.settings import Limits, Sampling
from transforms.outcomes import Reason
from transforms.records import LayerNote
from transforms.work import did

try:
    from pi_heif import register_heif_opener
except ImportError:
    HEIC_AVAILABLE = False
else:
    register_heif_opener(thumbnails=False)
    HEIC_AVAILABLE = True

Image.MAX_IMAGE_PIXELS = None  # ours to check, before decoding and with a reason code
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a child keeps to one core, as with every other decoder
_PLUGINS = {
    "image/jpeg": ("JPEG",),  # which takes the first picture of an MPO
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
_MEMORY_WORDS = ("out of memory", "memory allocation", "cannot allocate")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")
_DNG_VERSION = 50706  # the tag that makes a TIFF a DNG; its first picture is often a mere thumbnail
_SRGB = ImageCms.createProfile("sRGB")
_LAB = ImageCms.createProfile("LAB")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(slots=True)
class PictureFacts:
    """What a picture says of itself; sizes in pixels, upright once the first frame is decoded.

    ``duration_ms`` and ``captured_at`` are known then, too: a PNG may say them behind its pixels.
    """

    width: int
    height: int
    frame_count: int
    duration_ms: float | None
    captured_at: str | None
    notes: list[LayerNote]
    colour: Colour | None = None


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
    did("pictures_opened")
    with _errors_told():
        image = Image.open(io.BytesIO(data), formats=plugins)
        check_pixels(image.width, image.height, limits.pixels)
        if _DNG_VERSION in getattr(image, "tag_v2", {}):
            raise MediaError(
                Reason.UNSUPPORTED_FORMAT, "This TIFF is a DNG: sensor data, for which there is no decoder."
            )
        frame_count = int(getattr(image, "n_frames", 1)) if image.format in _ANIMATED | _PAGED else 1
    return image, PictureFacts(image.width, image.height, frame_count, None, None, [], read_colour(data, media_type))


def sample_picture(image: Image.Image, facts: PictureFacts, sampling: Sampling, limits: Limits) -> Iterator[Frame]:
    """Decodes a picture: one frame of a still, up to ``sampling.frames`` of an animation or of a file of pages.

    Frames of an animation are chosen by index, since their times are known only after decoding; each carries its own
    time. Facts that decoding brings to light (upright size, capture time, duration, reservations) go to ``facts``.

    Raises:
        MediaError: With the reason why decoding ended early; the frames before it stand.
    """
    wanted = frozenset(spread(facts.frame_count, sampling.frames))
    is_animation = facts.frame_count > 1 and image.format in _ANIMATED
    start_ms = end_ms = 0.0
    for index in range(facts.frame_count) if is_animation else sorted(wanted):
        with _errors_told():
            if facts.frame_count > 1:
                image.seek(index)
                check_pixels(image.width, image.height, limits.pixels)
            image.load()
            did("picture_frames_decoded")
            if is_animation:
                start_ms = float(image.info.get("timestamp", end_ms))
                end_ms = start_ms + float(image.info.get("duration", 0) or 0)
            rgb = to_srgb(image, facts.notes, facts.colour) if index in wanted else None
        if rgb is None:
            continue
        if index == 0:
            facts.height, facts.width = rgb.shape[:2]
            facts.captured_at = _captured_at(_exif(image, facts.notes))
        yield Frame(round(start_ms, 3) if is_animation else None, rgb)
    facts.duration_ms = round(end_ms, 3) if is_animation else None


def first_columns(image: Image.Image, count: int) -> Pixels:
    """The first columns of a decoded picture as it is stored, uint8 (height, at most ``count``, channels)."""
    return np.asarray(image.crop((0, 0, min(count, image.width), image.height)))


def to_srgb(image: Image.Image, notes: list[LayerNote], colour: Colour | None = None) -> Pixels:
    """The current frame as uint8 (height, width, 3), as a person would see it on a common screen.

    EXIF orientation and ICC profile applied, alpha over white; PQ and HLG (``colour``) tone-mapped.
    """
    image.load()  # before the profile is asked for: a PNG may hold it anywhere
    profile, is_see_through = image.info.get("icc_profile"), "transparency" in image.info
    turn = _TURNS.get(_exif(image, notes).get(ExifTags.Base.Orientation, 1))
    upright = image.transpose(turn) if turn is not None else image
    if upright.mode.startswith(("I", "F")):
        upright = _to_8_bit(upright)
    elif upright.mode in {"P", "PA", "LA", "RGBA", "RGBa"} or is_see_through:
        canvas = Image.new("RGBA", upright.size, "white")
        is_grey = upright.mode == "LA"
        upright = Image.alpha_composite(canvas, upright.convert("RGBA")).convert("L" if is_grey else "RGB")
    if upright.mode == "LAB":
        return np.asarray(ImageCms.profileToProfile(upright, _LAB, _SRGB, outputMode="RGB"))
    if colour is not None and colour.is_hdr:
        _note(notes, "hdr_tone_mapped", f"transfer characteristics {colour.transfer}")
        return tone_map(np.asarray(upright.convert("RGB")), colour)
    if profile and upright.mode in {"RGB", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            upright = ImageCms.profileToProfile(upright, source, _SRGB, outputMode="RGB") or upright
        except (ImageCms.PyCMSError, OSError) as error:
            _note(notes, "icc_profile_ignored", str(error))
    return np.asarray(upright.convert("RGB"))


def _to_8_bit(image: Image.Image) -> Image.Image:
    """16-bit integers are divided by 256; floats are taken as 0…1 where they are, else stretched to their range."""
    values = np.asarray(image)
    if image.mode.startswith("I"):
        return Image.fromarray(np.clip(values >> 8, 0, 255).astype(np.uint8))
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = (0.0, 1.0) if values.min() >= 0 and values.max() <= 1 else (values.min(), values.max())
    return Image.fromarray(((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8))


def _exif(image: Image.Image, notes: list[LayerNote]) -> Image.Exif:
    """The current frame's EXIF data, empty where broken: a picture can be looked at without it."""
    try:
        exif = image.getexif()
        exif.get_ifd(ExifTags.IFD.Exif)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (as in _errors_told)
        _note(notes, "exif_ignored", _words(error))
        return Image.Exif()
    return exif


def _captured_at(exif: Image.Exif) -> str | None:
    """EXIF DateTimeOriginal with its offset if it has one; a time without offset stays one (no zone is guessed)."""
    details: dict[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
    taken, offset = details.get(ExifTags.Base.DateTimeOriginal), details.get(ExifTags.Base.OffsetTimeOriginal)
    try:
        # A camera whose clock was never set writes zeros or blanks: that is no time.
        moment = datetime.strptime(str(taken)[:19], "%Y:%m:%d %H:%M:%S").isoformat()  # noqa: DTZ007
    except ValueError:
        return None
    return moment + (offset if isinstance(offset, str) and _OFFSET.fullmatch(offset) else "")


@contextmanager
def _errors_told() -> Iterator[None]:
    """Turns whatever a decoder raises into a reason.

    Every exception, for there is no list of them: on damaged files Pillow's plugins, written in Python, raise what
    their parsing happens to meet (struct.error, KeyError, IndexError, TypeError, zlib.error and more), and all of it
    says that the content is broken. The detail names the type, so that a fault of ours would show.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", "Truncated File Read")  # TIFF tags, the colour profile among them
            yield
    except (MediaError, MemoryError):
        raise
    except Exception as error:
        raise _media_error(error) from error


def _media_error(error: Exception) -> MediaError:
    """Pillow tells truncation, damage and want of memory apart only in its words."""
    if isinstance(error, UnidentifiedImageError):
        return MediaError(Reason.CORRUPT, "The header of this picture cannot be read.")
    words = _words(error)
    if any(word in words.lower() for word in _MEMORY_WORDS):
        return MediaError(Reason.OUT_OF_MEMORY, words)
    is_truncation = isinstance(error, EOFError) or any(word in words.lower() for word in _TRUNCATION_WORDS)
    return MediaError(Reason.TRUNCATED if is_truncation else Reason.CORRUPT, words)


def _words(error: Exception) -> str:
    words = str(error).strip()
    named = words if words and isinstance(error, (OSError, SyntaxError)) else f"{type(error).__name__}: {words}"
    return named[:300]


def _note(notes: list[LayerNote], status: str, detail: str) -> None:
    note = LayerNote("frames", status, detail)
    if note not in notes:
        notes.append(note)
