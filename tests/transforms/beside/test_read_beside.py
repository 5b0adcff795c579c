"""Sidecars of every form and encoding: labels and denials are found, traps are not, what is broken is told."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.beside.cases import DENIALS, ENCODINGS, LABELS, READABLE, TRAPS, srt, vtt, xmp
from transforms.beside.context import Context
from transforms.beside.read import read_beside, read_context
from transforms.beside.sidecars import MOST_BYTES
from transforms.labels.lexicon import read_lexicon
from transforms.marks.mark import Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.messages import MOST_MARKS, mark_from_json

LEXICON, RULES = read_lexicon(), read_rules()
FORMS = {
    "clip.txt": lambda text: f"Репортаж, 2026\n\n{text}\n",
    "clip.json": lambda text: json.dumps({"id": 7, "meta": [{"caption": text}]}),
    "clip.mp4.json": lambda text: json.dumps({"id": 7, "meta": [{"caption": text}]}, ensure_ascii=False, indent=2),
    "clip.srt": lambda text: srt("Репортаж", text),
    "clip.ru.vtt": lambda text: vtt("Репортаж", f"<i>{text}</i>"),
    "clip.md": lambda text: f"---\ntitle: Репортаж\n---\n# О ролике\n\n**{text}**\n",
    "clip.xmp": xmp,
}


def read(name: str, data: bytes | str):
    return read_beside([(name, data.encode() if isinstance(data, str) else data)], LEXICON, RULES)


def codes(found) -> list[str]:
    return [note.detail.partition(":")[0] for note in found.layers]


def encoded(name: str, language: str, encoding: str) -> bytes | None:
    """A file with a label; None where the encoding has no such letters."""
    text = FORMS[name](LABELS[language])
    if name != "clip.json":  # there all but ASCII is escaped
        text = text.replace("Репортаж", "News") if language in {"en", "zh"} else text
        text = text.replace("О ролике", "On it") if language in {"en", "zh"} else text
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


@pytest.mark.parametrize(
    ("name", "language", "encoding"),
    [
        (name, language, encoding)
        for name in FORMS
        for language in LABELS
        for encoding in ENCODINGS
        if encoded(name, language, encoding) is not None
    ],
)
def test_a_label_is_found_or_the_file_is_told_to_be_unread(name, language, encoding):
    found = read(name, encoded(name, language, encoding))
    if encoding in READABLE[language] or name == "clip.json":
        [mark] = found.marks
        assert (mark.says, mark.mark_class, found.layers) == (Says.AI, "declared", ())
        assert mark.locator.startswith(name)
        if name != "clip.xmp":
            assert (mark.layer, mark.shown.language, mark.shown.exactness) == ("caption", language, "exact")
            assert mark.kind == ("caption.subtitles" if name.endswith(("srt", "vtt")) else "caption.sidecar")
    elif not found.marks:
        assert codes(found) == ["undecodable"]


@pytest.mark.parametrize("language", DENIALS)
@pytest.mark.parametrize("name", FORMS)
def test_a_denial_denies(name, language):
    assert [mark.says for mark in read(name, FORMS[name](DENIALS[language])).marks] == [Says.NOT_AI]


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", FORMS)
def test_a_trap_is_no_label(name, trap):
    found = read(name, FORMS[name](trap))
    assert (found.marks, found.layers) == ((), ())


@pytest.mark.parametrize(
    ("name", "data", "locator"),
    [
        ("a.txt", "one\n\nthree, AI-generated", "a.txt:3"),
        ("a.md", "---\ntitle: x\n---\n\nMade with [AI](https://e.kz)", "a.md:5"),
        ("a.md", "+++\nx = 1\n+++\nMade **with** `AI`", "a.md:4"),
        ("a.json", '{"meta": {"caption": "Made with AI"}}', "a.json:$.meta.caption"),
        ("a.json", '{"a b": ["x", "Made with AI"]}', 'a.json:$["a b"][1]'),
        ("a.json", '{"text": "line\\n\\nMade with AI\\n"}', "a.json:$.text"),
        ("a.json", '{"x": 1}\n\n{"x": "Made with AI"}\n', "a.json:$[1].x"),
        ("a.json", '{"raw": "{\\"inner\\": \\"Made with AI\\"}"}', "a.json:$.raw.inner"),
        ("a.json", '{"x": NaN, "y": 1' + "0" * 5000 + ', "z": "Made with AI"}', "a.json:$.z"),
        ("a.json", '{"x": "Made with AI", "x": "no more"}', "a.json:$.x"),
        ("a.srt", srt("first", "Made with AI"), "a.srt:7"),
        ("a.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\nMade with AI\r\n", "a.srt:3"),
        ("a.srt", "1\n00:01 -> 00:02\nMade with AI\n2\n00:00:03.5 --> 00:00:04\nx", "a.srt:3"),
        ("a.vtt", "WEBVTT\n\nNOTE Made with AI\n", "a.vtt:3"),
        ("a.vtt", "WEBVTT\n\nintro\n00:01.000 --> 00:02.000\n<v Bob>Made <c.x>with</c> AI", "a.vtt:5"),
    ],
)
def test_a_label_is_told_where_it_stands(name, data, locator):
    found = read(name, data)
    assert [mark.locator for mark in found.marks if mark.kind.startswith("caption.")] == [locator]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.json", '{"ai_generated": true}', "ai"),
        ("a.json", '{"x": {"AI-Generated": "No"}}', "not_ai"),
        ("a.json", '{"is_ai": 1}', "ai"),
        ("a.json", '{"ai_generated": null}', None),
        ("a.json", '{"ai_generated": "perhaps"}', None),
        ("a.md", "---\nai_generated: yes\n---\n", "ai"),
        ("a.md", "---\nmeta: {made_with_ai: false}\n---\n", "not_ai"),
        ("a.txt", "ai_generated=true", "ai"),
        ("a.txt", "AI-generated: no", "not_ai"),
    ],
)
def test_fields_that_answer(name, data, says):
    found = [mark for mark in read(name, data).marks if mark.kind == "adhoc.ai_generated"]
    assert [mark.says for mark in found] == ([says] if says else [])
    assert not [mark for mark in read(name, data).marks if mark.kind.startswith("caption.")]


LABEL_OF_CHINA = {"Label": "1", "ContentProducer": "001191", "ProduceID": "x"}
TERM = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.mark.parametrize(
    ("name", "data", "layer", "kind"),
    [
        ("a.json", json.dumps({"AIGC": LABEL_OF_CHINA}, indent=1), "tc260", "tc260.aigc"),
        ("a.md", "---\nAIGC:\n  Label: 1\n  ContentProducer: '001191'\n---\n", "tc260", "tc260.aigc"),
        ("a.txt", "AIGC" + json.dumps(LABEL_OF_CHINA), "tc260", "tc260.aigc"),
        ("a.json", json.dumps({"digitalSourceType": TERM}), "caption", "iptc.digital_source_type"),
        (
            "a.xmp",
            xmp("").replace("<dc:", f"<e:DigitalSourceType xmlns:e='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>{TERM}"
                            "</e:DigitalSourceType><dc:", 1),
            "xmp",
            "iptc.digital_source_type",
        ),
        ("a.txt", "castle\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model: dream",
         "caption", "generator.automatic1111"),
    ],
)  # fmt: skip
def test_what_machines_read_is_the_mark_that_it_is_in_a_file(name, data, layer, kind):
    [mark] = read(name, data).marks
    assert (mark.layer, mark.kind, mark.says, mark.offset) == (layer, kind, "ai", None)
    assert mark.locator.startswith(name)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", '{"url": "https://stock.kz/made-with-ai/17"}'),
        ("a.txt", "Источник: https://stock.kz/?ai_generated=true, www.kz/ai-generated"),
        ("a.md", "[source](https://stock.kz/made-with-ai/17)"),
    ],
)
def test_addresses_are_no_labels(name, data):
    assert read(name, data).marks == ()


def test_prompts_are_not_shown_and_are_no_captions():
    found = read(
        "a.json", '{"prompt": "made with AI", "parameters": "secret\\nSteps: 1, Sampler: Euler, Seed: 2, CFG scale: 7"}'
    )
    assert [mark.kind for mark in found.marks] == ["generator.automatic1111"]
    assert "secret" not in str(found)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.json", '{"caption": "Создано с помощью ИИ', "broken_json"),
        ("a.json", "", "broken_json"),
        ("a.json", "[" * 100_000, "broken_json"),
        ("a.json", '{"a": "\\ud83d"}', "broken_text"),
        ("a.json", '{"a":' * 40 + "1" + "}" * 40, "over_limit"),
        ("a.json", json.dumps(list(range(30_000))), "over_limit"),
        ("a.txt", b"Made with AI\0", "undecodable"),
        ("a.txt", "Создано с помощью ИИ".encode("utf-16")[:-1], "undecodable"),
        ("a.txt", b"\xff\xfe\x3d\xd8", "undecodable"),
        ("a.txt", "Создано ИИ".encode()[:-1], "undecodable"),
        ("a.txt", b"Made with AI \xed\xa0\x80", "undecodable"),
        ("a.txt", "Fläß, café".encode("latin-1"), "undecodable"),
        ("a.txt", bytes(range(1, 32)) * 9, "undecodable"),
        ("a.txt", b"a" * (MOST_BYTES + 1), "over_size_limit"),
        ("a.txt", "\n\n".join(["x"] * 30_000), "over_limit"),
        ("a.srt", "just text", "broken_subtitles"),
        ("a.xmp", "hello", "broken_xmp"),
        ("a.xmp", xmp("x")[:200], "broken_xmp"),
        ("a.xmp", "<!DOCTYPE x><x/>", "broken_xmp"),
        ("a.md", "---\na: [\n---\ntext", "broken_front_matter"),
        ("a.md", "---\na: &a [*a]\nb: *a\n---\n", "broken_front_matter"),
        ("a.md", f"---\n{BOMB}---\n", "over_limit"),
        ("a.md", f"---\n{'- ' * 2000}\n---\n", "broken_front_matter"),
    ],
)
def test_what_is_broken_is_not_checked_with_a_reason(name, data, code):
    found = read(name, data)
    assert [(note.layer, note.status) for note in found.layers] == [("caption", "not_checked")]
    assert found.layers[0].detail.startswith(f"{code}: {name}: ")
    assert not [mark for mark in found.marks if mark.kind.startswith("caption.")]


def test_what_stands_beside_a_fault_is_read():
    assert [mark.says for mark in read("a.md", "---\na: [\n---\nMade with AI").marks] == ["ai"]
    assert [mark.says for mark in read("a.json", '{"a": "\\ud83d", "b": "Made with AI"}').marks] == ["ai"]
    assert [mark.says for mark in read("a.srt", "Made with AI").marks] == ["ai"]


def test_a_broken_file_costs_the_others_nothing():
    found = read_beside([("a.json", b"{"), ("a.txt", b"Made with AI")], LEXICON, RULES)
    assert ([mark.says for mark in found.marks], codes(found)) == (["ai"], ["broken_json"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Это видео не было\nсоздано с помощью ИИ", ["not_ai"]),
        ("Этот ролик, который вы сейчас видите, был целиком и полностью создан с помощью\nИИ", ["ai"]),
        ("Заголовок: создано министерство\nИИ", []),
        ("Видео создано\nс помощью ИИ", ["ai"]),
    ],
)
def test_wrapped_lines_are_read_together(text, says):
    assert [mark.says for mark in read("a.txt", text).marks] == says


def test_subtitles_tell_when_and_how_long_a_label_is_shown():
    text = (
        "1\n00:00:01,000 --> 00:00:04,000\nAI-generated\n\n2\n00:00:03,000 --> 00:00:05,000\n{\\an8}AI-generated\n\n"
        "3\n00:01:00,500 --> 00:01:01,000\nai-Generated\n"
    )
    [mark] = read("a.srt", text).marks
    assert (mark.shown.first_ms, mark.shown.last_ms, mark.shown.shown_ms) == (1000, 61_000, 4500)
    assert mark.facts["times"] == "3"


@pytest.mark.parametrize(
    ("cues", "says"),
    [
        (("Это видео не было", "создано с помощью ИИ"), "not_ai"),
        (("Это видео создано", "с помощью ИИ"), "ai"),
        (("Не было такого.", "Создано с помощью ИИ"), "ai"),
    ],
)
def test_a_sentence_over_two_subtitles(cues, says):
    [mark] = read("a.srt", srt(*cues)).marks
    assert mark.says == says


def test_a_flood_of_labels_is_bounded_and_told():
    text = json.dumps([{"ai_generated": True} for _ in range(MOST_MARKS + 10)])
    found = read("a.json", text)
    assert len(found.marks) == MOST_MARKS
    assert [note.status for note in found.layers] == ["incomplete"]


def test_a_label_at_the_end_of_a_long_line_is_found():
    assert [mark.says for mark in read("a.txt", "слово " * 40_000 + LABELS["ru"]).marks] == ["ai"]


def test_a_context_row_is_read_as_a_sidecar_is():
    row = Context.of(
        {"title": "x", "caption": f"one\n\n{LABELS['kk']}", "description": TRAPS[0], "published_at": "soon"}
    )
    found = read_context(row, LEXICON, RULES)
    assert [(mark.kind, mark.locator, mark.shown.language) for mark in found.marks] == [
        ("caption.context", "context:caption", "kk")
    ]
    assert codes(found) == ["bad_published_at"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=300)
@given(
    st.sampled_from([".txt", ".json", ".xmp", ".srt", ".vtt", ".md", ""]),
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text(max_size=100).map(lambda text: f"---\n{text}\n---\n{text}".encode("utf-8", "replace")),
        VALUES.map(lambda value: json.dumps(value).encode()),
    ),
)
def test_no_bytes_make_it_raise(suffix, data):
    found = read(f"clip{suffix}", data)
    for mark in found.marks:
        assert mark_from_json(json.loads(json.dumps(asdict(mark)))) == mark, "a parent believes it"
    for note in found.layers:
        note.detail.encode()
