import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from examine_samples import PICTURES, SPEC, picture_bytes, settings_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.media import broken, pictures, videos
from tests.transforms.containers.archives import tarred, zipped
from transforms.detect.preprocess import prepare
from transforms.examine import content as subject
from transforms.examine import pictures as picture_decoder
from transforms.examine.content import examine_content
from transforms.outcomes import Outcome, Reason

PICTURE = pictures.generated_picture(1, (64, 48))


def examined(path, name=None, **limits):
    frames = []
    with path.open("rb") as file:
        found = examine_content(file, name or path.name, settings_of(**limits), frames.append)
    return found, [(frame.facts.timestamp_ms, frame.views[0, None]) for frame in frames]


@pytest.mark.parametrize("name", ["photo.jpg", "photo.mp4", "photo.txt", "photo"])
def test_a_picture_is_examined_whatever_its_name(write, name):
    found, ((time_ms, views),) = examined(write(pictures.png(PICTURE), name))
    assert (found.outcome, found.reason, found.media_type) == (Outcome.EXAMINED, None, "image/png")
    assert (found.width, found.height, found.duration_ms, found.frames_examined) == (64, 48, None, 1)
    assert len(found.perceptual_hash) == 86
    assert time_ms is None
    assert np.array_equal(views, prepare(np.asarray(PICTURE), SPEC))


def test_a_video_is_examined_frame_by_frame(tmp_path):
    times = videos.video(tmp_path / "a.mp4", seconds=1)
    found, frames = examined(tmp_path / "a.mp4", frames=4)
    assert (found.outcome, found.media_type, found.frames_examined) == (Outcome.EXAMINED, "video/mp4", 4)
    assert (found.width, found.height, found.duration_ms) == (320, 240, 1000.0)
    assert [time_ms for time_ms, _ in frames] == [times[number] for number in (0, 8, 16, 24)]
    assert {views.shape for _, views in frames} == {(2, 32, 32, 3)}


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.jpg", Reason.EMPTY_FILE),
        (b"", "a.txt", Reason.EMPTY_FILE),
        (broken.TEXT, "a.txt", Reason.NOT_MEDIA),
        (broken.PDF, "a.pdf", Reason.NOT_MEDIA),
        (broken.TEXT, "a.JPG", Reason.NAMED_AS_MEDIA),
        (broken.SVG, "a.png", Reason.NAMED_AS_MEDIA),
        (broken.HTML, "a.jpeg", Reason.NAMED_AS_MEDIA),
        (broken.hls_playlist("file:///etc/hostname"), "a.mp4", Reason.NAMED_AS_MEDIA),
        (broken.concat_script("a.mkv"), "a.mkv", Reason.NAMED_AS_MEDIA),
        (broken.noise(7), "a.mov", Reason.NAMED_AS_MEDIA),
        (pictures.psd(PICTURE), "a.psd", Reason.UNSUPPORTED_FORMAT),
        (b"\xff\x0a" + broken.noise(2), "a.jxl", Reason.UNSUPPORTED_FORMAT),
        (broken.huge_png(), "a.png", Reason.OVER_PIXEL_LIMIT),
        (broken.first_part(pictures.jpeg(PICTURE)), "a.jpg", Reason.TRUNCATED),
        (broken.flipped_bits(pictures.png(PICTURE)), "a.png", Reason.CORRUPT),
        (b"\xff\xd8\xff\xe0" + bytes(100), "a.jpg", Reason.CORRUPT),
    ],
)
def test_why_a_file_is_not_examined(write, content, name, reason):
    found, frames = examined(write(content, name))
    assert (found.outcome, found.reason) == (reason.outcome, reason)
    assert found.detail
    assert (found.frames_examined, frames) == (0, [])
    assert (found.media_type is None) == (
        reason in {Reason.EMPTY_FILE, Reason.NOT_MEDIA, Reason.NAMED_AS_MEDIA, Reason.OVER_SIZE_LIMIT}
    )


@pytest.mark.parametrize(("pack", "kind"), [(zipped, "zip"), (tarred, "tar")])
def test_an_archive_under_another_name_is_told(write, pack, kind):
    found, _ = examined(write(pack([("b.jpg", b"1")]), "a.jpg"))
    told = f"It begins as a {kind} archive does; its members were not looked at."
    assert (found.reason, found.detail) == (Reason.NAMED_AS_MEDIA, f"{Reason.NAMED_AS_MEDIA.sentence} {told}")


def test_a_file_over_the_size_limit_is_not_read(write):
    found, _ = examined(write(pictures.png(PICTURE)), file_bytes=100)
    assert found.reason is Reason.OVER_SIZE_LIMIT
    assert "100" in found.detail


def test_frames_before_the_damage_stand(write):
    content = bytearray(pictures.tiff(PICTURE, pictures.generated_picture(3, (300, 300))))
    content[len(content) // 2 : len(content) // 2 + 9000] = b"\xff" * 9000
    found, frames = examined(write(bytes(content)))
    assert found.reason in {Reason.CORRUPT, Reason.TRUNCATED}
    assert found.frames_examined == len(frames) == 1
    assert found.perceptual_hash is not None
    assert (found.width, found.height) == (64, 48)


def opencv_error(code):
    error = cv2.error("OpenCV(5.0.0) error: (-4:Insufficient memory) Failed to allocate 8000000000 bytes")
    error.code = code
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), Reason.OUT_OF_MEMORY),
        (opencv_error(cv2.Error.StsNoMem), Reason.OUT_OF_MEMORY),
        (cv2.error("std::bad_alloc"), Reason.OUT_OF_MEMORY),
        (cv2.error("Unknown C++ exception from OpenCV code"), Reason.CORRUPT),
        (opencv_error(cv2.Error.StsAssert), Reason.CORRUPT),
    ],
)
@pytest.mark.parametrize("stage", ["open", "first frame", "later frame"])
def test_errors_of_the_libraries_become_reasons(write, monkeypatch, error, reason, stage):
    sample_picture = picture_decoder.sample_picture

    def fail(*_):
        raise error

    def sample(*arguments):
        if stage == "later frame":
            yield from sample_picture(*arguments)
        raise error

    target = "open_picture" if stage == "open" else "sample_picture"
    monkeypatch.setattr(picture_decoder, target, fail if stage == "open" else sample)
    found, frames = examined(write(pictures.png(PICTURE)))
    assert (found.reason, found.media_type) == (reason, "image/png")
    assert found.frames_examined == len(frames) == (1 if stage == "later frame" else 0)
    assert found.detail


def test_the_same_bytes_give_the_same_examination(write):
    content = picture_bytes("moving webp")
    (one, first), (other, second) = examined(write(content, "a.webp")), examined(write(content, "b.bin"))
    assert one == other
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, second, strict=True))


def test_an_error_keeps_the_facts():
    found = replace(subject.Examination(Outcome.EXAMINED), width=3).ended(Reason.TRUNCATED, "cut")
    assert (found.outcome, found.reason, found.width) == (Outcome.FAILED, Reason.TRUNCATED, 3)


@settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_picture_makes_it_raise(tmp_path, data):
    whole = bytearray(picture_bytes(data.draw(st.sampled_from(sorted(PICTURES)))))
    for at, patch in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.binary(max_size=6)), max_size=4)):
        whole[at : at + len(patch)] = patch
    path = tmp_path / "damaged"
    path.write_bytes(whole)
    found, frames = examined(path, pixels=1_000_000)
    assert found.frames_examined == len(frames)
    assert (found.reason is None) == (found.outcome is Outcome.EXAMINED)


def test_the_caller_s_file_stays_open_and_is_read_from_its_start(write):
    path = write(b"\0" + pictures.png(PICTURE))
    with path.open("rb") as file:
        file.seek(1)
        found = examine_content(file, "a.png", settings_of(), lambda *_: None)
        assert found.media_type == "image/png"
        assert isinstance(file, io.BufferedReader)
        assert not file.closed


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pictures.png(PICTURE), Reason.NEAR_DUPLICATE),
        (pictures.animation([PICTURE, pictures.generated_picture(2, (64, 48))], "GIF"), None),
    ],
    ids=["a still", "an animation"],
)
def test_a_still_that_looks_like_another_is_not_examined(write, data, reason):
    frames, asked = [], []

    def like(told):
        asked.append(told)
        return "c" * 64

    with write(data, "a").open("rb") as file:
        found = examine_content(file, "a", settings_of(), frames.append, like=like)
    if reason is None:
        assert (found.outcome, found.duplicate_of, asked) == (Outcome.EXAMINED, None, [])
        return
    assert (found.reason, found.duplicate_of, found.frames_examined, frames) == (reason, "c" * 64, 0, [])
    assert asked == [found.perceptual_hash]
    assert (found.width, found.height) == (64, 48)
