"""The review page in a real browser: by keyboard, in two themes and three languages, and with hostile texts."""

import re
from pathlib import Path

import pytest

from pipelines.store import Store
from pipelines.tables import connect
from pipelines.words import LANGUAGES
from tests.browser import Window
from tests.pipelines.review.served import Served, served
from tests.pipelines.review.shelf import Shelf

DECISIONS = {"d": "disclosed", "n": "not_disclosed", "a": "not_ai", "u": "unsure"}
HOSTILE = [
    "<script>alert('name')</script>.png",
    '"><img src=x onerror=alert(1)>.png',
    "<svg onload=alert(1)>.png",
    "{{7*7}} ${alert(1)} javascript:alert(1).png",
    "gnp.\u202eevil\u2066\u200f عربي.png",
    f"{'long' * 50}.png",
    "&lt;b&gt; ' \" `.png",
]


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "archive")


def opened(window: Window, page: Served) -> None:
    window.page.goto(page.guard.url)
    assert window.page.url == f"{page.origin}/", "the token left the address bar"


def press(window: Window, key: str) -> None:
    """Presses a key that leads to another page, and waits for it."""
    with window.page.expect_navigation():
        window.page.keyboard.press(key)


def heading(window: Window) -> str:
    return window.page.locator("h1 bdi").first.inner_text()


def reviews(store: Store) -> list[tuple]:
    with connect(store) as tables:
        return tables.execute("SELECT uri, reviewer, decision, note FROM reviews_latest ORDER BY sequence").fetchall()


def assert_harmless(window: Window, page: Served) -> None:
    assert window.dialogs == []
    assert window.errors == []
    assert {re.match(r"https?://[^/]+", url)[0] for url in window.requests} == {page.origin}


def test_ten_items_by_keyboard_then_undo_and_another_reviewer(window, shelf, tmp_path) -> None:
    names = [f"{number}.png" for number in range(10)]
    contents = [shelf.add(name, score=0.9 - number / 100) for number, name in enumerate(names)]
    store = shelf.store(tmp_path / "store")
    with served(store, "ann") as page:
        opened(window, page)
        press(window, "j")
        keys = "dnauddnnau"
        for number, key in enumerate(keys):
            assert heading(window) == names[number]
            assert f"{number} of 10" in window.page.locator(".progress").inner_text()
            if number == 3:
                window.page.keyboard.press("m")
                window.page.keyboard.type("a note, d and n in it")
                window.page.keyboard.press("Escape")
            press(window, key)
        assert "Nothing is left here" in window.page.locator("main").inner_text()
        made = [(str(shelf.folder / name), "ann", DECISIONS[key]) for name, key in zip(names, keys, strict=True)]
        assert [row[:3] for row in reviews(store)] == made
        assert reviews(store)[3][3] == "a note, d and n in it"

        press(window, "z")
        assert heading(window) == "9.png"
        assert "Taken back" in window.page.locator("[role=status]").inner_text()
        press(window, "z")
        assert heading(window) == "8.png"
        assert [row[:3] for row in reviews(store)] == made[:8]
        press(window, "j")
        assert heading(window) == "9.png"
        press(window, "k")
        assert heading(window) == "8.png"
        window.page.reload()
        assert "8 of 10" in window.page.locator(".progress").inner_text()
        assert_harmless(window, page)

        with served(store, "bob") as other:
            other.enter()
            other.decide(contents[0], "not_ai", "drawn by hand")
        press(window, "r")
        assert heading(window) == "8.png"
        assert "read again" in window.page.locator("[role=status]").inner_text()
        press(window, "q")
        with window.page.expect_navigation():
            window.page.get_by_role("link", name="Disputed (1)").click()
        press(window, "j")
        told = window.page.locator(".opinions").inner_text()
        assert heading(window) == "0.png"
        assert all(
            part in told for part in ("do not agree", "ann", "bob", "Disclosed", "Not AI", "drawn by hand", "UTC")
        )
        assert window.errors == []


def test_the_frames_of_a_film_by_keyboard(window, shelf, tmp_path) -> None:
    content = shelf.add("film.png")
    shelf.mark(content, "made by AI", first_ms=500.0, last_ms=1500.0)
    shelf.film(content, [0.1, 0.9, None, 0.4])
    with served(shelf.store(tmp_path / "store")) as page:
        opened(window, page)
        press(window, "j")
        caption = window.page.locator("figure:not([hidden]) > figcaption").first
        window.page.wait_for_selector(".strip")
        assert "0:00" in caption.inner_text()
        window.page.keyboard.press("ArrowRight")
        assert "made by AI" in caption.inner_text()
        picture, box = (window.page.locator(f"figure:not([hidden]) {name}").first for name in ("img", "rect.box"))
        picture.wait_for()
        frame, label = picture.bounding_box(), box.bounding_box()
        across, down = frame["width"] / 64, frame["height"] / 48
        assert label["x"] - frame["x"] == pytest.approx(4 * across, abs=2)
        assert label["y"] - frame["y"] == pytest.approx(30 * down, abs=2)
        assert label["width"] == pytest.approx(40 * across, abs=3)
        window.page.keyboard.press("ArrowLeft")
        window.page.keyboard.press("ArrowLeft")
        assert "0:00" in caption.inner_text()
        window.page.locator(".strip a").last.click()
        assert "0:03" in caption.inner_text()
        assert window.page.locator("svg .point").count() == 3
        press(window, "f")
        window.page.wait_for_selector(".strip")
        assert "Faces are shown" in caption.inner_text()
        assert_harmless(window, page)


def test_a_key_means_the_same_on_a_cyrillic_keyboard(window, shelf, tmp_path) -> None:
    shelf.add("a.png")
    store = shelf.store(tmp_path / "store")
    with served(store) as page:
        opened(window, page)
        window.page.evaluate(KEY, {"key": "о", "code": "KeyJ"})
        window.page.wait_for_selector(".decide")
        with window.page.expect_navigation():
            window.page.evaluate(KEY, {"key": "в", "code": "KeyD"})
        assert [row[2] for row in reviews(store)] == ["disclosed"]


KEY = "told => document.body.dispatchEvent(new KeyboardEvent('keydown', {...told, bubbles: true}))"


def test_texts_that_files_carry_are_inert(window, shelf, tmp_path) -> None:
    for number, name in enumerate(HOSTILE):
        content = shelf.add(name.replace("/", "∕"), score=0.9 - number / 100, caption=name, detail=name)
        shelf.mark(content, name, locator=name, facts={name: name})
    store = shelf.store(tmp_path / "store")
    with served(store, "<b onclick=alert(1)>ann</b>") as page:
        opened(window, page)
        press(window, "j")
        for number in range(len(HOSTILE)):
            window.page.wait_for_selector("figure img")
            odd = "main script, main b, main [onerror], main [onload], main [onclick]"
            assert window.page.locator(odd).count() == 0
            width = window.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert width[0] <= width[1], "a long name does not widen the page"
            window.page.locator("#note").fill(HOSTILE[number])
            window.page.keyboard.press("Escape")
            press(window, "n")
        assert len(reviews(store)) == len(HOSTILE)
        window.page.goto(f"{page.origin}/?show=decided")
        assert window.page.locator("tbody tr").count() == len(HOSTILE)
        press(window, "j")
        assert HOSTILE[0] in window.page.locator(".opinions").inner_text()
        assert_harmless(window, page)


def test_it_can_be_read_without_scripts(browser, shelf, tmp_path) -> None:
    content = shelf.add("film.png")
    shelf.film(content, [0.1, 0.9])
    store = shelf.store(tmp_path / "store")
    with served(store) as page:
        plain = browser.new_context(java_script_enabled=False)
        try:
            view = plain.new_page()
            view.goto(page.guard.url)
            view.get_by_role("link", name="film.png").click()
            view.wait_for_selector(".strip", timeout=15_000)  # the page asks again by itself until the picture is there
            view.locator(".strip a").nth(2).click()
            assert "0:02" in view.locator("figure:not([hidden]) > figcaption").first.inner_text()
            view.get_by_role("button", name="Not AI").click()
            view.wait_for_url("**done=**")
        finally:
            plain.close()
        assert [row[2] for row in reviews(store)] == ["not_ai"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_grave_keeps_anyone_from_using_it(language, window, shelf, tmp_path) -> None:
    content = shelf.add("film.png", score=0.9)
    shelf.mark(content, "жасанды интеллект", first_ms=0.0, last_ms=9000.0)
    shelf.film(content, [0.1, 0.9, None, 0.4])
    shelf.add("gone.png", "not_disclosed", score=0.1)
    store = shelf.store(tmp_path / "store")
    for reviewer, decision in (("bob", "not_ai"), ("ann", "disclosed")):
        with served(store, reviewer) as page:
            page.enter()
            page.decide(content, decision, "note")
    with served(store, language=language) as page:
        opened(window, page)
        for scheme in ("light", "dark"):
            window.page.emulate_media(color_scheme=scheme)
            for address in ("/?show=all", f"/item/{content}?show=all", "/?show=open&outcome=disclosed", "/nothing"):
                window.page.goto(page.origin + address)
                if address.startswith("/item"):
                    window.page.wait_for_selector(".strip")
                    window.page.keyboard.press("?")
                assert window.page.locator("html").get_attribute("lang") == language
                assert window.grave_findings() == [], (scheme, address)
        assert window.dialogs == []


def test_a_narrow_screen_shows_all_of_it(browser, shelf, tmp_path) -> None:
    content = shelf.add(f"{Path('a' * 60)}.png")
    with served(shelf.store(tmp_path / "store")) as page:
        small = browser.new_context(viewport={"width": 390, "height": 844})
        try:
            view = small.new_page()
            view.goto(page.guard.url)
            view.goto(f"{page.origin}/item/{content}")
            view.wait_for_selector("figure img")
            assert view.evaluate("document.documentElement.scrollWidth") <= 390
        finally:
            small.close()
