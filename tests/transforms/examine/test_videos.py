import io
import os
import struct
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
import pytest
from examine_samples import box, expected_frames, with_external_media

from examples.media import broken, videos
from transforms.examine import videos as subject
from transforms.examine.frames import MediaError
from transforms.examine.settings import Limits, Sampling
from transforms.examine.sniff import sniff
from transforms.examine.stream import DescriptorReader
from transforms.outcomes import Reason

needs_av1 = pytest.mark.skipif(not subject.AV1_AVAILABLE, reason="the extra av1 is not installed")


@contextmanager
def opened(path, limits=None):
    with path.open("rb") as file:
        media_type = sniff(file.read(4096))
        yield subject.open_video(file, media_type, limits or Limits())


def sample(path, budget=16):
    """The video, its frames as (time, number) and the error that ended them, if one did."""
    found = []
    with opened(path) as video:
        try:
            for frame in subject.sample_video(video, Sampling(budget)):
                assert frame.rgb.shape == (video.height, video.width, 3)
                found.append((frame.timestamp_ms, videos.read_frame_number(frame.rgb)))
        except MediaError as error:
            return video, found, error
    return video, found, None


def refusal_of(path, limits=None):
    with pytest.raises(MediaError) as caught, opened(path, limits) as video:
        list(subject.sample_video(video, Sampling(16)))
    return caught.value


# The right frames

NTSC, FILM = Fraction(30_000, 1001), Fraction(24_000, 1001)
VIDEOS = {
    "h264, B-frames, short groups": ("a.mp4", {"gop": 12, "bframes": 2}),
    "h264, B-frames, one group": ("a.mp4", {"gop": 250, "bframes": 3, "seconds": 5}),
    "h264, index last": ("a.mp4", {"faststart": False}),
    "h264 in mkv": ("a.mkv", {"gop": 250, "fps": FILM}),
    "h264 in mov": ("a.mov", {"fps": NTSC}),
    "hevc, open groups": ("a.mp4", {"codec": "libx265", "gop": 20}),
    "vp9 in webm": ("a.webm", {"codec": "libvpx-vp9"}),
    "vp8 in webm": ("a.webm", {"codec": "libvpx", "fps": NTSC}),
    "mpeg-4 in avi": ("a.avi", {"codec": "mpeg4", "bframes": 0}),
    "mjpeg": ("a.mov", {"codec": "mjpeg"}),
    "prores": ("a.mov", {"codec": "prores_ks"}),
    "transport stream": ("a.ts", {}),
    "uneven frames": ("a.mp4", {"variable_frame_rate": True}),
    "uneven frames in mkv": ("a.mkv", {"variable_frame_rate": True, "gop": 250}),
    "sound beside it": ("a.mp4", {"audio": True}),
    "turned 90°": ("a.mp4", {"rotation": 90, "size": (240, 320)}),
    "turned 180°": ("a.mp4", {"rotation": 180}),
    "turned 270°": ("a.mov", {"rotation": 270, "size": (240, 320)}),
    "one frame": ("a.mp4", {"seconds": 0.04}),
    "two frames": ("a.mp4", {"seconds": 0.08}),
    "fewer frames than moments": ("a.mp4", {"seconds": 0.4}),
    "one frame a second": ("a.mkv", {"fps": 1, "seconds": 20}),
    "120 frames a second": ("a.mp4", {"fps": 120, "seconds": 0.5}),
}
AV1_VIDEOS = {
    "av1 in mp4": ("a.mp4", {"codec": "libsvtav1"}),
    "av1 in webm, one group": ("a.webm", {"codec": "libsvtav1", "gop": 250, "fps": NTSC}),
    "av1, turned 90°": ("a.mp4", {"codec": "libsvtav1", "rotation": 90, "size": (480, 640), "seconds": 1}),
    "av1, turned 270°": ("a.mp4", {"codec": "libsvtav1", "rotation": 270, "size": (480, 640), "seconds": 1}),
    "av1, one frame": ("a.mp4", {"codec": "libsvtav1", "seconds": 0.04}),
}


@pytest.mark.parametrize("budget", [1, 2, 5, 16])
@pytest.mark.parametrize("name", [*VIDEOS, *(pytest.param(name, marks=needs_av1) for name in AV1_VIDEOS)])
def test_each_frame_is_the_first_not_before_its_moment(tmp_path_factory, name, budget):
    file_name, options = (VIDEOS | AV1_VIDEOS)[name]
    folder = tmp_path_factory.getbasetemp() / "videos" / str(list(VIDEOS | AV1_VIDEOS).index(name))
    path = folder / file_name
    if not path.exists():
        folder.mkdir(parents=True)
        videos.video(path, **options)
    times = videos.presentation_times_ms(path)
    video, found, error = sample(path, budget)
    assert error is None
    assert len(found) <= budget
    numbers = expected_frames(times, budget)
    assert [number for _, number in found] == numbers
    assert [time_ms for time_ms, _ in found] == pytest.approx([times[number] for number in numbers], abs=1e-3)
    assert (video.width, video.height) == options.get("size", (320, 240))
    rate = float(options.get("fps", 25))
    assert video.duration_ms == pytest.approx(times[-1] + 1000 / rate, rel=0.03, abs=1)
    assert video.notes == []


def test_times_count_from_the_first_frame_where_a_video_starts_late(tmp_path):
    whole, late = tmp_path / "whole.mkv", tmp_path / "late.mkv"
    videos.video(whole, gop=10, bframes=0)
    with av.open(whole) as source, av.open(late, "w", options={"avoid_negative_ts": "disabled"}) as target:
        track = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.dts = packet.pts + 7000, packet.dts + 7000
                packet.stream = track
                target.mux(packet)
    with av.open(late) as container:
        assert container.streams.video[0].start_time == 7000
    _, found, _ = sample(late, 5)
    assert [number for _, number in found] == [0, 13, 25, 37, 49]
    assert [time_ms for time_ms, _ in found] == pytest.approx([number * 40 for number in (0, 13, 25, 37, 49)], abs=1e-3)


@pytest.mark.parametrize("name", ["a.webm", "a.mkv", "a.mp4"])
def test_sound_that_outlasts_the_picture_does_not_hide_the_last_frame(tmp_path, name):
    lengthened = tmp_path / f"long-{name}"
    path = lengthened.with_name("picture.webm" if name == "a.webm" else "picture.mp4")
    codec = "libvpx-vp9" if name == "a.webm" else "libx264"
    videos.video(path, codec=codec, seconds=1, gop=12)
    sound = tmp_path / f"sound{path.suffix}"
    videos.audio_only(sound, seconds=6)
    with av.open(path) as pictures, av.open(sound) as tones, av.open(lengthened, "w") as target:
        tracks = {source: target.add_stream_from_template(source.streams[0]) for source in (pictures, tones)}
        packets = [(source, packet) for source in tracks for packet in source.demux(0) if packet.size]
        for source, packet in sorted(packets, key=lambda pair: float(pair[1].dts * pair[1].time_base)):
            packet.stream = tracks[source]
            target.mux(packet)
    video, found, error = sample(lengthened, 4)
    assert error is None
    assert [number for _, number in found] == [0, 8, 16, 24]
    assert video.duration_ms == pytest.approx(1000, abs=1)
    assert {note.status for note in video.notes} <= {"ended_early"}


def test_a_video_whose_index_claims_much_more_ends_early_and_says_so(tmp_path):
    path = tmp_path / "a.mkv"
    videos.video(path, seconds=1, gop=12)
    content = path.read_bytes()
    at = content.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a double, in milliseconds
    path.write_bytes(content[:at] + struct.pack(">d", 3_600_000) + content[at + 8 :])
    video, found, error = sample(path, 3)
    assert error is None
    assert [number for _, number in found] == [0, 12, 24]
    assert [note.status for note in video.notes] == ["ended_early"]
    assert video.duration_ms == pytest.approx(1000, abs=1)


def test_two_readings_are_the_same(tmp_path):
    path = tmp_path / "a.mp4"
    videos.video(path, variable_frame_rate=True)

    def pixels():
        with opened(path) as video:
            return [(frame.timestamp_ms, frame.rgb.tobytes()) for frame in subject.sample_video(video, Sampling(9))]

    assert pixels() == pixels()


# What cannot be shown


def test_a_cut_video_is_truncated_and_its_frames_before_stand(tmp_path):
    path = tmp_path / "cut.mp4"
    videos.video(path, seconds=4, gop=25)
    path.write_bytes(broken.first_part(path.read_bytes(), 0.6))
    _, found, error = sample(path)
    assert error.reason is Reason.TRUNCATED
    numbers = [number for _, number in found]
    assert len(numbers) > 3
    assert numbers[0] == 0
    assert numbers == sorted(numbers)
    assert 30 < numbers[-1] < 90
    assert found[-1][0] == numbers[-1] * 40


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.avi"])
def test_a_cut_file_of_another_container_is_truncated(tmp_path, name):
    path = tmp_path / name
    codec = {".mkv": "libx264", ".webm": "libvpx-vp9", ".avi": "mpeg4"}[path.suffix]
    videos.video(path, codec=codec, gop=12, bframes=0)
    path.write_bytes(broken.first_part(path.read_bytes(), 0.6))
    _, found, error = sample(path)
    assert error.reason is Reason.TRUNCATED
    assert found[0] == (0, 0)


@needs_av1
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_cut_av1_video_is_truncated(tmp_path, name):
    path = tmp_path / name
    videos.video(path, codec="libsvtav1", gop=12, seconds=3)
    path.write_bytes(broken.first_part(path.read_bytes(), 0.6))
    _, found, error = sample(path)
    assert error.reason is Reason.TRUNCATED
    assert found[0] == (0, 0)


def test_an_index_that_never_arrived_is_truncation(tmp_path):
    path = tmp_path / "a.mp4"
    videos.video(path, faststart=False)
    path.write_bytes(broken.without_index(path.read_bytes()))
    assert refusal_of(path).reason is Reason.TRUNCATED


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.mov"])
def test_sound_alone_holds_no_frames(tmp_path, name):
    videos.audio_only(tmp_path / name)
    assert refusal_of(tmp_path / name).reason is Reason.NO_FRAMES


def test_a_video_track_without_frames_holds_no_frames(tmp_path):
    videos.no_frames(tmp_path / "a.mp4")
    assert refusal_of(tmp_path / "a.mp4").reason is Reason.NO_FRAMES


@pytest.mark.parametrize(
    "content",
    [
        b"\x1a\x45\xdf\xa3\x80" + broken.noise(1),
        b"FLV\x01\x05\0\0\0\x09" + broken.noise(2),
        (b"\x47" + bytes(187)) * 40,
        b"RIFF\x10\0\0\0AVI LIST" + broken.noise(3),
        box(b"ftyp", b"isom\0\0\0\0") + box(b"moov") + box(b"mdat", broken.noise(4)),
    ],
)
def test_containers_of_noise_are_refused(tmp_path, content):
    path = tmp_path / "noise"
    path.write_bytes(content)
    assert refusal_of(path).reason in {Reason.CORRUPT, Reason.TRUNCATED, Reason.NO_FRAMES}


def test_av1_without_its_extra_says_so(tmp_path, monkeypatch):
    videos.video(tmp_path / "a.mp4", codec="libsvtav1", seconds=0.2)
    monkeypatch.setattr(subject, "AV1_AVAILABLE", False)
    error = refusal_of(tmp_path / "a.mp4")
    assert error.reason is Reason.DECODER_MISSING
    assert "pip install" in error.detail


def test_frames_over_the_pixel_limit_are_not_decoded(tmp_path):
    videos.video(tmp_path / "a.mp4", seconds=0.2)
    error = refusal_of(tmp_path / "a.mp4", Limits(pixels=320 * 240 - 1))
    assert error.reason is Reason.OVER_PIXEL_LIMIT


class BrokenPlayer:
    """A player that answers as told: times, then the end."""

    width, height, fps, duration_ms = 4, 4, 25.0, 1000.0

    def __init__(self, times, pixels=None):
        self.times, self.pixels = times, pixels
        self.rest = iter(times)

    def grab(self):
        return next(self.rest, None)

    def retrieve(self):
        return self.pixels

    def seek(self, time_ms):
        self.rest = iter(())

    def rewind(self):
        self.rest = iter(self.times)


def test_a_frame_that_does_not_convert_is_corruption():
    video = subject.Video(BrokenPlayer([0.0, 40.0]), 4, 4, 1000.0, is_cut_short=False)
    with pytest.raises(MediaError) as caught:
        list(subject.sample_video(video, Sampling(4)))
    assert caught.value.reason is Reason.CORRUPT


def test_seeks_that_fail_altogether_end_at_the_first_frame():
    player = BrokenPlayer([0.0, 40.0, 80.0], np.zeros((4, 4, 3), np.uint8))
    video = subject.Video(player, 4, 4, 5000.0, is_cut_short=False)
    assert [frame.timestamp_ms for frame in subject.sample_video(video, Sampling(4))] == [0.0]
    assert [note.status for note in video.notes] == ["ended_early"]


# The first lock of the closed door: FFmpeg's own lists, in this very process


def trapped(folder, victim):
    """Files that ask a careless reader to open ``victim``, by name."""
    return {
        "playlist.mp4": broken.hls_playlist(f"file://{victim}", str(victim)),
        "script.mkv": broken.concat_script(str(victim)),
        "listen.mp4": broken.stream_description(),
        "drawing.mp4": broken.SVG.replace(b"<circle", f'<image href="{victim}"/><circle'.encode()),
        "dash.mp4": f'<?xml version="1.0"?><MPD><BaseURL>{victim}</BaseURL></MPD>'.encode(),
    }


@pytest.mark.parametrize("name", ["playlist.mp4", "script.mkv", "listen.mp4", "drawing.mp4", "dash.mp4"])
def test_scripts_and_playlists_are_not_opened_even_where_sniffing_is_skipped(tmp_path, name):
    victim = tmp_path / "victim.mp4"
    videos.video(victim, seconds=0.2)
    path = tmp_path / name
    path.write_bytes(trapped(tmp_path, victim)[name])
    with path.open("rb") as file:
        assert sniff(file.read(4096)) is None
        assert not subject.OpenCvPlayer(file).is_open


def test_media_said_to_lie_elsewhere_are_not_fetched(tmp_path):
    victim, path = tmp_path / "victim.mp4", tmp_path / "a.mp4"
    videos.video(victim, faststart=False)
    path.write_bytes(with_external_media(victim.read_bytes(), victim))
    with av.open(path, options={"enable_drefs": "1", "use_absolute_path": "1"}) as careless:
        assert next(careless.decode(video=0)).pts == 0  # the trap works: a careless reader falls into it
    with pytest.raises(MediaError), opened(path) as video:
        list(subject.sample_video(video, Sampling(3)))


def test_two_readers_of_one_file_keep_their_own_positions(tmp_path):
    path = tmp_path / "digits"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        one, other = (io.BufferedReader(DescriptorReader(file.fileno()), 2) for _ in range(2))
        assert (one.read(3), other.read(2), one.read(2), other.seek(-1, os.SEEK_END)) == (b"012", b"01", b"34", 9)
        assert (other.read(5), other.read(5)) == (b"9", b"")
        assert other.seek(1 << 40) == 1 << 40
        assert other.read(1) == b""
        with pytest.raises(OSError, match="negative"):
            DescriptorReader(file.fileno()).seek(-1)
        one.close()
        assert file.read(1) == b"0"
