import io
import struct

import av
import pytest
from hypothesis import given
from PIL import Image

from examples.media import heif as heif_media
from examples.media import videos
from tests.transforms.marks.containers.box_files import (
    C2PA_UUID,
    CANON_UUID,
    RDF_TYPE,
    XMP_UUID,
    box,
    data,
    exif_item,
    ftyp,
    full_box,
    handler,
    international,
    item_entry,
    item_infos,
    item_locations,
    itunes,
    mdta,
    movie,
    video_track,
)
from tests.transforms.marks.containers.still_files import (
    EXIF,
    LABEL,
    MUTATIONS,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    bytes_read,
    mutated,
    sef_trailer,
    walked,
    write_sparse,
)
from transforms.marks.containers.isobmff import walk_isobmff

AIGC = LABEL.decode()
MDAT = box(b"mdat", b"\0\x01media" * 9)
XMP_BOX = box(b"uuid", XMP_UUID, XMP)
C2PA_BOX = box(b"uuid", C2PA_UUID, bytes(4), b"manifest\0", bytes(8), b"jumb store")
EVERYTHING = b"".join(
    (
        ftyp(),
        full_box(
            b"meta",
            handler(b"pict"),
            item_infos(item_entry(1, b"Exif"), item_entry(2, b"mime", RDF_TYPE)),
            item_locations([(1, [(0, 18)]), (2, [(18, len(XMP))])], version=1, method=1),
            box(b"idat", exif_item(EXIF), XMP),
        ),
        XMP_BOX,
        MDAT,
        movie(
            video_track(box(b"udta", box(b"name", b"Title")), compressor=b"Lavc62.11.100 libx264"),
            mdta([(b"AIGC", LABEL)]),
            box(
                b"udta",
                international(b"\xa9xyz", b"+43.2+76.9/"),
                box(b"XMP_", XMP),
                itunes(box(b"\xa9too", data(b"Lavf62"))),
            ),
        ),
        C2PA_BOX,
    )
)


def texts(*pairs, site):
    return [("text", "container", site, name, text) for name, text in pairs]


def told(*contents):
    return walked(walk_isobmff, ftyp() + b"".join(contents)).told


@pytest.mark.parametrize(
    ("content", "site"),
    [
        (XMP_BOX, "uuid"),
        (movie(XMP_BOX), "moov/uuid"),
        (movie(box(b"udta", XMP_BOX)), "moov/udta/uuid"),
        (movie(box(b"udta", box(b"XMP_", XMP))), "moov/udta/XMP_"),
        (movie(box(b"trak", box(b"udta", box(b"XMP_", XMP)))), "moov/trak/udta/XMP_"),
        (box(b"udta", box(b"XMP_", XMP)), "udta/XMP_"),
        (box(b"uuid", XMP_UUID, XMP, is_long=True), "uuid"),
    ],
)
def test_xmp(content, site):
    assert told(MDAT, content, MDAT) == [("xmp", "xmp", site, "", XMP)]


def test_c2pa_before_and_behind_the_media():
    piece = ("c2pa", "c2pa", "uuid", "", b"")
    assert told(C2PA_BOX, MDAT) == told(movie(), MDAT, C2PA_BOX) == [piece]


def test_the_hash_tree_of_a_fragment_is_no_manifest():
    assert told(box(b"uuid", C2PA_UUID, bytes(4), b"merkle\0", bytes(8))) == []


def test_canon_raw():
    canon = box(b"uuid", CANON_UUID, box(b"CNCV", b"CanonCR3"), *(box(f"CMT{n}".encode(), EXIF) for n in range(1, 5)))
    expected = [("exif", "exif", f"moov/uuid CMT{n}", "", EXIF) for n in range(1, 5)]
    assert walked(walk_isobmff, ftyp(b"crx ") + movie(canon)).told == expected


@pytest.mark.parametrize("is_counted", [False, True])
def test_names_of_handler_and_compressor(is_counted):
    track = video_track(name=b"Gen 3 Video Handler", compressor=b"Lavc62 libx264", is_counted=is_counted)
    assert told(movie(track)) == [
        *texts(("handler_name", "Gen 3 Video Handler"), site="moov/trak/mdia/hdlr"),
        *texts(("compressorname", "Lavc62 libx264"), site="moov/trak/mdia/minf/stbl/stsd"),
    ]


def test_samsung_trailer_in_its_box():
    trailer = sef_trailer([(b"PhotoEditor_Re_Edit_Data", b'{"genAIType":1}')])
    assert told(box(b"sefd", trailer)) == texts(("PhotoEditor_Re_Edit_Data", '{"genAIType":1}'), site="SEF trailer")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (movie(box(b"cmov", b"zlib")), "moov/cmov, a compressed movie header"),
        (movie(full_box(b"meta", handler(b"ID32"), box(b"ID32", b"ID3"))), "moov/meta/ID32, an ID3 tag"),
        (b"\0\0\0\x03free", "the file: what follows a box 'free' of impossible size"),
        (b"\0\0\0\x08\xff\xfe\x01\x02" * 3, "bytes from 20 on, which are no boxes"),
        (b"\0\1\0\0mdat", "the file ends within its box 'mdat'"),
        (movie(box(b"udta", b"\0\0\0\x50\xa9cmt")), "moov/udta ends within its box '©cmt'"),
        (
            movie(box(b"meta", handler(b"mdta"), full_box(b"keys", b"\0\0\0\1" + bytes(8)))),
            "moov/meta/keys: what follows",
        ),
    ],
)
def test_what_cannot_be_read_is_told(content, line):
    walk = walked(walk_isobmff, ftyp() + content)
    assert walk.told == []
    assert len(walk.left_out) == 1
    assert walk.left_out[0].startswith(line)


def test_zeros_behind_the_last_box_are_nothing():
    assert walked(walk_isobmff, ftyp() + XMP_BOX + bytes(64)).left_out == []


def test_nothing_is_searched_for_in_media():
    assert told(box(b"mdat", EVERYTHING), box(b"free", XMP_BOX), box(b"moof", box(b"udta", box(b"XMP_", XMP)))) == []


def test_offsets_are_those_of_the_boxes():
    pieces = walked(walk_isobmff, EVERYTHING).pieces
    assert [EVERYTHING[piece.offset + 4 : piece.offset + 8] for piece in pieces] == [
        *(b"infe", b"infe", b"uuid", b"hdlr", b"avc1", b"name", b"data", b"\xa9xyz", b"XMP_", b"data", b"uuid")
    ]


def test_large_values_are_left_out_and_the_walk_goes_on():
    walk = walked(walk_isobmff, EVERYTHING, value_bytes=30)
    assert "moov/udta/XMP_ is larger than 30 bytes" in walk.left_out
    assert walk.texts["©too"] == "Lavf62"


def test_boxes_are_counted():
    walk = walked(walk_isobmff, ftyp() + box(b"free") * 100 + XMP_BOX, elements=50)
    assert (walk.told, walk.left_out) == ([], ["elements after the first 50"])


def test_cut_anywhere():
    assert len(walked(walk_isobmff, EVERYTHING).pieces) == 11
    assert_survives_every_cut(walk_isobmff, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_isobmff, content)


def test_the_index_behind_ten_gigabytes_of_media(tmp_path):
    path = tmp_path / "large.mp4"
    hole = 10 << 30
    start = ftyp() + struct.pack(">I4sQ", 1, b"mdat", hole + 16)
    write_sparse(path, start, hole, movie(box(b"udta", box(b"XMP_", XMP))) + C2PA_BOX)
    count, walk = bytes_read(walk_isobmff, path)
    assert [piece.site for piece in walk.pieces] == ["moov/udta/XMP_", "uuid"]
    assert count < 1 << 20


@pytest.mark.parametrize("ending", ["mp4", "mov"])
@pytest.mark.parametrize("movflags", ["", "use_metadata_tags", "faststart+use_metadata_tags"])
def test_what_ffmpeg_writes(tmp_path, ending, movflags):
    path = tmp_path / f"video.{ending}"
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as container:
        container.metadata.update({"comment": "AI generated", "title": "Бейне"})
        if movflags:
            container.metadata["AIGC"] = AIGC
        track = container.add_stream("mpeg4", rate=5)
        track.width, track.height = 32, 32
        track.metadata["handler_name"] = "Own Handler"
        packets = [*track.encode(av.VideoFrame(32, 32, "yuv420p")), *track.encode()]
        container.mux(packets)
    walk = walked(walk_isobmff, path.read_bytes())
    assert walk.left_out == []
    assert {"AI generated", "Бейне", "Own Handler"} <= set(walk.texts.values())
    assert walk.texts.get("AIGC") == (AIGC if movflags else None)


def test_what_pillow_writes_into_avif():
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0131] = "Program"
    Image.new("RGB", (32, 32)).save(stream, "avif", exif=exif.tobytes(), xmp=XMP)
    told_pieces = {piece.form: piece.data for piece in walked(walk_isobmff, stream.getvalue()).pieces}
    assert told_pieces["xmp"] == XMP
    assert told_pieces["exif"][:2] in {b"II", b"MM"}
    assert b"Program\0" in told_pieces["exif"]


def test_a_picture_without_metadata_has_none():
    walk = walked(walk_isobmff, heif_media.heic(Image.new("RGB", (64, 64))))
    assert (walk.told, walk.left_out) == ([], [])


def test_a_video_with_sound_has_the_names_of_its_handlers(tmp_path):
    path = tmp_path / "video.mp4"
    videos.video(path, seconds=0.4, audio=True)
    walk = walked(walk_isobmff, path.read_bytes())
    assert [piece.data for piece in walk.pieces if piece.name == "handler_name"] == ["VideoHandler", "SoundHandler"]
