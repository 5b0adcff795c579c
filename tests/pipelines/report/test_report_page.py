"""The page of a report in a real browser: it reads well, loads nothing, and hostile texts are only texts."""

import base64
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from pipelines.report.entries import read_entries
from pipelines.report.facts import VERDICTS
from pipelines.report.page import render
from pipelines.report.pictures import Shot, Shots
from pipelines.report.questions import read_facts
from pipelines.reviews import Decision, Review, record_reviews
from pipelines.tables import bounded
from pipelines.words import LANGUAGES
from tests.pipelines.report_store import add_scan, frames, item, mark, new_store, verdict

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"'><svg onload=alert(3)></svg>",
    "</style><style>body{display:none}</style>",
    "photo\u202egpj.exe",
    "\x1b[31mred\x00\x07\x85",
    "<!--",
    "{{ 7 * 7 }}{% raw %}",
    "عنوان הצילום",
    "javascript:alert(4)",
)


def shot() -> Shot:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(buffer, "JPEG")
    return Shot(base64.b64encode(buffer.getvalue()).decode(), 320, 240, 0.0, ())


def page_of(store, language="en", scan=None, shots=None) -> str:
    with bounded(store) as tables:
        facts = read_facts(tables, str(store.root), None, scan, 60)
        entries = read_entries(tables, [*facts.waiting, *facts.settled], facts.policy)
    own = [shots or Shots(missing="none_asked") for _ in entries]
    return render(facts, entries, own, language, NOON, most_shots=0)


def fill(store, texts=("a photograph",)) -> None:
    """Every text that others choose is one of these, in each place where a page may show it."""
    rows, verdicts, marks, scored = [], [], [], []
    outcomes = ("review", "not_disclosed", "partly_disclosed", "disclosed")
    for i, text in enumerate(texts * (4 // len(texts) + 1)):
        outcome = outcomes[i % 4]
        note = {"layer": text, "status": text, "detail": text}
        kind = {"media_type": "video/mp4" if i % 2 else text, "duration_ms": 4000.0, "publisher": text}
        row = item(f"/archive/{text}/{i} {text}.jpg", score=0.5 + i / 100, layers=[note], **kind, source="/archive")
        rows.append(row)
        synthesis = "suspected" if outcome == "review" else "declared"
        verdicts.append(verdict(row, outcome, synthesis, suppressed_by=text if i == 3 else None))
        facts = {"generator": text, "confidence": text}
        marks.append(mark(row, text, value=text, locator=text, tool=text, facts=facts, language=text, integrity=text))
        scored += frames(row, 0.2, None, 0.9, 0.7)
        record_reviews(store, [Review(row["content_sha256"], "kz", Decision.UNSURE, text[:150] or "ann", text[:900])])
    for i, text in enumerate(texts):
        broken = item(f"/archive/{text}/broken {i}", outcome="failed", reason="corrupt", detail=text, media_type=text)
        rows.append(broken)
        verdicts.append(verdict(broken, "not_assessable", "undetermined"))
    add_scan(store, "20261101T120000-one", rows, verdicts, marks=marks, frames=scored, sources=tuple(texts))
    extra = item("/archive/later.jpg")
    add_scan(store, "20261108T120000-two", [extra], [verdict(extra, "out_of_scope", "no_sign")], day=7)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    store = new_store(tmp_path_factory.mktemp("report") / "audit 2026")
    fill(store)
    return store


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A store in which every text that others choose is an attack."""
    store = new_store(tmp_path_factory.mktemp("report") / "<b>store</b>")
    fill(store, (*HOSTILE, "long " * 5000, "ж" * 200))
    return store


def opened(window, tmp_path: Path, page: str, scheme="light"):
    file = tmp_path / "report.html"
    file.write_text(page, "utf-8")
    window.page.emulate_media(color_scheme=scheme)
    window.page.goto(file.as_uri())
    return window.page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_loads_nothing(language, scheme, filled, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(filled, language, shots=Shots((shot(), shot()), 2)), scheme)
    for summary in page.locator(".entry summary").all():
        summary.click()
    assert window.grave_findings() == []
    assert [url for url in window.requests if not url.endswith("/report.html")] == []
    assert (window.errors, window.dialogs) == ([], [])
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_hostile_texts_are_seen_and_do_nothing(attacked, window, tmp_path) -> None:
    text = page_of(attacked)
    page = opened(window, tmp_path, text)
    for summary in page.locator(".entry summary").all():
        summary.click()
    told = page.locator("body").inner_text()
    for hostile in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(2)>",
        "<svg onload=alert(3)>",
        "{{ 7 * 7 }}",
    ):
        assert hostile in told
    assert "photo\\u202egpj.exe" in told
    assert "عنوان" in told
    assert (window.dialogs, window.errors) == ([], [])
    assert [url for url in window.requests if not url.endswith("/report.html")] == []
    assert page.locator("script").count() == 1
    assert page.locator("style").count() == 1
    assert page.locator("img").count() == 0
    assert page.locator("b").filter(has_text="store").count() == 0
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x1b\x85]", text)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280, "no long text is wider than the page"


def test_a_hostile_store_does_not_make_a_large_page(attacked) -> None:
    assert len(page_of(attacked, "ru").encode()) < 1_500_000


def test_the_policy_lets_nothing_in(filled, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(filled))
    answers: list[str] = []
    page.on("response", lambda response: answers.append(response.url))
    tried = """async () => {
        const script = document.createElement("script"); script.textContent = "window.wasRun = 1";
        document.body.append(script);
        const image = document.createElement("img"); image.src = "https://example.org/a.png";
        document.body.append(image);
        const asked = await fetch("https://example.org/").then(() => "answered", () => "refused");
        return [window.wasRun === undefined, asked];
    }"""
    assert page.evaluate(tried) == [True, "refused"]
    assert answers == []
    blocked = [told for told in window.errors if "Content Security Policy" in told]
    assert len(blocked) >= 3, "the script, the picture and what was to be fetched"


def test_a_manager_reads_it_in_a_minute(filled, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(filled))
    told = page.locator("#summary").inner_text()
    for needed in ("could not be examined", "not found in the file", "no finding", "not “clean”"):
        assert needed in told
    assert "audit 2026" in page.title()
    top = page.locator("#summary .matters").bounding_box()
    assert top is not None
    assert top["y"] + top["height"] < 900, "it fits the first screen"


def test_the_keyboard_reaches_and_opens_an_item(filled, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(filled))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(80):
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.locator(".entry[open]").count() == 1
    assert page.locator(".entry[open] figure svg[role=img] polyline").count() == 2, "a curve with a gap"


def test_items_are_found_by_name_and_opened_at_once(filled, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(filled))
    page.locator("#search").fill("0 a photograph")
    assert page.locator(".entry:visible").count() == 1
    assert page.locator("#matches").inner_text().startswith("1 ")
    page.locator("#search").fill("")
    page.locator("#open-all").click()
    assert page.locator(".entry[open]").count() == page.locator(".entry").count() > 1
    page.locator("#close-all").click()
    assert page.locator(".entry[open]").count() == 0


def test_without_a_script_all_is_there(filled, browser, tmp_path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page_of(filled), "utf-8")
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(file.as_uri())
    assert page.locator("#tools").is_hidden()
    page.locator(".entry summary").first.click()
    assert page.locator(".entry .inside").first.is_visible()
    plain.close()


def test_it_prints_with_every_item_open_and_no_table_cut_off(filled, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(filled, shots=Shots((shot(),), 0)))
    pdf = page.pdf(format="A4", print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 3
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 between the margins, at 96 pixels an inch
    cut = "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    assert page.locator(".entry .inside").first.is_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_store_has_a_page(language, window, tmp_path) -> None:
    page = opened(window, tmp_path, page_of(new_store(tmp_path / "store"), language))
    assert window.errors == []
    assert page.locator("#verdicts tbody tr").count() >= len(VERDICTS)
    assert page.locator("#tools").is_hidden()


def test_one_scan_says_that_it_is_one(filled) -> None:
    page = page_of(filled, scan="20261108T120000-two")
    assert "Only what scan 20261108T120000-two recorded" in page


def test_the_same_facts_make_the_same_page(filled) -> None:
    assert page_of(filled) == page_of(filled)
