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
    free_form,
    ftyp,
    full_box,
    handler,
    heif,
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
ITEMS = [(b"Exif", b"", exif_item(EXIF, b"Exif\0\0")), (b"hvc1", b"", b"picture"), (b"mime", RDF_TYPE, XMP)]
ITEMS_TOLD = [("exif", "exif", "meta item", "Exif", EXIF), ("xmp", "xmp", "meta item", "application/rdf+xml", XMP)]
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


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("options", [{}, {"parts": 3}, {"field_bytes": 8}, {"with_base": True}], ids=str)
def test_items_in_the_file(version, options):
    walk = walked(walk_isobmff, heif(ITEMS, version, **options))
    assert walk.told == ITEMS_TOLD
    assert walk.left_out == []


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_items_in_the_item_data(version, brand):
    assert walked(walk_isobmff, heif(ITEMS, version, method=1, brand=brand, parts=2)).told == ITEMS_TOLD


@pytest.mark.parametrize("before", [b"", b"Exif\0\0", b"\0\0"], ids=["none", "marker", "other"])
def test_an_exif_item_is_what_follows_its_offset(before):
    items = [(b"Exif", b"", exif_item(EXIF, before))]
    assert walked(walk_isobmff, heif(items)).told == ITEMS_TOLD[:1]


def test_an_exif_marker_that_the_offset_does_not_count():
    items = [(b"Exif", b"", bytes(4) + b"Exif\0\0" + EXIF)]
    assert walked(walk_isobmff, heif(items)).told == ITEMS_TOLD[:1]


def test_wide_item_numbers_and_counts():
    infos = item_infos(item_entry(1 << 20, b"mime", RDF_TYPE, version=3), version=1)
    locations = item_locations([(1 << 20, [(0, len(XMP))])], version=2, method=1)
    file = full_box(b"meta", handler(b"pict"), infos, locations, box(b"idat", XMP))
    assert told(file) == ITEMS_TOLD[1:]


def test_an_item_without_a_length_is_all_there_is():
    infos = item_infos(item_entry(1, b"mime", RDF_TYPE))
    locations = full_box(b"iloc", b"\0\0" + struct.pack(">HHHHH", 1, 1, 1, 0, 60_000), version=1)
    assert told(full_box(b"meta", handler(b"pict"), infos, locations, box(b"idat", XMP))) == ITEMS_TOLD[1:]


@pytest.mark.parametrize(
    ("entry", "location", "line"),
    [
        (item_entry(1, b"Exif"), item_locations([]), "has no location"),
        (item_entry(1, b"Exif"), item_locations([(1, [(0, 99)])], 1, method=2), "in another item or file"),
        (item_entry(1, b"Exif"), item_locations([(1, [(0, 99)])], reference=1), "in another item or file"),
        (item_entry(1, b"Exif"), item_locations([(1, [(9_000, 99)])]), "outside the file"),
        (item_entry(1, b"Exif"), item_locations([(1, [(0, 99)])], 1, method=1), "outside the file"),
        (item_entry(1, b"Exif"), item_locations([(1, [])]), "outside the file"),
        (item_entry(1, b"Exif", protection=1), item_locations([]), "is protected"),
        (item_entry(1, b"mime", RDF_TYPE, b"deflate"), item_locations([]), "is compressed"),
        (item_entry(1, b"Exif"), full_box(b"iloc", bytes(4), version=3), "a form that is not known"),
        (item_entry(1, b"Exif"), full_box(b"iloc", b"\x44\0\0\x09" + bytes(6)), "is cut short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_items_that_cannot_be_read(entry, location, line):
    walk = walked(walk_isobmff, ftyp() + full_box(b"meta", handler(b"pict"), item_infos(entry), location))
    assert walk.told == []
    assert any(line in told_line for told_line in walk.left_out)


@pytest.mark.parametrize("version", [0, 1])
def test_older_item_entries_have_a_media_type_and_no_kind(version):
    entry = item_entry(1, b"", RDF_TYPE, version=version)
    locations = item_locations([(1, [(0, len(XMP))])], version=1, method=1)
    file = full_box(b"meta", handler(b"null"), item_infos(entry), locations, box(b"idat", XMP))
    assert told(file) == ITEMS_TOLD[1:]


@pytest.mark.parametrize(
    ("meta", "site"),
    [
        (movie, "moov/meta/ilst"),
        (lambda meta: movie(box(b"udta", meta)), "moov/udta/meta/ilst"),
        (lambda meta: movie(box(b"trak", meta)), "moov/trak/meta/ilst"),
        (lambda meta: movie(box(b"trak", box(b"udta", meta))), "moov/trak/udta/meta/ilst"),
        (lambda meta: meta, "meta/ilst"),
    ],
    ids=["movie", "movie's user data", "track", "track's user data", "file"],
)
def test_metadata_keys(meta, site):
    pairs = [(b"AIGC", LABEL), (b"com.apple.quicktime.software", "Бейне".encode())]
    assert told(meta(mdta(pairs))) == texts(("AIGC", AIGC), ("com.apple.quicktime.software", "Бейне"), site=site)


@pytest.mark.parametrize("key", ["com.apple.quicktime.location.ISO6709", "location", "location-eng"])
def test_a_position_is_not_read(key):
    assert told(movie(mdta([(key.encode(), b"+43.2+76.9/")]))) == texts((key, "present"), site="moov/meta/ilst")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (1, "ЖИ".encode(), "ЖИ"),
        (2, "ЖИ".encode("utf-16-be"), "ЖИ"),
        (2, "ЖИ".encode("utf-16"), "ЖИ"),
        (3, "生成".encode("shift_jis"), "生成"),
        (4, b"sorted\0", "sorted"),
        (5, "AI".encode("utf-16-be"), "AI"),
        (21, b"\xff", "-1"),
        (22, b"\1\0", "256"),
        (23, struct.pack(">f", 29.97), "29.9699993"),
        (24, struct.pack(">d", 0.5), "0.5"),
        (77, b"\xff\xff\xff\xff", "4294967295"),
        (0, b"plain", "plain"),
    ],
)
def test_values_by_their_type(kind, value, text):
    assert told(movie(mdta([(b"k", value)], kind))) == texts(("k", text), site="moov/meta/ilst")


@pytest.mark.parametrize(("kind", "value"), [(0, b"\0\0\0\x01"), (13, b"\xff\xd8\xff"), (14, b"\x89PNG"), (27, b"BM")])
def test_what_is_no_text_is_passed_over(kind, value):
    walk = walked(walk_isobmff, ftyp() + movie(mdta([(b"k", value)], kind)))
    assert (walk.told, walk.left_out) == ([], [])


def test_a_value_of_an_unknown_type_is_left_out():
    walk = walked(walk_isobmff, ftyp() + movie(mdta([(b"k", b"1234")], 99)))
    assert (walk.told, walk.left_out) == ([], ["moov/meta/ilst/k: a value of type 99, which is no text"])


def test_item_list_of_itunes():
    items = [box(name, data(b"v")) for name in (b"\xa9cmt", b"\xa9nam", b"\xa9too", b"\xa9xyz", b"desc")]
    items.append(free_form(b"com.apple.iTunes", b"AIGC", LABEL))
    codes = [("©cmt", "v"), ("©nam", "v"), ("©too", "v"), ("©xyz", "present"), ("desc", "v")]
    assert told(movie(box(b"udta", itunes(*items)))) == [
        *texts(*codes, site="moov/udta/meta/ilst"),
        *texts(("AIGC", AIGC), site="moov/udta/meta/ilst/----:com.apple.iTunes"),
    ]


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        (international(b"\xa9xyz", b"+43.2+76.9/"), [("©xyz", "present")]),
        (international(b"\xa9swr", "ЖИ".encode()), [("©swr", "ЖИ")]),
        (international(b"\xa9cmt", "ЖИ".encode("utf-16")), [("©cmt", "ЖИ")]),
        (international(b"\xa9cmt", b"caf\x8e", language=0), [("©cmt", "café")]),
        (international(b"\xa9nam", b"one", b"two"), [("©nam", "one"), ("©nam", "two")]),
        (box(b"\xa9enc", b"\0\x10\0\0cut"), [("©enc", "cut")]),
        (box(b"\xa9cmt", data(b"AI")), [("©cmt", "AI")]),
        (full_box(b"titl", b"\x15\xc7", "Бейне".encode(), b"\0"), [("titl", "Бейне")]),
        (full_box(b"dscp", b"\x15\xc7", "ЖИ".encode("utf-16"), b"\0\0"), [("dscp", "ЖИ")]),
        (box(b"name", b"Track"), [("name", "Track")]),
        (box(b"aigc", LABEL), [("aigc", AIGC)]),
        (full_box(b"AIGC", LABEL, b"\0"), [("AIGC", AIGC)]),
        (international(b"aigc", LABEL), [("aigc", AIGC)]),
        (box(b"hnti", b"binary"), []),
        (box(b"\xa9cmt"), []),
    ],
)
def test_user_data(content, pairs):
    zeros = bytes(4)  # at the end of user data in QuickTime
    assert told(movie(box(b"udta", content, zeros))) == texts(*pairs, site="moov/udta")
    assert told(movie(box(b"trak", box(b"udta", content)))) == texts(*pairs, site="moov/trak/udta")


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


def test_texts_of_user_data_are_counted():
    walk = walked(walk_isobmff, ftyp() + movie(box(b"udta", international(b"\xa9cmt", *[b"x"] * 100))), elements=50)
    assert len(walk.pieces) == 45
    assert walk.left_out == ["elements after the first 50"]


def test_cut_anywhere():
    assert len(walked(walk_isobmff, EVERYTHING).pieces) == 11
    assert_survives_every_cut(walk_isobmff, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_isobmff, content)


@MUTATIONS
@given(mutated(heif(ITEMS, version=2, parts=2)))
def test_any_bytes_of_items(content):
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
