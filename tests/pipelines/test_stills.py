"""Pictures of stored items: decoded anew from their source, faces blurred, and only if they are what was scanned."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples.media.pictures import generated_picture, photograph
from examples.media.videos import video
from pipelines.stills import StillMissingError, Stills, blurred
from transforms.examine.faces import Face
from transforms.examine.views import Still

LONGEST = 160


@pytest.fixture(scope="module")
def stills():
    with Stills(LONGEST, 4) as opened:
        yield opened


def row(path: Path, content: bytes | None = None, member: str | None = None) -> dict[str, object]:
    """What a scan would say of a file, or of a member of it."""
    data = path.read_bytes() if content is None else content
    return {
        "uri": str(path),
        "member_path": member,
        "content_sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "mtime_ns": path.stat().st_mtime_ns,
        "etag": None,
    }


def pixels(jpeg: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_picture_is_shrunk_and_says_by_how_much(stills, tmp_path) -> None:
    generated_picture(1, (480, 320)).save(tmp_path / "a.png")
    (picture,) = stills.of(row(tmp_path / "a.png"))
    assert (picture.width, picture.height, picture.timestamp_ms, picture.faces) == (160, 107, None, 0)
    assert picture.scale == pytest.approx(1 / 3)
    assert pixels(picture.jpeg).shape == (107, 160, 3)


@pytest.mark.parametrize("size", [(40, 30), (1, 3000), (3000, 1)])
def test_small_and_narrow_pictures(size, stills, tmp_path) -> None:
    Image.new("RGB", size, "red").save(tmp_path / "a.png")
    (picture,) = stills.of(row(tmp_path / "a.png"))
    assert max(picture.width, picture.height) == min(LONGEST, max(size))


def test_a_video_gives_frames_with_their_times(stills, tmp_path) -> None:
    video(tmp_path / "a.mp4", seconds=2)
    times = [picture.timestamp_ms for picture in stills.of(row(tmp_path / "a.mp4"))]
    assert len(times) == 4
    assert times == sorted(times)
    assert times[0] == 0


def test_a_member_of_an_archive(stills, tmp_path) -> None:
    buffer = io.BytesIO()
    generated_picture(2, (64, 48)).save(buffer, "PNG")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/a.png", buffer.getvalue())
    (picture,) = stills.of(row(tmp_path / "a.zip", buffer.getvalue(), "in/a.png"))
    assert (picture.width, picture.height) == (64, 48)


def test_faces_are_blurred_unless_asked_for(stills, tmp_path) -> None:
    photograph("astronaut", 480).save(tmp_path / "a.png")
    (hidden,) = stills.of(row(tmp_path / "a.png"))
    (shown,) = stills.of(row(tmp_path / "a.png"), are_faces_shown=True)
    assert hidden.faces == shown.faces == 1
    changed = np.abs(pixels(hidden.jpeg) - pixels(shown.jpeg)).max(axis=-1) > 40
    assert 0.005 < changed.mean() < 0.3, "the face, and nothing but it"


@pytest.mark.parametrize(
    ("face", "window"),
    [
        (Face(40, 40, 20, 20, 0.9), (35, 66, 35, 66)),
        (Face(0, 0, 20, 20, 0.9), (0, 26, 0, 26)),
        (Face(90, 90, 30, 30, 0.9), (82, 100, 82, 100)),
        (Face(500, 500, 9, 9, 0.9), None),
    ],
)
def test_the_box_of_a_face_is_widened_and_kept_within_the_picture(face, window) -> None:
    grain = np.random.default_rng(1).integers(0, 256, (100, 100, 3), np.uint8)
    changed = (blurred(Still(grain, 100, 100), [face]) != grain).any(axis=-1)
    expected = np.zeros((100, 100), bool)
    if window:
        expected[window[0] : window[1], window[2] : window[3]] = True
    assert (changed & ~expected).sum() == 0
    assert changed.sum() >= 0.95 * expected.sum()


def test_a_touched_file_is_shown_and_a_changed_one_is_not(stills, tmp_path) -> None:
    file = tmp_path / "a.png"
    generated_picture(3, (64, 48)).save(file)
    told = row(file)
    os.utime(file, ns=(1, 1))
    assert len(stills.of(told)) == 1
    generated_picture(4, (64, 48)).save(file)
    with pytest.raises(StillMissingError, match="was changed since"):
        stills.of(told)


def test_the_next_place_of_a_content_is_tried(stills, tmp_path) -> None:
    for name in ("a.png", "b.png"):
        generated_picture(5, (64, 48)).save(tmp_path / name)
    rows = [row(tmp_path / name) for name in ("a.png", "b.png")]
    (tmp_path / "a.png").unlink()
    assert len(stills.of_first(rows)) == 1
    (tmp_path / "b.png").unlink()
    with pytest.raises(StillMissingError, match="No such file"):
        stills.of_first(rows)


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0 broken", b"no picture"])
def test_what_cannot_be_decoded_says_so(data, stills, tmp_path) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(StillMissingError):
        stills.of(row(tmp_path / "a.jpg"))


def test_what_could_not_be_read_at_all_says_so(stills, tmp_path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(StillMissingError, match="could not be read when it was scanned"):
        stills.of(row(tmp_path / "a.jpg") | {"content_sha256": None})
