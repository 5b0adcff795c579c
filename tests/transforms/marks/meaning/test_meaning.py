"""The whole: order, merging, prompts, and that no properties make it raise or slow."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meaning_samples import IPTC_EXT, PARAMETERS, RULES, YAK, exif, key, png, prop, xmp

from transforms.marks.mark import MOST_VALUE_CHARACTERS, Mark, Says
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Property

NAMES = sorted(
    {row[0][0].name for row in RULES.values()} | {"AIGC", "DigitalSourceType", "Credit", "AIPrompt", "Title", ""}
)
VALUES = sorted({row[0][0].value for row in RULES.values()})
LAYERS = ["xmp", "exif", "iptc", "png_text", "container"]


def read(*properties: Property, keep_prompts: bool = False) -> list[Mark]:
    return read_meaning(properties, read_rules(), keep_prompts=keep_prompts)


def test_marks_come_in_the_order_of_the_file() -> None:
    file = [exif("Make", "Canon"), png("parameters", PARAMETERS), xmp("DigitalSourceType", "print", IPTC_EXT)]
    assert [mark.kind for mark in read(*file)] == [
        "camera.make_model",
        "generator.automatic1111",
        "iptc.digital_source_type",
    ]
    assert [mark.kind for mark in read(*file[::-1])] == [mark.kind for mark in read(*file)][::-1]


def test_the_same_statement_twice_at_one_place_is_one_mark() -> None:
    twice = prop("png_text", "parameters", PARAMETERS, offset=8), prop("png_text", "parameters", PARAMETERS, offset=99)
    assert len(read(*twice)) == 1
    assert len(read(twice[0], exif("UserComment", PARAMETERS))) == 2


def test_no_properties_no_marks() -> None:
    assert read() == []


def test_a_property_of_two_meanings_has_both() -> None:
    kinds = [mark.kind for mark in read(exif("ImageDescription", "Made with AI, made with Midjourney"))]
    assert sorted(kinds) == ["adhoc.label_text", "generator.named_in_text"]


def test_half_a_surrogate_pair_can_be_stored() -> None:
    (mark,) = read(png("invokeai_metadata", r'{"model": "\ud800 dream", "seed": 1}'))
    assert mark.facts["model"] == "? dream"
    f"{mark.value}{mark.facts}".encode()


@given(
    st.lists(
        st.builds(
            Property,
            st.sampled_from(LAYERS),
            st.sampled_from(["", "IFD0", IPTC_EXT, "http://www.tc260.org.cn/ns/AIGC/1.0/"]),
            st.sampled_from(NAMES) | st.text(max_size=20),
            st.text(max_size=60)
            | st.builds(lambda a, b, c: a[b:] + c, st.sampled_from(VALUES), st.integers(0, 50), st.text(max_size=9)),
            st.text(max_size=20),
            st.integers(0, 3),
        ),
        max_size=6,
    )
)
@settings(max_examples=300)
def test_no_properties_make_it_raise(properties: list[Property]) -> None:
    for mark in read(*properties):
        assert mark.value is not None
        assert len(mark.value) <= MOST_VALUE_CHARACTERS
        assert all(isinstance(fact, str) for fact in mark.facts.values())
        json.dumps([mark.value, mark.locator, mark.facts], ensure_ascii=False).encode()
        assert mark.says in Says


WORDS = st.lists(st.sampled_from(["aliya", "yak", "purple", "neighbour", "riding"]), min_size=2, max_size=8).map(
    " ".join
)


@given(WORDS, st.sampled_from(sorted(RULES)), st.booleans())
def test_prompts_appear_nowhere_unless_asked_for(words: str, rule_id: str, cut_off: bool) -> None:
    first, *others = RULES[rule_id][0]
    value = first.value.replace(YAK, words)
    value = value[: len(value) * 2 // 3] if cut_off else value
    changed = Property(first.layer, first.namespace, first.name, value, first.locator, first.offset)
    for mark in read(changed, *others):
        assert words not in f"{mark.value} {mark.facts}"


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "Steps: 1, ",
        "Negative prompt: ",
        'class_type": ',
        "{",
        "[",
        '{"a":',
        "AIGC{",
        '"',
        "\\",
        "made with ",
        "ai ",
        "Job ID: ",
        "ИИ создано с помощью ",
        "\nSteps: 20, Sampler: a, Seed: 1\n",
        "ai_generated: ",
        " --v 6 --ar ",
        "&quot;",
        "-s 50 ",
    ],
)
def test_values_of_four_megabytes(unit: str) -> None:
    value = unit * ((4 << 20) // len(unit.encode()))
    for name in ("parameters", "Comment", "AIGC"):
        for mark in read(png(name, value), key("ai_generated", value)):
            assert mark.value_sha256 is not None


def test_many_properties() -> None:
    file = [prop("exif", "ImageDescription", RULES["xai_grok"][0][0].value, "IFD0", offset=at) for at in range(3000)]
    assert read(*file) == []
