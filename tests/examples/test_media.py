"""The factories of sample media make what they say; decoders that did not make a file read it back."""

import io
import os
from fractions import Fraction
from itertools import chain

import av
import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from examples import build_archive
from examples.build_archive import ITEMS
from examples.media import broken, heif, pictures, videos
from transforms.outcomes import Outcome, Reason


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def difference(image, other):
    return np.abs(np.asarray(image.convert("RGB")).astype(int) - np.asarray(other.convert("RGB"))).mean()


@pytest.fixture(scope="module")
def photo():
    return pictures.photograph("coffee", 240).crop((0, 0, 240, 160))


@pytest.fixture(scope="module")
def frames():
    return [pictures.generated_picture(seed, (96, 64)) for seed in range(4)]


@pytest.mark.parametrize("name", pictures.PHOTOGRAPHS)
def test_photographs_come_with_the_library(name):
    picture = pictures.photograph(name, 100)
    assert picture.mode == "RGB"
    assert max(picture.size) == 100
    assert np.asarray(picture).std() > 10


def test_a_generated_picture_depends_on_its_seed_alone():
    picture = pictures.generated_picture(5, (120, 80))
    assert picture.size == (120, 80)
    assert difference(picture, pictures.generated_picture(5, (120, 80))) == 0
    assert difference(picture, pictures.generated_picture(6, (120, 80))) > 10


@pytest.mark.parametrize(
    ("make", "picture_format", "mode", "tolerance"),
    [
        (pictures.jpeg, "JPEG", "RGB", 6),
        (lambda photo: pictures.jpeg(photo, progressive=True), "JPEG", "RGB", 6),
        (pictures.cmyk_jpeg, "JPEG", "CMYK", 6),
        (pictures.png, "PNG", "RGB", 0),
        (pictures.deep_png, "PNG", "RGB", 1),
        (pictures.palette_png, "PNG", "P", 6),
        (pictures.webp, "WEBP", "RGB", 6),
        (lambda photo: pictures.webp(photo, lossless=True), "WEBP", "RGB", 0),
        (pictures.gif, "GIF", "P", 6),
        (pictures.bmp, "BMP", "RGB", 0),
        (pictures.tiff, "TIFF", "RGB", 0),
        (pictures.avif, "AVIF", "RGB", 6),
        (pictures.jpeg2000, "JPEG2000", "RGB", 0),
        (pictures.psd, "PSD", "RGB", 0),
    ],
)
def test_a_still_reads_back(photo, make, picture_format, mode, tolerance):
    data = make(photo)
    image = opened(data)
    assert (image.format, image.mode, image.size) == (picture_format, mode, photo.size)
    assert difference(image, photo) <= tolerance
    assert make(photo) == data


def test_a_grey_png_stays_grey(photo):
    assert opened(pictures.png(photo.convert("L"))).mode == "L"


def test_jpegs_are_baseline_or_progressive(photo):
    assert b"\xff\xc2" not in pictures.jpeg(photo)
    assert opened(pictures.jpeg(photo, progressive=True)).info["progressive"]


def test_exif_orientation_sets_a_sideways_jpeg_upright(photo):
    image = opened(pictures.sideways_jpeg(photo))
    assert image.size == photo.size[::-1]
    assert difference(ImageOps.exif_transpose(image), photo) < 6


def test_the_colour_profile_changes_colours(photo):
    image = opened(pictures.jpeg(photo, icc=pictures.icc_profile()))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    shown = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
    assert difference(shown, photo) > 30
    assert pictures.icc_profile() == pictures.icc_profile()


@pytest.mark.parametrize("make", [pictures.deep_grey_png, pictures.deep_tiff])
def test_deep_grey_keeps_sixteen_bits(photo, make):
    image = opened(make(photo))
    assert image.mode == "I;16"
    assert np.abs((np.asarray(image) >> 8).astype(int) - np.asarray(photo.convert("L"))).max() <= 1
    assert np.unique(np.asarray(image) & 255).size > 50


def test_a_deep_png_keeps_sixteen_bits(photo):
    pixels = cv2.imdecode(np.frombuffer(pictures.deep_png(photo), np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.dtype == np.uint16
    assert np.unique(pixels & 255).size > 50


def test_alpha_fades_to_the_right(photo):
    for data in (pictures.png(pictures.with_alpha(photo)), pictures.webp(pictures.with_alpha(photo))):
        alpha = np.asarray(opened(data).getchannel("A"))
        assert alpha[:, 0].min() > 250
        assert alpha[:, -1].max() < 5
    assert "transparency" in opened(pictures.palette_png(photo, transparent=True)).info


def test_a_tiff_has_as_many_pages_as_pictures(photo, frames):
    image = opened(pictures.tiff(photo, frames[0], photo.convert("L")))
    assert image.n_frames == 3
    image.seek(1)
    assert difference(image, frames[0]) == 0
    image.seek(2)
    assert image.mode == "L"


@pytest.mark.parametrize("picture_format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_holds_its_frames_and_their_times(frames, picture_format):
    data = pictures.animation(frames, picture_format, duration_ms=150)
    image = opened(data)
    assert (image.format, image.n_frames) == (picture_format, len(frames))
    for number, frame in enumerate(frames):
        image.seek(number)
        image.load()
        assert difference(image, frame) < 12
        assert image.info["duration"] == 150
    assert pictures.animation(frames, picture_format, duration_ms=150) == data


def test_heic_reads_back_upright_and_in_its_colours(photo):
    pi_heif = pytest.importorskip("pi_heif")
    data = heif.heic(photo)
    image = pi_heif.read_heif(data).to_pillow()
    assert image.size == photo.size
    assert difference(image, photo) < 4
    turned = pi_heif.read_heif(heif.heic(photo, quarter_turns=1)).to_pillow()
    assert difference(turned, photo.transpose(Image.Transpose.ROTATE_90)) < 4
    assert heif.heic(photo) == data


def test_heic_refuses_odd_sides(photo):
    with pytest.raises(ValueError, match="even sides"):
        heif.heic(photo.crop((0, 0, 101, 100)))


CLIPS = {
    "h264.mp4": {"bframes": 2, "audio": True},
    "long-gop.mp4": {"gop": 250, "faststart": False},
    "film.mkv": {"fps": Fraction(24_000, 1001)},
    "tv.mov": {"fps": Fraction(30_000, 1001)},
    "turned.mov": {"rotation": 90, "size": (240, 320)},
    "turned-back.mp4": {"rotation": 270, "size": (240, 320)},
    "head-down.mp4": {"rotation": 180},
    "uneven.mp4": {"variable_frame_rate": True},
    "uneven.mkv": {"variable_frame_rate": True, "gop": 250},
    "hevc.mp4": {"codec": "libx265"},
    "vp9.webm": {"codec": "libvpx-vp9", "audio": True},
    "vp8.webm": {"codec": "libvpx"},
    "av1.mp4": {"codec": "libsvtav1"},
    "av1.webm": {"codec": "libsvtav1"},
    "mpeg4.avi": {"codec": "mpeg4", "bframes": 0},
    "mjpeg.mov": {"codec": "mjpeg"},
    "prores.mov": {"codec": "prores_ks"},
    "ffv1.mkv": {"codec": "ffv1"},
    "stream.ts": {},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return {
        name: (folder / name, videos.video(folder / name, seconds=1.2, **options)) for name, options in CLIPS.items()
    }


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_carries_its_number_and_time(clips, name):
    path, times_ms = clips[name]
    with av.open(path) as container:
        track = container.streams.video[0]
        assert len(container.streams.audio) == CLIPS[name].get("audio", False)
        decoded = [
            (frame.pts, np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)))
            for frame in container.decode(track)
        ]
        shown_ms = [float((pts - decoded[0][0]) * track.time_base * 1000) for pts, _ in decoded]
    assert [videos.read_frame_number(rgb) for _, rgb in decoded] == list(range(len(times_ms)))
    assert shown_ms == pytest.approx(times_ms)


@pytest.mark.parametrize("name", [name for name in CLIPS if "av1" not in name])
def test_opencv_agrees(clips, name, monkeypatch):
    monkeypatch.delenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", raising=False)  # the examiner's, which lets no path be opened
    path, times_ms = clips[name]
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    shown = []
    while capture.grab():
        time_ms = capture.get(cv2.CAP_PROP_POS_MSEC)
        shown.append((videos.read_frame_number(capture.retrieve()[1][:, :, ::-1]), time_ms))
    assert [number for number, _ in shown] == list(range(len(times_ms)))
    assert [time_ms for _, time_ms in shown] == pytest.approx(times_ms)


def test_times_are_those_asked_for(clips):
    assert clips["long-gop.mp4"][1] == pytest.approx([number * 40 for number in range(30)])
    assert clips["tv.mov"][1] == pytest.approx([number * 1001 / 30 for number in range(35)])
    assert clips["film.mkv"][1] == pytest.approx([number * 1001 / 24 for number in range(28)], abs=0.5)
    steps = np.diff(clips["uneven.mp4"][1])
    assert steps[:6] == pytest.approx([40, 40, 120, 40, 80, 20])


def test_the_index_is_where_it_should_be(clips):
    first, last = clips["h264.mp4"][0].read_bytes(), clips["long-gop.mp4"][0].read_bytes()
    assert first.index(b"moov") < first.index(b"mdat")
    assert last.index(b"moov") > last.index(b"mdat")


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "av1.mp4", "hevc.mp4", "uneven.mkv"])
def test_videos_have_the_same_bytes_each_time(clips, name, tmp_path):
    videos.video(tmp_path / name, seconds=1.2, **CLIPS[name])
    assert (tmp_path / name).read_bytes() == clips[name][0].read_bytes()


def test_encoding_leaves_the_process_an_ordinary_one(tmp_path):
    """Root's would else be real-time after AV1, as all its children, and a test run would hang the machine."""
    policy = os.sched_getscheduler(0)
    videos.video(tmp_path / "a.mp4", codec="libsvtav1", seconds=0.2)
    assert (policy, os.sched_getscheduler(0)) == (os.SCHED_OTHER, os.SCHED_OTHER)


def test_frame_numbers_survive_scaling_and_are_not_made_up():
    frame = videos.numbered_frame(2741, (640, 360), scene=pictures.photograph("motorcycle"))
    assert videos.read_frame_number(frame) == 2741
    assert videos.read_frame_number(cv2.resize(frame, (224, 224), interpolation=cv2.INTER_AREA)) == 2741
    with pytest.raises(ValueError, match="No frame number"):
        videos.read_frame_number(np.ascontiguousarray(frame[::-1]))


def test_a_video_can_hold_sound_only_or_no_frame(tmp_path):
    videos.audio_only(tmp_path / "sound.mp4")
    with av.open(tmp_path / "sound.mp4") as container:
        assert [stream.type for stream in container.streams] == ["audio"]
    videos.no_frames(tmp_path / "none.mp4")
    with av.open(tmp_path / "none.mp4") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert list(container.decode(video=0)) == []


def test_pillow_reports_the_damage_it_can(photo):
    for damaged, words in (
        (broken.first_part(pictures.jpeg(photo)), "truncated"),
        (broken.first_part(pictures.png(photo)), "truncated"),
        (broken.stray_marker(pictures.jpeg(photo)), "broken data stream"),
        (broken.flipped_bits(pictures.png(photo)), "data stream"),
        (broken.bad_header_checksum(pictures.png(photo)), "cannot identify"),
    ):
        with pytest.raises(OSError, match=words):
            opened(damaged)


def test_pillow_does_not_report_blanked_data(photo):
    assert difference(opened(broken.zeroed_middle(pictures.jpeg(photo))), photo) > 6


@pytest.mark.parametrize(
    "make",
    [
        lambda small: broken.huge_png(),
        lambda small: broken.huge_jpeg(pictures.jpeg(small)),
        lambda small: broken.huge_gif(pictures.gif(small)),
        lambda small: broken.huge_bmp(pictures.bmp(small)),
    ],
)
def test_a_huge_picture_is_a_small_file_with_a_valid_header(photo, make, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    data = make(photo.resize((32, 32)))
    assert len(data) < 10_000
    assert Image.open(io.BytesIO(data)).size == (60_000, 60_000)


def test_a_video_cut_short_lacks_its_index_or_its_end(clips):
    index_last = clips["long-gop.mp4"][0].read_bytes()
    with pytest.raises(av.FFmpegError):
        av.open(io.BytesIO(broken.without_index(index_last)))
    with pytest.raises(ValueError, match="index comes first"):
        broken.without_index(clips["h264.mp4"][0].read_bytes())


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    destination = tmp_path_factory.mktemp("samples") / "archive"
    assert build_archive.build_archive(destination)
    return destination


def test_the_archive_holds_exactly_its_items(archive):
    found = {path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file()}
    assert found == {item.path for item in ITEMS}
    assert len(ITEMS) == len(found) >= 44
    assert any(not item.path.isascii() for item in ITEMS)
    first, copy = (archive / "2023" / name for name in ("autumn/astronaut.jpg", "copies/astronaut (1).jpg"))
    assert first.read_bytes() == copy.read_bytes()


def test_items_expect_an_outcome_that_their_reason_leads_to():
    for item in (*ITEMS, *chain.from_iterable(one.members for one in ITEMS)):
        expected = Outcome.EXAMINED if item.reason is None else item.reason.outcome
        assert item.outcome is expected
    shown = {item.reason for item in ITEMS}
    assert {Reason.EMPTY_FILE, Reason.TRUNCATED, Reason.CORRUPT, Reason.NO_FRAMES, Reason.NAMED_AS_MEDIA} <= shown
    assert {Reason.NOT_MEDIA, Reason.OVER_PIXEL_LIMIT, Reason.UNSUPPORTED_FORMAT} <= shown


def test_a_second_build_is_a_no_op(archive, capsys):
    before = {path: path.stat().st_ino for path in archive.rglob("*")}
    assert not build_archive.build_archive(archive)
    build_archive.main([str(archive)])
    assert capsys.readouterr().out.splitlines()[-1].endswith("already there.")
    assert {path: path.stat().st_ino for path in archive.rglob("*")} == before


def test_an_archive_of_another_builder_is_replaced(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(build_archive, "ITEMS", build_archive.ITEMS[-1:])
    old = tmp_path / "archive"
    old.mkdir()
    (old / "README.txt").write_bytes((archive / "README.txt").read_bytes().replace(b"Builder ", b"Builder 0"))
    (old / "stale.jpg").touch()
    assert build_archive.build_archive(old)
    assert [path.name for path in old.iterdir()] == ["README.txt"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(FileExistsError, match="not a sample archive"):
        build_archive.build_archive(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
