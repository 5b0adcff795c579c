"""From a file's bytes to its marks: every layer in one call, and nothing that was left out passes for absent."""

import io
import json

import pytest
from PIL import Image, PngImagePlugin

from tests.transforms.marks import corpus
from tests.transforms.marks.containers.other_files import jp2
from tests.transforms.marks.containers.still_files import STORE
from transforms.examine.sniff import SNIFF_BYTES, sniff
from transforms.marks import read as reading
from transforms.marks.c2pa_store import Status, Store
from transforms.marks.mark import MOST_VALUE_CHARACTERS, Mark, MarkClass, Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.messages import MOST_MARKS, mark_from_json
from transforms.marks.pieces import Form, Piece
from transforms.marks.read import most_telling, read_marks
from transforms.marks.settings import MarkReading, Trust
from transforms.marks.walk import Walk

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:d="http://purl.org/dc/terms/" {}/>'
    "</rdf:RDF></x:xmpmeta>"
)
PARAMETERS = "a secret garden\nNegative prompt: rain\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: dream"


def png(xmp=None, **texts):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp)
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def read(data, media_type="image/png", **options):
    return read_marks(io.BytesIO(data), media_type, MarkReading(**options), Trust(), read_rules())


def test_a_file_that_declares_nothing_has_no_marks_and_no_notes():
    assert read(png()) == read(b"BM", "image/bmp")
    assert (read(png()).marks, read(png()).layers) == ((), ())


def test_marks_of_all_layers_come_in_file_order():
    data = png(XMP.format(f'e:DigitalSourceType="{SOURCE_TYPE}trainedAlgorithmicMedia"'), parameters=PARAMETERS)
    found = read(data)
    assert [(mark.layer, mark.kind, mark.says, mark.mark_class) for mark in found.marks] == [
        ("png_text", "generator.automatic1111", Says.AI, MarkClass.IMPLICIT),
        ("xmp", "iptc.digital_source_type", Says.AI, MarkClass.DECLARED),
    ]
    assert found.layers == ()


def test_prompts_are_stored_only_when_asked_for():
    data = png(parameters=PARAMETERS)
    assert "secret garden" not in repr(read(data))
    assert "secret garden" in repr(read(data, keep_prompts=True))


def test_the_same_bytes_give_the_same_marks():
    data = png(XMP.format(f'e:DigitalSourceType="{SOURCE_TYPE}digitalCapture"'), parameters=PARAMETERS)
    assert read(data) == read(data)


def test_what_a_walk_left_out_is_noted():
    data = png(parameters="x" * (5 << 20))
    (note,) = read(data).layers
    assert (note.layer, note.status) == ("marks", "incomplete")
    assert "parameters" in note.detail


def test_a_format_without_a_walker_is_not_called_free_of_marks():
    (note,) = read(b"G" * 400, "video/mp2t").layers
    assert (note.layer, note.status) == ("marks", "incomplete")


def test_more_marks_than_any_honest_file_has_are_cut_with_a_note(monkeypatch):
    one = read(png(parameters=PARAMETERS)).marks[0]
    monkeypatch.setattr(reading, "read_meaning", lambda *_, **__: [one] * (MOST_MARKS + 7))
    found = read(png())
    assert len(found.marks) == MOST_MARKS
    assert [(note.status, note.detail) for note in found.layers] == [("incomplete", f"7 of {MOST_MARKS + 7} marks")]


def said(kind, says, locator=""):
    return Mark("xmp", kind, says, MarkClass.DECLARED, locator, None, None, "test")


def test_of_too_many_marks_the_most_telling_are_kept_in_their_order():
    declared = said("tc260.aigc", Says.AI)
    editors = [said("software.editor", Says.UNKNOWN, str(number)) for number in range(300)]
    traces = [said("generator.comfyui", Says.AI, str(number)) for number in range(100)]
    kept = most_telling([*editors, *traces, declared])
    assert len(kept) == MOST_MARKS
    assert kept[-101:] == [*traces, declared]
    assert kept[:-101] == editors[: MOST_MARKS - 101]


@pytest.mark.parametrize("says", [Says.AI, Says.AI_PART, Says.CAPTURE, Says.UNKNOWN])
def test_no_flood_pushes_out_the_only_mark_of_its_kind(says):
    flood = [said("adhoc.label_text", Says.NOT_AI, str(number)) for number in range(1000)]
    only = said("iptc.digital_source_type", says)
    assert most_telling([*flood, only]) == [*flood[: MOST_MARKS - 1], only]


def test_a_store_in_a_format_that_the_library_does_not_read_is_told():
    data = jp2(STORE)
    found = read(data, "image/jp2")
    assert [(mark.layer, mark.integrity, mark.offset) for mark in found.marks] == [("c2pa", "unreadable", len(jp2()))]
    assert [(note.layer, note.status) for note in found.layers] == [("c2pa", "unreadable")]


LABELLED = ["flv", "ogv", "wmv", "mkv", "webm", "mp4", "mov", "avi"]


@pytest.mark.parametrize("ending", LABELLED)
def test_a_label_that_ffmpeg_writes_is_found_in_every_container(ending):
    data = corpus.by_libraries()[f"ffmpeg keys.{ending}" if ending in {"mp4", "mov"} else f"ffmpeg.{ending}"]
    marks = read(data, sniff(data[:SNIFF_BYTES])).marks
    is_kept = ending != "avi"  # FFmpeg writes only keys that it knows there
    assert [mark.kind for mark in marks if mark.says is Says.AI].count("tc260.aigc") == is_kept
    assert ("adhoc.label_text", Says.AI) in {(mark.kind, mark.says) for mark in marks}


@pytest.mark.parametrize("name", ["jp2 exif.jp2", "psd exif.psd", "wmv xmp.wmv", "raf exif.raf", "psd xmp.psd"])
def test_declarations_in_other_formats_are_found(name):
    data = corpus.files()[name]
    found = read(data, sniff(data[:SNIFF_BYTES]))
    assert Says.AI in {mark.says for mark in found.marks}
    assert found.layers == ()


# When the C2PA library is asked, and what is said of what it cannot read


@pytest.mark.parametrize(
    ("pieces", "left_out", "is_asked"),
    [
        ((), (), False),
        ((Piece(Form.C2PA, "c2pa", "caBX", "", b"", 33),), (), True),
        ((), ("a chunk is larger than 4194304 bytes",), True),
        (
            (Piece(Form.XMP, "xmp", "iTXt", "", XMP.format('d:provenance="https://example.org/a.c2pa"').encode(), 9),),
            (),
            True,
        ),
    ],
    ids=["nothing points to a store", "a store was seen", "a walk that ended early", "a remote store is named"],
)
def test_the_library_is_asked_where_a_store_may_be(monkeypatch, pieces, left_out, is_asked):
    asked = []
    monkeypatch.setattr(reading, "walk", lambda *_: Walk(pieces, left_out))
    monkeypatch.setattr(reading, "read_store", lambda *_: asked.append(1))
    read(png())
    assert bool(asked) is is_asked


@pytest.mark.parametrize(
    ("store", "status"),
    [
        (None, "unreadable"),
        (Store(Status.UNREADABLE, "none", message="prerelease content detected"), "unreadable"),
        (Store(Status.REMOTE_NOT_FETCHED, "none", url="https://example.org/a.c2pa"), "remote_not_fetched"),
        (Store(Status.CONTAINER_UNREADABLE, "none", message="asset could not be parsed"), "container_unreadable"),
    ],
)
def test_a_store_that_is_there_and_was_not_read_is_noted(monkeypatch, store, status):
    piece = Piece(Form.C2PA, "c2pa", "caBX", "", b"", 33)
    monkeypatch.setattr(reading, "walk", lambda *_: Walk((piece,), ()))
    monkeypatch.setattr(reading, "read_store", lambda *_: store)
    found = read(png())
    assert [(note.layer, note.status) for note in found.layers] == [("c2pa", status)]
    assert [mark.integrity for mark in found.marks] == (
        [] if store is None else ["remote_not_fetched" if store.url else "unreadable"]
    )


# Marks on their way to the parent


def test_marks_survive_the_journey_and_nothing_else_is_believed():
    from dataclasses import asdict

    (mark,) = read(png(parameters=PARAMETERS)).marks
    sent = json.loads(json.dumps(asdict(mark)))
    assert mark_from_json(sent) == mark
    for wrong in (
        {"says": "maybe"},
        {"mark_class": 1},
        {"layer": None},
        {"value": "x" * (4 * MOST_VALUE_CHARACTERS + 1)},
        {"locator": "\ud800"},
        {"offset": -1},
        {"offset": True},
        {"facts": {"a": 1}},
        {"facts": dict.fromkeys(map(str, range(99)), "x")},
        {"more": 1},
    ):
        with pytest.raises((TypeError, ValueError)):
            mark_from_json(sent | wrong)
