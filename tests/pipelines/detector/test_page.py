import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import cv2
import pytest

from pipelines.detector import words
from pipelines.detector.page import render
from pipelines.detector.plain_words import plain_words
from pipelines.detector.record import Evaluation
from pipelines.detector.report import measure
from tests.pipelines.detector import predictions as made_up

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs a browser: Debian's package chromium")
VOID = {"meta", "link", "img", "br", "hr", "input"}


@pytest.fixture(scope="module")
def found():
    return measure(made_up.predictions(), made_up.package(), "made up", videos=made_up.videos(), skipped_videos=2)


@pytest.fixture(scope="module")
def hostile():
    rows = made_up.predictions(hostile=True)
    videos = made_up.videos().assign(source=made_up.HOSTILE)
    return render(measure(rows, made_up.package(), made_up.HOSTILE, videos=videos))


class Outline(HTMLParser):
    """All start tags with their attributes, the nesting checked, and the text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def of(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


def browse(tmp_path, *flags):
    home = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    command = [BROWSER, *home, f"--user-data-dir={tmp_path / 'browser'}", *flags]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def in_frames(tmp_path, page, widths):
    """What a browser makes of the page in frames of several widths; a frame's page is open to our script."""
    frames = "".join(f'<iframe width="{w}" height="800" srcdoc="{html.escape(page)}"></iframe>' for w in widths)
    script = """
    addEventListener("load", () => {
      const seen = [...document.querySelectorAll("iframe")].map((frame) => {
        const page = frame.contentDocument, root = page.documentElement;
        const off = [...page.querySelectorAll("svg text")].filter((text) => {
          const box = text.getBoundingClientRect(), sheet = text.ownerSVGElement.getBoundingClientRect();
          return box.left < sheet.left - 1 || box.right > sheet.right + 1 || box.bottom > sheet.bottom + 1;
        }).map((text) => text.textContent);
        return {width: root.clientWidth, needed: root.scrollWidth, off, scripts: page.scripts.length,
                pictures: page.images.length, tables: page.querySelectorAll("table").length};
      });
      document.title = JSON.stringify({pwned: typeof pwned, seen});
    });"""
    (tmp_path / "frames.html").write_text(f"<script>{script}</script><title></title>{frames}", "utf-8")
    shown = browse(tmp_path, "--dump-dom", f"file://{tmp_path}/frames.html")
    return json.loads(html.unescape(re.search("<title>(.*?)</title>", shown, re.DOTALL)[1]))


def test_the_page_asks_for_nothing_and_runs_nothing(found):
    page = render(found)
    assert re.findall(r"//|url\(|@import|<script|<link|\bsrc=|\bon[a-z]+=", page) == []
    assert "default-src 'none'" in page


def test_names_from_manifests_stay_text(hostile):
    outline = Outline(hostile)
    assert outline.of("script", "img", "iframe", "object", "a b") == []
    assert [name for _, attrs in outline.tags for name in attrs if name.startswith("on")] == []
    assert "<script>top.pwned" in " ".join(outline.words)
    assert "\u202e" not in hostile
    assert "\x1b" not in hostile
    assert "\\u202e" in hostile


def test_the_page_can_be_used_without_seeing_it_and_without_a_mouse(found):
    outline = Outline(render(found))
    idents = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(idents) == len(set(idents))
    for _, attrs in outline.tags:
        assert set(attrs.get("aria-labelledby", "").split()) <= set(idents)
        assert not attrs.get("href") or attrs["href"][1:] in idents
    assert len(outline.of("desc")) == len(outline.of("svg")) > 8
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in outline.of("svg"))
    assert all(attrs["scope"] in ("row", "col") for attrs in outline.of("th"))
    assert len(outline.of("caption")) == len(outline.of("table"))
    regions = [attrs for attrs in outline.of("div") if attrs.get("class") == "scroll"]
    assert len(regions) == len(outline.of("table"))
    assert all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in regions)


def test_the_page_is_the_same_again_and_from_its_own_json(found):
    read = json.loads(found.to_json())
    again = Evaluation.model_validate({"format": read.pop("schema"), **read})
    assert render(again) == render(found)


def test_the_summary_says_what_the_figures_mean(found):
    told = " ".join(plain_words(found)).replace("\u202f", " ")
    # 7 of 19 AI and 0 of 29 real pictures; of 1,000 AI pictures among 100,000 that finds 368.
    assert "suspected, it finds 36.8 % of the 19 AI pictures (95 %: 19.1 % to 59 %)" in told
    assert "wrongly accuses 0 % of the 29 real ones (0 % to 11.7 %)" in told
    assert "expect 0 false accusations (0 to 11 583) and 368 of the 1 000 AI pictures found" in told
    assert "5 % of the AI pictures and 3.3 % of the real pictures not assessable" in told
    assert "With 30 real pictures, 1 % false alarms means none at all" in told
    assert "better than guessing" in told
    assert "Of an AI and a real video it scores the AI one higher in 72 of 100 cases" in told
    assert "it scored 6 of 6 AI ones and 6 of 7 real ones" in told


def test_seeing_no_false_alarm_promises_no_hundred_per_cent(found):
    base = next(b for b in found.base_rates if (b.level, b.prevalence, b.treatment) == ("suspected", 0.01, "as_is"))
    assert (base.false_accusations, base.right_share) == (0.0, 1.0)
    low = base.right_share_interval[0]
    assert f"of 100 accusations at least {round(100 * low)} are right" in " ".join(plain_words(found))
    assert f"≥ {words.percent(low)}" in render(found)
    assert f"at least {round(100 * low)} and at most 100 are right" in render(found)


@pytest.mark.parametrize("keep", [{"label": 1}, {"label": 0}, {"treatment": "as_is"}, {"source": "none"}])
def test_a_page_of_little_is_still_a_page(found, keep):
    rows = made_up.predictions()
    ((column, value),) = keep.items()
    rows["raw"] = rows["raw"].where(rows[column] == value)
    Outline(render(measure(rows, made_up.package(), "made up")))


def test_a_page_of_videos_alone_says_nothing_of_pictures(found):
    rows = made_up.predictions()
    page = render(measure(rows[:0], made_up.package(), "made up", videos=made_up.videos()))
    outline = Outline(page)
    assert [attrs["id"] for attrs in outline.of("section") if "id" in attrs] == ["summary", "videos"]
    assert "6 AI and 7 real videos." in page
    assert "0 real" not in page
    assert "20 AI and 30 real pictures; 6 AI and 7 real videos; 2 videos not measured" in render(found)


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (0, "0 %"),
        (0.00001, "< 0.01 %"),
        (0.0031, "0.31 %"),
        (0.008, "0.8 %"),
        (0.01, "1 %"),
        (0.123, "12.3 %"),
        (1, "100 %"),
    ],
)
def test_shares_in_words(share, wanted):
    assert words.percent(share) == wanted.replace(" %", "\u202f%")


@needs_browser
def test_no_width_needs_sideways_scrolling_and_no_label_is_cut(tmp_path, found):
    shown = in_frames(tmp_path, render(found), [360, 1200])
    assert [frame["width"] for frame in shown["seen"]] == [360, 1200]
    for frame in shown["seen"]:
        assert frame["needed"] <= frame["width"]
        assert frame["off"] == []
        assert frame["tables"] > 4


@needs_browser
def test_hostile_names_do_nothing_in_a_browser(tmp_path, hostile):
    shown = in_frames(tmp_path, hostile, [360])
    frame = shown["seen"][0]
    assert shown["pwned"] == "undefined"
    assert (frame["scripts"], frame["pictures"], frame["off"]) == (0, 0, [])
    assert frame["needed"] <= frame["width"] == 360


@needs_browser
@pytest.mark.parametrize(("scheme", "low", "high"), [(0, 0, 60), (1, 200, 255)])
def test_the_page_follows_dark_and_light(tmp_path, found, scheme, low, high):
    (tmp_path / "page.html").write_text(render(found), "utf-8")
    flags = [f"--blink-settings=preferredColorScheme={scheme}", "--window-size=800,900"]
    browse(tmp_path, *flags, f"--screenshot={tmp_path / 'page.png'}", f"file://{tmp_path}/page.html")
    assert low <= cv2.imread(str(tmp_path / "page.png")).mean() <= high
