import struct

import pytest

from tests.transforms.marks.containers.box_files import (
    box,
    data,
    free_form,
    ftyp,
    full_box,
    international,
    itunes,
    mdta,
    movie,
)
from tests.transforms.marks.containers.still_files import LABEL, walked
from transforms.marks.containers.isobmff import walk_isobmff

AIGC = LABEL.decode()


def texts(*pairs, site):
    return [("text", "container", site, name, text) for name, text in pairs]


def told(*contents):
    return walked(walk_isobmff, ftyp() + b"".join(contents)).told


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


def test_texts_of_user_data_are_counted():
    walk = walked(walk_isobmff, ftyp() + movie(box(b"udta", international(b"\xa9cmt", *[b"x"] * 100))), elements=50)
    assert len(walk.pieces) == 45
    assert walk.left_out == ["elements after the first 50"]
