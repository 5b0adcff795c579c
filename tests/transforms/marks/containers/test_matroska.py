import io

import av
import pytest
from hypothesis import given

from tests.transforms.marks.containers.box_files import (
    ATTACHMENTS,
    CLUSTER,
    CUES,
    DATE,
    INFO,
    MUXING_APP,
    SEEK_HEAD,
    SIMPLE_TAG,
    TAG_BINARY,
    TAG_NAME,
    TAGS,
    TITLE,
    TRACKS,
    WRITING_APP,
    cluster,
    element,
    matroska,
    seek_head,
    simple_tag,
    tags,
)
from tests.transforms.marks.containers.still_files import (
    LABEL,
    MUTATIONS,
    assert_survives,
    assert_survives_every_cut,
    bytes_read,
    mutated,
    walked,
    write_sparse,
)
from transforms.marks.containers.matroska import walk_matroska

AIGC = LABEL.decode()
AIGC_TAGS = tags(simple_tag("AIGC", AIGC))
AIGC_TOLD = ("text", "container", "Tags/Tag/SimpleTag", "AIGC", AIGC)
INFO_PART = element(
    INFO,
    element(TITLE, "Бейне".encode()),
    element(MUXING_APP, b"Lavf62"),
    element(WRITING_APP, b"Example\0padding"),
    element(DATE, (1_000_000_000 * 86_400).to_bytes(8)),
)
TRACK_PART = element(TRACKS, element(0xAE, element(0xD7, b"\1"), element(0x536E, b"Camera"), element(0x258688, b"VP9")))
ATTACHED = element(ATTACHMENTS, element(0x61A7, element(0x466E, b"workflow.json"), element(0x465C, b"{}")))
EVERYTHING = matroska(INFO_PART, TRACK_PART, ATTACHED, cluster(), cluster(), AIGC_TAGS)


def sought(*parts, wanted, doc_type=b"matroska", is_unknown=False):
    """A file whose seek head points to those of the parts that start with a wanted identifier."""
    position = len(seek_head(*((name, 0) for name in wanted)))
    targets = []
    for part in parts:
        name = int.from_bytes(part[:4])
        targets += [(name, position)] if name in wanted else []
        position += len(part)
    return matroska(seek_head(*targets), *parts, doc_type=doc_type, is_unknown=is_unknown)


def test_info():
    assert walked(walk_matroska, matroska(INFO_PART)).told == [
        ("text", "container", "Info", name, text)
        for name, text in (
            ("Title", "Бейне"),
            ("MuxingApp", "Lavf62"),
            ("WritingApp", "Example"),
            ("DateUTC", "2001-01-02T00:00:00Z"),
        )
    ]


def test_tracks_and_attachments_are_told_by_name():
    assert walked(walk_matroska, matroska(TRACK_PART, ATTACHED)).told == [
        ("text", "container", "Tracks/TrackEntry", "Name", "Camera"),
        ("text", "container", "Tracks/TrackEntry", "CodecName", "VP9"),
        ("text", "container", "Attachments/AttachedFile", "FileName", "workflow.json"),
    ]


@pytest.mark.parametrize(
    "file",
    [
        matroska(AIGC_TAGS, cluster()),
        matroska(cluster(), cluster(), AIGC_TAGS),
        matroska(cluster(), AIGC_TAGS, is_unknown=True),
        matroska(cluster(is_unknown=True), cluster(is_unknown=True), AIGC_TAGS, is_unknown=True),
        matroska(element(0xEC, bytes(99)), AIGC_TAGS, doc_type=b"webm"),
        matroska(cluster(), element(TAGS, AIGC_TAGS[12:], is_unknown=True), cluster()),
        sought(cluster(), cluster(), AIGC_TAGS, wanted={TAGS}),
        sought(INFO_PART[:0], cluster(), element(CUES, b"\xbb\x80"), AIGC_TAGS, wanted={TAGS, CUES}),
        sought(cluster(), AIGC_TAGS, wanted={TAGS}, is_unknown=True),
        sought(cluster(), AIGC_TAGS, wanted={CUES}),
        matroska(seek_head((TAGS, 1 << 62)), cluster(), AIGC_TAGS),
        matroska(seek_head((SEEK_HEAD, 0), (SEEK_HEAD, 0)), cluster(), AIGC_TAGS),
        matroska() + matroska(cluster(), AIGC_TAGS),
    ],
    ids=[
        *("first", "last", "segment of unknown size", "all of unknown size", "behind padding", "tags of unknown size"),
        *("sought", "sought, and cues", "sought, segment of unknown size", "not in the seek head", "sought too far"),
        *("a seek head that points to itself", "second segment"),
    ],
)
def test_tags_are_found(file):
    walk = walked(walk_matroska, file)
    assert AIGC_TOLD in walk.told
    assert walk.told.count(AIGC_TOLD) == 1
    assert walk.left_out == []


def test_a_seek_head_that_is_led_to_by_another():
    first, second = len(seek_head((SEEK_HEAD, 0))), len(seek_head((TAGS, 0)))
    media = cluster()
    behind = first + len(media)
    file = matroska(seek_head((SEEK_HEAD, behind)), media, seek_head((TAGS, behind + second)), AIGC_TAGS, cluster())
    assert walked(walk_matroska, file).told == [AIGC_TOLD]


def test_tags_that_were_added_behind_those_of_the_seek_head():
    file = sought(cluster(), tags(simple_tag("ENCODER", "Lavf")), wanted={TAGS})
    added = matroska(file[file.index(seek_head((TAGS, 0))[:4]) :], AIGC_TAGS)
    assert walked(walk_matroska, added).texts == {"ENCODER": "Lavf", "AIGC": AIGC}


def test_clusters_are_not_walked_where_the_seek_head_leads_to_the_tags():
    file = sought(*[cluster()] * 100, AIGC_TAGS, wanted={TAGS})
    walk = walked(walk_matroska, file, elements=30)
    assert (walk.told, walk.left_out) == ([AIGC_TOLD], [])


def test_clusters_are_walked_within_the_limit():
    walk = walked(walk_matroska, matroska(*[cluster()] * 100, AIGC_TAGS), elements=30)
    assert (walk.told, walk.left_out) == ([], ["elements after the first 30"])


def test_nested_tags():
    inner = simple_tag("AIGC", AIGC, simple_tag("NOTE", "deep"))
    parent = element(SIMPLE_TAG, element(TAG_NAME, b"ORIGINAL"), inner)
    assert walked(walk_matroska, matroska(tags(parent))).told == [
        ("text", "container", "Tags/Tag/SimpleTag/SimpleTag", "AIGC", AIGC),
        ("text", "container", "Tags/Tag/SimpleTag/SimpleTag/SimpleTag", "NOTE", "deep"),
    ]


@pytest.mark.parametrize("name", ["LOCATION", "LOCATION-eng", "RECORDING_LOCATION"])
def test_a_position_is_not_read(name):
    assert walked(walk_matroska, matroska(tags(simple_tag(name, "+43.2+76.9/")))).texts == {name: "present"}


def test_tags_nested_too_deep():
    tag = simple_tag("AIGC", AIGC)
    for _ in range(20):
        tag = element(SIMPLE_TAG, tag)
    walk = walked(walk_matroska, matroska(tags(tag, simple_tag("A", "b"))))
    assert (walk.texts, walk.left_out) == ({"A": "b"}, ["tags nested more than 8 deep"])


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (
            matroska(tags(element(SIMPLE_TAG, element(TAG_NAME, b"A"), element(TAG_BINARY, b"\0")))),
            "Tags/Tag/SimpleTag 'A', a binary value",
        ),
        (matroska(CLUSTER.to_bytes(4) + b"\x89media"), "Segment ends within one of its elements"),
        (matroska(b"\x01\x02\x03"), "Segment: bytes that are no elements"),
        (matroska(INFO_PART)[:-1], "the file ends within one of its elements"),
        (matroska(element(INFO, element(TITLE, b"x", is_unknown=True))), "Info/Title, which is cut short"),
    ],
)
def test_what_cannot_be_read_is_told(file, line):
    assert line in walked(walk_matroska, file).left_out


def test_large_values_are_left_out_and_the_walk_goes_on():
    walk = walked(walk_matroska, matroska(tags(simple_tag("workflow", "x" * 99), simple_tag("A", "b"))), value_bytes=50)
    assert walk.texts == {"A": "b"}
    assert walk.left_out == ["Tags/Tag/SimpleTag 'workflow' is larger than 50 bytes"]


def test_cut_anywhere():
    assert len(walked(walk_matroska, EVERYTHING).pieces) == 8
    assert_survives_every_cut(walk_matroska, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_matroska, content)


@MUTATIONS
@given(mutated(sought(INFO_PART, cluster(), AIGC_TAGS, wanted={INFO, TAGS}, is_unknown=True)))
def test_any_bytes_behind_a_seek_head(content):
    assert_survives(walk_matroska, content)


@pytest.mark.parametrize("has_seek_head", [True, False])
def test_tags_behind_ten_gigabytes_of_media(tmp_path, has_seek_head):
    path = tmp_path / "large.mkv"
    hole = 10 << 30
    head = seek_head((TAGS, 0)) if has_seek_head else b""
    large = element(CLUSTER)[:4] + (hole | 1 << 56).to_bytes(8)
    if has_seek_head:
        head = seek_head((TAGS, len(head) + len(large) + hole))
    write_sparse(path, matroska(head, large, is_unknown=True), hole, AIGC_TAGS)
    count, walk = bytes_read(walk_matroska, path)
    assert walk.told == [AIGC_TOLD]
    assert count < 1 << 20


@pytest.mark.parametrize(("ending", "codec"), [("matroska", "mpeg4"), ("webm", "libvpx")])
def test_what_ffmpeg_writes(ending, codec):
    stream = io.BytesIO()
    with av.open(stream, "w", format=ending) as container:
        container.metadata.update({"AIGC": AIGC, "title": "Бейне", "comment": "AI generated"})
        track = container.add_stream(codec, rate=5)
        track.width, track.height, track.pix_fmt = 32, 32, "yuv420p"
        track.metadata["title"] = "Camera"
        container.mux([*track.encode(av.VideoFrame(32, 32, "yuv420p")), *track.encode()])
    walk = walked(walk_matroska, stream.getvalue())
    assert walk.left_out == []
    texts = {(piece.site, piece.name): piece.data for piece in walk.pieces}
    assert texts["Tags/Tag/SimpleTag", "AIGC"] == AIGC
    assert texts["Tags/Tag/SimpleTag", "COMMENT"] == "AI generated"
    assert texts["Info", "Title"] == "Бейне"
    assert texts["Info", "MuxingApp"].startswith("Lavf")
    assert texts["Tracks/TrackEntry", "Name"] == "Camera"
