"""Fields that state AI: IPTC 2025.1, Google's credit lines, and the link to a manifest elsewhere."""

import pytest
from meaning_samples import IPTC_EXT, PHOTOSHOP, YAK, prop, xmp

from transforms.marks.mark import Mark, MarkClass, Says, sha256_text
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Property


def the_mark(*properties: Property, kind: str) -> Mark:
    (mark,) = [mark for mark in read_meaning(properties, read_rules()) if mark.kind == kind]
    return mark


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AISystemUsed", "iptc.ai_system_used"),
        ("AISystemVersionUsed", "iptc.ai_system_version_used"),
        ("AIPromptInformation", "iptc.ai_prompt_information"),
        ("AIPromptWriterName", "iptc.ai_prompt_writer_name"),
        ("AIGeneratedContent", "iptc.ai_generated_content"),
        ("AIPrompt", "iptc.ai_prompt"),
    ],
)
def test_ai_fields(name: str, kind: str) -> None:
    mark = the_mark(xmp(name, "ChatGPT 5", IPTC_EXT), kind=kind)
    assert (mark.says, mark.mark_class) == (Says.AI, MarkClass.DECLARED)


def test_a_system_that_made_a_part() -> None:
    part = xmp("DigitalSourceType", "compositeWithTrainedAlgorithmicMedia", IPTC_EXT)
    whole = xmp("DigitalSourceType", "trainedAlgorithmicMedia", IPTC_EXT)
    system = xmp("AISystemUsed", "Firefly 5", IPTC_EXT)
    assert the_mark(system, part, kind="iptc.ai_system_used").says is Says.AI_PART
    assert the_mark(system, part, whole, kind="iptc.ai_system_used").says is Says.AI


@pytest.mark.parametrize(("name", "says"), [("AIGeneratedContent", Says.NOT_AI), ("AISystemUsed", Says.UNKNOWN)])
def test_a_no_is_no_ai(name: str, says: Says) -> None:
    (mark,) = read_meaning([xmp(name, "None" if name == "AISystemUsed" else "false", IPTC_EXT)], read_rules())
    assert mark.says is says


@pytest.mark.parametrize("name", ["AIPromptInformation", "AIPrompt"])
def test_prompt_field(name: str) -> None:
    property_ = xmp(name, YAK, IPTC_EXT)
    (mark,) = read_meaning([property_], read_rules())
    assert mark.value == f"[prompt: {len(YAK)} characters]"
    assert mark.facts["prompt_sha256"] == mark.value_sha256 == sha256_text(YAK)
    (kept,) = read_meaning([property_], read_rules(), keep_prompts=True)
    assert kept.value == YAK


def test_an_empty_field_is_no_mark() -> None:
    assert read_meaning([xmp("AISystemUsed", "", IPTC_EXT)], read_rules()) == []


@pytest.mark.parametrize(
    ("property_", "says"),
    [
        (xmp("Credit", "Made with Google AI", PHOTOSHOP), Says.AI),
        (xmp("Credit", "Edited with Google AI", PHOTOSHOP), Says.AI_PART),
        (prop("iptc", "Credit", "made  with Google AI.", "2"), Says.AI),
    ],
    ids=["made", "edited", "iim"],
)
def test_google_credit(property_: Property, says: Says) -> None:
    (mark,) = read_meaning([property_], read_rules())
    assert (mark.kind, mark.says, mark.mark_class) == ("credit.google_ai", says, MarkClass.DECLARED)


@pytest.mark.parametrize("value", ["Getty Images", "Google Arts & Culture", "Photo: A. Imanov / Google"])
def test_other_credits_are_no_mark(value: str) -> None:
    assert read_meaning([xmp("Credit", value, PHOTOSHOP)], read_rules()) == []


def test_remote_manifest() -> None:
    terms = "http://purl.org/dc/terms/"
    (mark,) = read_meaning([xmp("provenance", "https://example.org/x.c2pa", terms)], read_rules())
    assert (mark.kind, mark.says, mark.integrity) == ("c2pa.remote_reference", Says.UNKNOWN, "remote_not_fetched")
    assert read_meaning([xmp("provenance", "Collection of A. Imanov", terms)], read_rules()) == []
    assert read_meaning([xmp("provenance", "https://example.org/x.c2pa")], read_rules()) == []
