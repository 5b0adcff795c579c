import io
import struct
import time

import pytest
from examine_samples import box
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.media import broken, videos
from transforms.examine.structure import Structure, read_structure

MP4, MKV, WEBM, AVI = "video/mp4", "video/x-matroska", "video/webm", "video/x-msvideo"
UNENDING_SEGMENT = b"\x18\x53\x80\x67\x01" + b"\xff" * 7
UNENDING_TRACKS = b"\x16\x54\xae\x6b\x01\x7f" + b"\xff" * 6 + b"\xae\x01\x3f" + b"\xff" * 6
CONTAINERS = {
    "mp4, index first": (MP4, ".mp4", {}),
    "mp4, index last": (MP4, ".mp4", {"faststart": False}),
    "mov": ("video/quicktime", ".mov", {"audio": True}),
    "mkv": (MKV, ".mkv", {}),
    "webm": (WEBM, ".webm", {"codec": "libvpx-vp9", "audio": True}),
    "avi": (AVI, ".avi", {"codec": "mpeg4", "bframes": 0}),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("containers")

    def made(ending, options):
        path = folder / f"video{ending}"
        videos.video(path, seconds=0.6, size=(240, 160), **options)
        return path.read_bytes()

    return {name: (media_type, made(ending, options)) for name, (media_type, ending, options) in CONTAINERS.items()}


@pytest.fixture
def outline(tmp_path):
    def of(content, media_type):
        path = tmp_path / "file"
        path.write_bytes(content)
        with path.open("rb") as file:
            return read_structure(file, media_type)

    return of


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_whole_file_is_whole_and_has_its_video_track(samples, outline, name):
    media_type, content = samples[name]
    assert outline(content, media_type) == Structure(False, None if media_type == AVI else True)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_cut_file_is_cut_short(samples, outline, name, share):
    media_type, content = samples[name]
    assert outline(broken.first_part(content, share), media_type).cut_short


@pytest.mark.parametrize("name", ["mp4, index first", "mp4, index last", "mov", "mkv", "webm", "avi"])
@pytest.mark.parametrize("tail", [bytes(100), b"\0\0\x20\x01\xff\xfe\x01\x02" * 9, b"\xff" * 64])
def test_what_something_appended_does_not_make_a_file_cut(samples, outline, name, tail):
    media_type, content = samples[name]
    assert not outline(content + tail, media_type).cut_short


@pytest.mark.parametrize(("ending", "media_type"), [(".mp4", MP4), (".mkv", MKV), (".webm", WEBM)])
def test_sound_alone_is_no_video(tmp_path, outline, ending, media_type):
    path = tmp_path / f"sound{ending}"
    videos.audio_only(path)
    assert outline(path.read_bytes(), media_type) == Structure(False, has_video=False)


def test_other_containers_do_not_tell(outline):
    assert outline(b"FLV\x01", "video/x-flv") == Structure(False, None)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1) + box(b"moov"), MP4),
        (box(b"free") * 3 + struct.pack(">I4sQ", 1, b"mdat", 2**63), MP4),
        (box(b"moov", struct.pack(">I4sQ", 1, b"trak", 2**64 - 1)), MP4),
        (box(b"moov", struct.pack(">I4sQ", 1, b"trak", 2**62), box(b"mdia")), MP4),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 6 + b"\xfe\x16\x54\xae\x6b\x01" + b"\xfe" * 7, MKV),
        (b"\x1a\x45\xdf\xa3\x80" + UNENDING_SEGMENT + UNENDING_TRACKS + b"\x83\x81\x02", MKV),
        (b"RIFF\xff\xff", AVI),
    ],
)
def test_absurd_lengths_raise_nothing(outline, content, media_type):
    assert outline(content, media_type) == outline(content, media_type)


def test_children_that_outlast_their_parents_are_not_walked_again_and_again(outline):
    # Each of 9,000 tracks claims a media box over all that follows: walked naively, 9,000 × 9,000 headers.
    greedy = box(b"trak", struct.pack(">I4s", 2**31, b"mdia"))
    started = time.monotonic()
    outline(box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", greedy * 9_000), MP4)
    assert time.monotonic() - started < 5


@settings(max_examples=150, deadline=2000, derandomize=True)
@given(data=st.data())
def test_damaged_containers_have_an_outline_in_no_time(samples, tmp_path_factory, data):
    media_type, content = samples[data.draw(st.sampled_from(sorted(CONTAINERS)))]
    damaged = bytearray(content[: data.draw(st.integers(0, len(content)))])
    edges = st.one_of(st.integers(0, 200), st.integers(0, max(0, len(damaged) - 1)))
    for at, patch in data.draw(st.lists(st.tuples(edges, st.binary(min_size=1, max_size=9)), max_size=4)):
        damaged[at : at + len(patch)] = patch
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged)
    with path.open("rb") as file:
        assert isinstance(read_structure(file, media_type), Structure)


@settings(max_examples=200, deadline=2000, derandomize=True)
@given(st.binary(max_size=300), st.sampled_from([MP4, MKV, AVI]))
def test_any_bytes_have_an_outline(tmp_path_factory, content, media_type):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    with io.FileIO(path) as raw, io.BufferedReader(raw) as file:
        assert isinstance(read_structure(file, media_type), Structure)
