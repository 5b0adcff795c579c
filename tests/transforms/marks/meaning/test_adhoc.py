"""Marks of no standard: fields that answer by yes or no, pairs in comments, labels in texts."""

import pytest
from meaning_samples import YAK, exif, key, png, prop, xmp

from transforms.marks.mark import MarkClass, Says
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Property


@pytest.mark.parametrize(
    ("property_", "says"),
    [
        (key("ai_generated", "true"), Says.AI),
        (key("AI-Generated", "Yes"), Says.AI),
        (png("AIGenerated", "1"), Says.AI),
        (xmp("isAIGenerated", "True", "http://example.org/"), Says.AI),
        (key("generated_by_ai", "да"), Says.AI),
        (key("com.example.made_with_ai", "иә"), Says.AI),
        (key("ai_generated", "false"), Says.NOT_AI),
        (key("comment", "encoded 2026; ai_generated=true"), Says.AI),
        (key("comment", '{"title": "x", "ai_generated": true}'), Says.AI),
        (exif("UserComment", '{"product":"x","aigc_label_type":1}'), Says.AI),
        (key("aigc_info", '{"aigc_label_type":2}'), Says.AI),
        (key("©inf", '{"aigc_label_type": "1", "source_info": "x"}'), Says.AI),
        (key("aigc_label_type", "2"), Says.AI),
        (exif("UserComment", "AI-Generated: no"), Says.NOT_AI),
        (prop("container", "", "generated_by_ai=yes"), Says.AI),
    ],
)
def test_answers(property_: Property, says: Says) -> None:
    (mark,) = [mark for mark in read_meaning([property_], read_rules()) if mark.kind == "adhoc.ai_generated"]
    assert (mark.says, mark.mark_class) == (says, MarkClass.DECLARED)


@pytest.mark.parametrize(
    "property_",
    [
        key("ai_generated", "perhaps"),
        key("ai_generated", ""),
        key("generated", "true"),
        key("comment", "is_raining: true, said_ai: yes"),
        key("comment", "created by: yes man"),
        exif("UserComment", '{"aigc_label_type": 5}'),
        key("aigc_info", '{"aigc_label_type":0,"source_info":"dreamina"}'),
        key("aigc_label_type", "0"),
    ],
)
def test_no_answers(property_: Property) -> None:
    assert read_meaning([property_], read_rules()) == []


@pytest.mark.parametrize(
    ("property_", "says"),
    [
        (exif("ImageDescription", "Сурет ЖИ арқылы жасалған"), Says.AI),
        (prop("iptc", "Special Instructions", "AI Generated using MFLUX", "2"), Says.AI),
        (prop("iptc", "Keywords", "AI-generated", "2"), Says.AI),
        (xmp("rights[x-default]", "AI Generated Content", "http://purl.org/dc/elements/1.1/"), Says.AI),
        (xmp("subject[3]", "создано нейросетью", "http://purl.org/dc/elements/1.1/"), Says.AI),
        (key("©cmt", "内容由AI生成"), Says.AI),
        (key("TITLE", "Не сгенерировано ИИ"), Says.NOT_AI),
        (prop("container", "", "Made with AI"), Says.AI),
    ],
)
def test_labels_in_texts(property_: Property, says: Says) -> None:
    (mark,) = [mark for mark in read_meaning([property_], read_rules()) if mark.kind == "adhoc.label_text"]
    assert (mark.says, mark.mark_class) == (says, MarkClass.DECLARED)


def test_only_the_label_of_a_text_is_shown() -> None:
    text = f"AI Generated: {YAK}"
    (mark,) = read_meaning([exif("ImageDescription", text)], read_rules())
    assert (mark.value, mark.facts["phrase"], mark.facts["language"]) == ("AI Generated", "AI Generated", "en")
    (kept,) = read_meaning([exif("ImageDescription", text)], read_rules(), keep_prompts=True)
    assert kept.value == text


def test_a_label_in_a_field_for_no_text_is_none() -> None:
    assert read_meaning([exif("LensModel", "Made with AI")], read_rules()) != []
    assert [
        m for m in read_meaning([exif("LensModel", "Made with AI")], read_rules()) if m.kind == "adhoc.label_text"
    ] == []
