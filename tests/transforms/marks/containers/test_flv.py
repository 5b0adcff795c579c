import struct

import pytest
from hypothesis import given

from tests.transforms.marks.containers.other_files import amf_object, amf_text, flv, flv_tag
from tests.transforms.marks.containers.still_files import (
    LABEL,
    MUTATIONS,
    XMP,
    assert_survives,
    assert_survives_every_cut,
    mutated,
    walked,
)
from transforms.marks.containers.flv import walk_flv

NUMBER = b"\0" + struct.pack(">d", 30)
KEY_FRAMES = amf_object([(b"times", b"\x0a" + struct.pack(">I", 3) + 3 * NUMBER)], kind=3)
FIELDS = [
    (b"duration", NUMBER),
    (b"stereo", b"\1\1"),
    (b"encoder", amf_text(b"Lavf61.7.100")),
    (b"keyframes", KEY_FRAMES),
    (b"when", b"\x0b" + bytes(10)),
    (b"AIGC", b"\x0c" + struct.pack(">I", len(LABEL)) + LABEL),
]
MEDIA = flv_tag(9, b"media")


def script(fields, kind=8, name=b"onMetaData"):
    return flv_tag(18, amf_text(name) + amf_object(fields, kind))


EVERYTHING = flv(script(FIELDS), script([(b"liveXML", amf_text(XMP))], name=b"onXMPData"), MEDIA)


@pytest.mark.parametrize("kind", [3, 8], ids=["object", "array with names"])
def test_texts_among_other_values(kind):
    walk = walked(walk_flv, flv(script(FIELDS, kind), MEDIA))
    assert walk.told == [
        ("text", "container", "onMetaData", "encoder", "Lavf61.7.100"),
        ("text", "container", "onMetaData", "AIGC", LABEL.decode()),
    ]
    assert ({piece.offset for piece in walk.pieces}, walk.left_out) == ({13}, [])


def test_texts_of_inner_structures_have_their_own_names():
    inner = amf_object([(b"make", amf_text(b"Apple"))], kind=3)
    assert walked(walk_flv, flv(script([(b"device", inner), (b"comment", amf_text(b"said"))]))).texts == {
        "make": "Apple",
        "comment": "said",
    }


def test_xmp():
    assert walked(walk_flv, EVERYTHING).told[-1] == ("xmp", "xmp", "onXMPData", "liveXML", XMP)


def test_a_position_is_told_as_present():
    assert walked(walk_flv, flv(script([(b"location", amf_text(b"+43.2+076.9/"))]))).texts == {"location": "present"}


def test_later_tags_are_media():
    assert walked(walk_flv, flv(*[MEDIA] * 64, script(FIELDS))).told == []
    assert walked(walk_flv, flv(*[MEDIA] * 63, script(FIELDS))).told != []


def test_many_key_frames_are_nothing_to_note():
    frames = b"\x0a" + struct.pack(">I", 30_000) + 30_000 * NUMBER
    walk = walked(walk_flv, flv(script([(b"times", frames), (b"comment", amf_text(b"said"))])))
    assert (walk.texts, walk.left_out) == ({"comment": "said"}, [])


def test_structures_without_an_end_are_told():
    deep = b"\x03\0\1a" * 100
    walk = walked(walk_flv, flv(flv_tag(18, amf_text(b"onMetaData") + deep)))
    assert (walk.told, len(walk.left_out)) == ([], 1)


def test_texts_are_counted():
    walk = walked(walk_flv, flv(script([(b"comment", amf_text(b"said"))] * 50)), elements=20)
    assert (len(walk.pieces), walk.left_out) == (19, ["elements after the first 20"])


def test_script_tags_are_few():
    walk = walked(walk_flv, flv(*[script([(b"comment", amf_text(b"said"))])] * 9))
    assert (len(walk.pieces), walk.left_out) == (8, ["script tags after the first 8"])


def test_cut_anywhere():
    assert_survives_every_cut(walk_flv, EVERYTHING)


@MUTATIONS
@given(mutated(EVERYTHING))
def test_any_bytes(content):
    assert_survives(walk_flv, content)
