"""The rows of the sample archive: each file, how it is made, and what a scan must report of it."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

from PIL import Image

from examples.media import broken, declared, heif, labelled, pictures, videos
from transforms.outcomes import Outcome, Reason


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the archive and what a scan must say of it.

    Attributes:
        path: Within the archive, with "/".
        build: Makes the file's bytes.
        outcome: What becomes of it.
        reason: Why it is not examined; None where it is.
        extra: The extra that it needs; without it the outcome is not_checked, the reason decoder_missing.
        members: Of a container, with paths in it.
    """

    path: str
    build: Callable[[], bytes]
    outcome: Outcome
    reason: Reason | None = None
    extra: str | None = None
    members: tuple["Item", ...] = ()


def _photo(name: str, side: int = 480) -> Image.Image:
    picture = pictures.photograph(name, side)
    return picture.crop((0, 0, picture.width & ~1, picture.height & ~1))


def _movie(ending: str, scene: str | None = None, **options: Any) -> bytes:
    picture = None if scene is None else pictures.photograph(scene)
    return _written(ending, partial(videos.video, scene=picture, **options))


def _written(ending: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video{ending}"
        write(path)
        return path.read_bytes()


def _frames(first_seed: int, count: int) -> list[Image.Image]:
    return [pictures.generated_picture(first_seed + number, (240, 180)) for number in range(count)]


def _marked_and_labelled() -> bytes:
    """A picture that says to machines and to people that AI made it."""
    with Image.open(io.BytesIO(labelled.with_label(_photo("rocket"), "Создано с помощью ИИ", share=0.08))) as picture:
        return declared.with_source_type(picture, "trainedAlgorithmicMedia")


def _examined(path: str, build: Callable[[], bytes], extra: str | None = None) -> Item:
    return Item(path, build, Outcome.EXAMINED, extra=extra)


def _refused(reason: Reason, path: str, build: Callable[[], bytes]) -> Item:
    return Item(path, build, reason.outcome, reason)


def _album(path: str, *members: Item) -> Item:
    return Item(path, partial(_zipped, members), Outcome.NOT_CHECKED, Reason.CONTAINER, members=members)


def _zipped(members: Iterable[Item]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in members:
            archive.writestr(zipfile.ZipInfo(member.path), member.build())
    return stream.getvalue()


_PAGE_SIZE: Final = (640, 360)
_FILM_RATE: Final = Fraction(24_000, 1001)
_TV_RATE: Final = Fraction(30_000, 1001)

_PHOTOGRAPHS: Final = (
    _examined("2023/autumn/astronaut.jpg", lambda: pictures.jpeg(_photo("astronaut"))),
    _examined("2023/autumn/cat.jpg", lambda: pictures.jpeg(_photo("cat"), progressive=True)),
    _examined("2023/autumn/rocket launch, wide.jpg", lambda: pictures.jpeg(_photo("rocket", 640))),
    _examined("2023/print/coffee-cmyk.jpg", lambda: pictures.cmyk_jpeg(_photo("coffee"))),
    _examined("2023/print/coffee-profile.jpg", lambda: pictures.jpeg(_photo("coffee"), icc=pictures.icc_profile())),
    _examined("2023/phone/IMG_0001.jpg", lambda: pictures.sideways_jpeg(_photo("motorcycle"))),
    _examined("2023/phone/IMG_0002.heic", lambda: heif.heic(_photo("coffee")), "heic"),
    _examined("2023/phone/IMG_0003.HEIC", lambda: heif.heic(_photo("cat"), quarter_turns=3), "heic"),
    _examined("2023/phone/no ending", lambda: pictures.jpeg(_photo("motorcycle_right"))),
    _examined("2023/copies/astronaut (1).jpg", lambda: pictures.jpeg(_photo("astronaut"))),
    _examined("2023/copies/really-a-png.jpg", lambda: pictures.png(_photo("retina", 320))),
    _album(
        "2023/album.zip",
        _examined("winter/cat.jpg", lambda: pictures.jpeg(_photo("cat"), progressive=True)),
        _examined("winter/cup.jpg", lambda: pictures.jpeg(_photo("coffee", 400))),
        _refused(Reason.TRUNCATED, "winter/half.jpg", lambda: broken.first_part(pictures.jpeg(_photo("coffee")))),
    ),
    _examined("2024/Наурыз мейрамы/Алматы көктемі.jpg", lambda: pictures.jpeg(_photo("galaxies", 400))),
    _examined("2024/Наурыз мейрамы/Ескі сурет – сұр.png", lambda: pictures.png(_photo("cameraman").convert("L"))),
    _examined("2024/web/coins.webp", lambda: pictures.webp(_photo("coins"))),
    _examined("2024/web/moon.avif", lambda: pictures.avif(_photo("moon"))),
    _examined("2024/scans/gravel.tif", lambda: pictures.tiff(_photo("gravel", 320))),
    _examined("2024/scans/brick-16-bit.tiff", lambda: pictures.deep_tiff(_photo("brick", 320))),
    _examined(
        "2024/scans/three pages.tif",
        lambda: pictures.tiff(_photo("grass", 300), _photo("coffee", 300), _photo("gravel", 200)),
    ),
    _examined("2024/scans/retina.jp2", lambda: pictures.jpeg2000(_photo("retina", 320))),
)

_DRAWN: Final = (
    _examined("generated/plain.jpg", lambda: pictures.jpeg(pictures.generated_picture(1, (512, 384)))),
    _examined("generated/plain.png", lambda: pictures.png(pictures.generated_picture(2))),
    _examined("generated/deep.png", lambda: pictures.deep_png(pictures.generated_picture(3))),
    _examined("generated/deep-grey.png", lambda: pictures.deep_grey_png(pictures.generated_picture(4))),
    _examined("generated/palette.png", lambda: pictures.palette_png(pictures.generated_picture(5))),
    _examined(
        "generated/palette-transparent.png",
        lambda: pictures.palette_png(pictures.generated_picture(6), transparent=True),
    ),
    _examined("generated/alpha.png", lambda: pictures.png(pictures.with_alpha(pictures.generated_picture(7)))),
    _examined("generated/alpha.webp", lambda: pictures.webp(pictures.with_alpha(pictures.generated_picture(8)))),
    _examined("generated/lossless.webp", lambda: pictures.webp(pictures.generated_picture(9), lossless=True)),
    _examined("generated/still.gif", lambda: pictures.gif(pictures.generated_picture(10))),
    _examined("generated/plain.bmp", lambda: pictures.bmp(pictures.generated_picture(11))),
    _examined(
        "generated/one pixel.png",
        lambda: pictures.png(pictures.generated_picture(12, (64, 64)).resize((1, 1))),
    ),
    _examined("generated/moving.gif", lambda: pictures.animation(_frames(20, 6), "GIF")),
    _examined("generated/moving.webp", lambda: pictures.animation(_frames(30, 6), "WEBP")),
    _examined("generated/moving.png", lambda: pictures.animation(_frames(40, 4), "PNG")),
    _examined("generated/moving.avif", lambda: pictures.animation(_frames(50, 6), "AVIF")),
)

_VIDEOS: Final = (
    _examined("video/street.mp4", partial(_movie, ".mp4", "motorcycle", size=_PAGE_SIZE, seconds=3, audio=True)),
    _examined("video/street, index last.mp4", partial(_movie, ".mp4", gop=250, faststart=False)),
    _examined("video/phone upright.mov", partial(_movie, ".mov", size=(240, 320), rotation=90, fps=_TV_RATE)),
    _examined("video/uneven frames.mp4", partial(_movie, ".mp4", variable_frame_rate=True)),
    _examined("video/uneven frames.mkv", partial(_movie, ".mkv", variable_frame_rate=True, gop=250)),
    _examined("video/film.mkv", partial(_movie, ".mkv", "coffee", fps=_FILM_RATE, seconds=4)),
    _examined("video/phone.hevc.mp4", partial(_movie, ".mp4", codec="libx265", gop=50)),
    _examined(
        "video/web.vp9.webm",
        partial(_movie, ".webm", "rocket", codec="libvpx-vp9", size=_PAGE_SIZE, audio=True),
    ),
    _examined("video/web.vp8.webm", partial(_movie, ".webm", codec="libvpx")),
    _examined("video/web.av1.mp4", partial(_movie, ".mp4", "cat", codec="libsvtav1"), "av1"),
    _examined("video/web.av1.webm", partial(_movie, ".webm", codec="libsvtav1", fps=_TV_RATE), "av1"),
    _examined("video/old.mpeg4.avi", partial(_movie, ".avi", codec="mpeg4", bframes=0)),
    _examined("video/camera.mjpeg.mov", partial(_movie, ".mov", codec="mjpeg")),
    _examined("video/broadcast.ts", partial(_movie, ".ts", fps=_TV_RATE)),
    _examined("video/one frame.mp4", partial(_movie, ".mp4", seconds=0.04)),
)

_DECLARED: Final = (
    _examined("declared/parameters.png", lambda: declared.with_parameters(pictures.generated_picture(60, (512, 384)))),
    _examined(
        "declared/made by a model.jpg",
        lambda: declared.with_source_type(pictures.generated_picture(61, (512, 384)), "trainedAlgorithmicMedia"),
    ),
    _examined(
        "declared/partly made by a model.jpg",
        lambda: declared.with_source_type(_photo("rocket"), "compositeWithTrainedAlgorithmicMedia"),
    ),
    _examined("declared/from a camera.jpg", lambda: declared.from_a_camera(_photo("coffee"))),
    _examined("declared/watermark.png", lambda: declared.with_watermark(_photo("cat", 512))),
    _examined(
        "declared/aigc.mp4",
        lambda: _written(".mp4", partial(declared.video_with_aigc, scene=pictures.generated_picture(62))),
    ),
)

_LABELLED: Final = (
    _examined("labelled/ЖИ.jpg", lambda: labelled.with_label(_photo("coffee"), "Сурет ЖИ арқылы жасалған")),
    _examined("labelled/AI.jpg", lambda: labelled.with_label(_photo("cat", 400), "AI-generated")),
    _examined(
        "labelled/not a label.jpg", lambda: labelled.with_label(_photo("coffee"), "Жасанды интеллект туралы заң")
    ),
    _examined("labelled/marked, too.jpg", _marked_and_labelled),
    _examined("labelled/with a caption.jpg", lambda: pictures.jpeg(pictures.generated_picture(63))),
    _refused(Reason.NOT_MEDIA, "labelled/with a caption.txt", lambda: labelled.CAPTION),
    _examined(
        "labelled/at the start.mp4",
        lambda: _written(
            ".mp4",
            partial(labelled.film_with_label_at_its_start, scene=_photo("rocket"), label="Видео создано нейросетью"),
        ),
    ),
)

_BROKEN: Final = (
    _refused(Reason.EMPTY_FILE, "incoming/broken/empty.jpg", bytes),
    _refused(Reason.EMPTY_FILE, "incoming/broken/empty.mp4", bytes),
    _refused(
        Reason.TRUNCATED,
        "incoming/broken/half.jpg",
        lambda: broken.first_part(pictures.jpeg(_photo("coffee"))),
    ),
    _refused(Reason.TRUNCATED, "incoming/broken/half.png", lambda: broken.first_part(pictures.png(_photo("cat")))),
    _refused(
        Reason.TRUNCATED,
        "incoming/broken/index never written.mp4",
        lambda: broken.without_index(_movie(".mp4", faststart=False)),
    ),
    _refused(Reason.TRUNCATED, "incoming/broken/half.mp4", lambda: broken.first_part(_movie(".mp4", gop=50), 0.6)),
    _refused(
        Reason.TRUNCATED,
        "incoming/broken/half.webm",
        lambda: broken.first_part(_movie(".webm", codec="libvpx-vp9")),
    ),
    _refused(
        Reason.CORRUPT,
        "incoming/broken/stray marker.jpg",
        lambda: broken.stray_marker(pictures.jpeg(_photo("coffee"))),
    ),
    _refused(
        Reason.CORRUPT,
        "incoming/broken/header checksum.png",
        lambda: broken.bad_header_checksum(pictures.png(_photo("cat", 200))),
    ),
    _refused(
        Reason.CORRUPT,
        "incoming/broken/flipped bits.png",
        lambda: broken.flipped_bits(pictures.png(_photo("cat", 200))),
    ),
    _refused(Reason.NO_FRAMES, "incoming/broken/sound only.mp4", partial(_written, ".mp4", videos.audio_only)),
    _refused(Reason.NO_FRAMES, "incoming/broken/sound only.mkv", partial(_written, ".mkv", videos.audio_only)),
    _refused(Reason.NO_FRAMES, "incoming/broken/no frames.mp4", partial(_written, ".mp4", videos.no_frames)),
)

_TRAPS: Final = (
    _refused(Reason.OVER_PIXEL_LIMIT, "incoming/traps/huge.png", broken.huge_png),
    _refused(
        Reason.OVER_PIXEL_LIMIT,
        "incoming/traps/huge.jpg",
        lambda: broken.huge_jpeg(pictures.jpeg(_photo("coffee", 64))),
    ),
    _refused(
        Reason.OVER_PIXEL_LIMIT,
        "incoming/traps/huge.gif",
        lambda: broken.huge_gif(pictures.gif(_photo("cat", 64))),
    ),
    _refused(
        Reason.OVER_PIXEL_LIMIT,
        "incoming/traps/huge.bmp",
        lambda: broken.huge_bmp(pictures.bmp(_photo("cat", 64))),
    ),
    _refused(Reason.NAMED_AS_MEDIA, "incoming/traps/text.jpg", lambda: broken.TEXT),
    _refused(Reason.NAMED_AS_MEDIA, "incoming/traps/drawing.png", lambda: broken.SVG),
    _refused(Reason.NAMED_AS_MEDIA, "incoming/traps/document.jpg", lambda: broken.PDF),
    _refused(Reason.NAMED_AS_MEDIA, "incoming/traps/not found.jpeg", lambda: broken.HTML),
    _refused(Reason.NAMED_AS_MEDIA, "incoming/traps/noise.mp4", partial(broken.noise, 7)),
    _refused(
        Reason.NAMED_AS_MEDIA,
        "incoming/traps/playlist.mp4",
        partial(broken.hls_playlist, "file:///etc/hostname", "http://127.0.0.1:9/one.ts", "playlist.mp4"),
    ),
    _refused(
        Reason.NAMED_AS_MEDIA,
        "incoming/traps/script.mkv",
        partial(broken.concat_script, "../../video/film.mkv"),
    ),
    _refused(Reason.NAMED_AS_MEDIA, "incoming/traps/listen.mp4", broken.stream_description),
    _refused(Reason.UNSUPPORTED_FORMAT, "2024/design/poster.psd", lambda: pictures.psd(_photo("astronaut", 160))),
    _refused(Reason.NOT_MEDIA, "2024/notes.txt", lambda: broken.TEXT),
    _refused(Reason.NOT_MEDIA, "2024/design/terms.pdf", lambda: broken.PDF),
)

FILES: Final = (*_PHOTOGRAPHS, *_DRAWN, *_VIDEOS, *_DECLARED, *_LABELLED, *_BROKEN, *_TRAPS)
