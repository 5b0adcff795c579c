"""China's AIGC label: every carrier and dress, how certain it is, and the check for one copy."""

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meaning_samples import YAK, exif, key, png, prop, xmp

from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Property

NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
LABEL = {
    "Label": "1",
    "ContentProducer": "001191110102MACQD9K64010000",
    "ProduceID": "abc123",
    "ReservedCode1": "",
    "ContentPropagator": "001191110102MACQD9K64010000",
    "PropagateID": "abc123",
    "ReservedCode2": "",
}
BARE = json.dumps(LABEL)
WRAPPED = json.dumps({"AIGC": LABEL})


def labels(*properties: Property) -> list[Mark]:
    return [mark for mark in read_meaning(properties, read_rules()) if mark.kind == "tc260.aigc"]


@pytest.mark.parametrize(
    "property_",
    [
        xmp("AIGC", BARE, NAMESPACE),
        xmp("AIGC", html.escape(BARE), NAMESPACE),
        xmp("AIGC", WRAPPED, NAMESPACE.replace("http:", "https:").rstrip("/")),
        exif("UserComment", WRAPPED),
        exif("UserComment", BARE),
        exif("ImageDescription", WRAPPED),
        png("AIGC", BARE),
        png("UserComment", WRAPPED),
        key("AIGC", BARE),
        key("com.example.AIGC", BARE),
        key("aigc", BARE),
        key("", f"AIGC{BARE}"),
        key("", BARE),
        key("comment", f"exported AIGC={BARE} trailing rubbish }}"),
        key("AIGC", json.dumps({"AIGC": BARE})),
        key("AIGC", json.dumps(LABEL | {"Label": 1})),
    ],
    ids=[
        "xmp",
        "xmp_html",
        "xmp_wrapped",
        "user_comment",
        "user_comment_bare",
        "description",
        "png",
        "png_user_comment",
        "mdta",
        "dotted",
        "udta",
        "jpeg_segment",
        "mdir_without_key",
        "comment",
        "string_inside",
        "number",
    ],
)
def test_carriers(property_: Property) -> None:
    (mark,) = labels(property_)
    assert (mark.layer, mark.says, mark.mark_class) == ("tc260", Says.AI, MarkClass.DECLARED)
    assert mark.facts["certainty"] == "is"
    assert mark.facts["content_producer"] == LABEL["ContentProducer"]
    assert (mark.facts["copies"], mark.facts["copies_agree"]) == ("1", "yes")


@pytest.mark.parametrize(
    ("label", "says", "certainty"),
    [
        ("1", Says.AI, "is"),
        ("2", Says.AI, "may_be"),
        ("3", Says.AI, "suspected"),
        ("0", Says.UNKNOWN, "not_stated"),
        ("value1", Says.UNKNOWN, "not_stated"),
    ],
)
def test_certainty(label: str, says: Says, certainty: str) -> None:
    (mark,) = labels(png("AIGC", json.dumps(LABEL | {"Label": label})))
    assert (mark.says, mark.facts["certainty"], mark.facts["label"]) == (says, certainty, label)


@pytest.mark.parametrize(
    "property_",
    [
        png("AIGC", json.dumps({"unrelated": "value"})),
        png("AIGC", "yes"),
        exif("UserComment", json.dumps({"Label": "1", "Batch": 4})),
        exif("UserComment", "our AIGC policy: {see page}"),
        exif("ImageDescription", json.dumps({"AIGC": {"unrelated": 1}})),
    ],
    ids=["other_json", "no_json", "label_alone", "prose", "wrapped_other"],
)
def test_a_generic_key_needs_a_field_of_the_label(property_: Property) -> None:
    assert labels(property_) == []


def test_an_unreadable_label_in_its_own_field() -> None:
    (mark,) = labels(xmp("AIGC", BARE[:30], NAMESPACE))
    assert (mark.says, mark.facts["readable"]) == (Says.UNKNOWN, "no")


@pytest.mark.parametrize(("second", "agree"), [(LABEL, "yes"), (LABEL | {"ProduceID": "other"}, "no")])
def test_copies(second: dict[str, str], agree: str) -> None:
    marks = labels(xmp("AIGC", BARE, NAMESPACE), exif("UserComment", json.dumps({"AIGC": second})))
    assert [(mark.facts["copies"], mark.facts["copies_agree"]) for mark in marks] == [("2", agree)] * 2


def test_the_same_property_twice_is_one_copy() -> None:
    (mark,) = labels(png("AIGC", BARE), png("AIGC", BARE))
    assert mark.facts["copies"] == "1"


def test_two_places_are_two_copies() -> None:
    (mark,) = labels(prop("png_text", "AIGC", BARE, offset=8), prop("png_text", "AIGC", BARE, offset=900))
    assert (mark.facts["copies"], mark.offset) == ("2", 8)


def test_only_the_label_of_a_larger_text_is_shown() -> None:
    (mark,) = labels(exif("UserComment", json.dumps({"AIGC": LABEL, "prompt": YAK})))
    assert mark.value == BARE


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["AIGC", "UserComment", ""]))
def test_rubbish_around_a_label_never_raises(before: str, after: str, name: str) -> None:
    for mark in labels(png(name, before + WRAPPED + after), xmp("AIGC", before + BARE[:40] + after, NAMESPACE)):
        assert mark.facts["copies"] in {"1", "2"}
