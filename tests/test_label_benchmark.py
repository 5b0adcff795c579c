"""The benchmark of visible labels: what it renders, and its figures; no reader runs here, and nothing is timed."""

import av
import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from benchmarks import labels as benchmark
from benchmarks.labels_media import cases, clips, fonts, photos, phrases, reading, tally
from benchmarks.labels_media.cases import Case
from benchmarks.labels_media.clips import FPS, SPANS, Clip, make_clip, overlay, through_h264
from benchmarks.labels_media.fonts import BUILT_IN, find_fonts
from benchmarks.labels_media.layout import wrap
from benchmarks.labels_media.phrases import Phrase
from benchmarks.labels_media.reading import Found
from benchmarks.labels_media.render import (
    EM_RATIOS,
    POSITIONS,
    STYLES,
    Rendered,
    contrast,
    halved,
    render_empty,
    render_label,
)
from benchmarks.labels_media.sample import sample_label
from examples.media.pictures import photograph
from transforms.labels.lines import Box
from transforms.labels.match import Label, Wordmark
from transforms.labels.reader import Sighting
from transforms.marks.mark import Mark, MarkClass, Says, Shown

KAZAKH = "ЖИ көмегімен жасалған"
FONT = BUILT_IN[0]
GREY = np.full((360, 640, 3), 100, np.uint8)
EXACT = {"quality": 0, "cropped": False, "frame": (640, 360)}


def label(rgb=GREY, text=KAZAKH, seed=1, **given):
    choices = {"language": "kk", "em_ratio": 0.08, "position": "bottom_left", "style": "white", "alpha": 1.0}
    return render_label(rgb, text, np.random.default_rng(seed), **{**choices, "font": FONT, **EXACT, **given})


@pytest.fixture(scope="module")
def photo():
    return np.asarray(photograph("coffee"))


# --- rendering --------------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_pixels_and_another_seed_others(photo):
    first, again, other = (
        sample_label(photo, KAZAKH, "kk", np.random.default_rng(seed), half="test", fonts=BUILT_IN)
        for seed in (3, 3, 4)
    )
    assert np.array_equal(first.rgb, again.rgb)
    assert first.boxes == again.boxes
    assert first.rgb.shape != other.rgb.shape or not np.array_equal(first.rgb, other.rgb)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("font", BUILT_IN[::2], ids=str)
def test_boxes_lie_close_round_the_glyphs_in_the_place_asked_for(position, font):
    rendered = label(position=position, font=font)
    (box,) = rendered.boxes
    left, top, width, height = cv2.boundingRect((rendered.rgb[..., 0] != 100).astype(np.uint8))
    assert np.abs(np.array(box) - (left, top, width, height)).max() <= 2
    middle = left + width / 2, top + height / 2
    assert (middle[1] < 120) == position.startswith("top")
    assert (middle[1] > 240) == (not position.startswith("top"))
    across = "left" if middle[0] < 290 else "right" if middle[0] > 350 else "centre"
    assert across == {"lower_third": "centre"}.get(position, position.partition("_")[2])


@pytest.mark.parametrize(
    ("style", "ink", "ground"),
    [
        ("white", 255, 100),
        ("yellow", None, 100),
        ("dark", None, 100),
        ("outline", 255, 0),
        ("dark_box", 255, None),
        ("light_box", None, None),
    ],
)
def test_each_style_has_its_colours(style, ink, ground):
    rendered = label(style=style)
    grey = cv2.cvtColor(rendered.rgb, cv2.COLOR_RGB2GRAY)
    assert rendered.legible
    if ink is not None:
        assert grey.max() == ink
    if ground == 0:
        assert grey.min() == 0
    if style == "yellow":
        assert (np.ptp(rendered.rgb.astype(int), axis=2).max()) > 150
    if style == "dark":
        assert grey.min() < 45
        assert grey.max() == 100


def test_there_is_no_other_style():
    with pytest.raises(ValueError, match="'neon'; the styles are white"):
        label(style="neon")


@pytest.mark.parametrize(("alpha", "least", "most"), [(1.0, 145, 155), (0.6, 86, 93), (0.35, 50, 55), (0.1, 13, 16)])
def test_contrast_is_that_of_the_strokes_against_the_ground(alpha, least, most):
    rendered = label(alpha=alpha, font=BUILT_IN[1], em_ratio=0.2, text="AI generated")
    assert least <= rendered.contrast <= most  # 155 grey levels lie between the ground and white
    assert rendered.legible == (alpha > 0.2)


def test_contrast_takes_the_worst_fifth_of_the_strokes():
    mask = np.zeros((100, 400), np.float32)
    mask[40:60, 5::20] = 1
    frame = np.full((100, 400, 3), 50, np.uint8)
    frame[mask > 0] = 200
    assert contrast(frame, mask, 20) == pytest.approx(150)
    hidden = frame.copy()
    hidden[:, :120] = 50  # the strokes at the left are not to be seen
    assert contrast(hidden, mask, 20) == pytest.approx(0, abs=0.1)
    hidden = frame.copy()
    hidden[:, :60] = 50
    assert contrast(hidden, mask, 20) == pytest.approx(150)
    assert contrast(frame, np.zeros_like(mask), 20) == 0


@pytest.mark.parametrize("em_ratio", EM_RATIOS)
def test_the_height_is_that_of_the_em_by_the_short_side(em_ratio, photo):
    tall = label(photo, em_ratio=em_ratio, frame=(720, 1280), text="AI")
    assert tall.height_ratio == pytest.approx(em_ratio, abs=0.5 / 720)
    assert tall.rgb.shape == (1280, 720, 3)
    assert 0.55 < tall.boxes[0][3] / (em_ratio * 720) < 0.85  # capital letters


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Создано с использованием искусственного интеллекта", (2, 3)),
        ("该内容疑似使用AI技术合成，请谨慎甄别", (2, 3)),
        ("AI", (1, 1)),
    ],
)
def test_a_label_is_wrapped_between_words(text, lines):
    rendered = label(text=text, wrapped=True, em_ratio=0.05)
    drawn = rendered.text.split("\n")
    assert lines[0] <= len(drawn) <= lines[1]
    assert len(rendered.boxes) == len(drawn)
    assert "".join(drawn).replace(" ", "") == text.replace(" ", "")
    assert all("AI" in line or "A" not in line for line in drawn)


def test_what_would_not_fit_is_drawn_smaller():
    rendered = label(text="Данное изображение создано искусственным интеллектом " * 5, em_ratio=0.2)
    assert rendered.height_ratio < 0.2
    assert all(x >= 0 and x + width <= 640 for x, _, width, _ in rendered.boxes)
    assert max(len(wrap("а б в", 1e9, FONT.sized(20))), 1) == 1


def test_frames_are_compressed_and_resized(photo):
    plain, soft, jpeg = (label(photo, **given) for given in ({}, {"resized": True}, {"quality": 60}))
    assert (plain.quality, jpeg.quality) == (0, 60)
    assert np.array_equal(soft.rgb, halved(plain.rgb))
    assert 0 < np.abs(plain.rgb.astype(int) - jpeg.rgb).mean() < 12
    empty = render_empty(photo, np.random.default_rng(1))
    assert empty.text is None
    assert 60 <= empty.quality <= 85


# --- fonts, phrases, photographs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("font", BUILT_IN, ids=str)
def test_opencv_draws_kazakh_and_chinese(font):
    assert font.covers("Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі, ЖИ? 人工智能生成合成 谨慎甄别")
    assert not font.covers("\U0001f600")


def test_training_and_test_fonts_are_apart():
    for families in (fonts.ALPHABETIC, fonts.CHINESE):
        assert not families["train"] & families["test"]
    assert set(find_fonts("ЖИ", "train", [])) == set(BUILT_IN)
    for text in ("ЖИ көмегімен", "人工智能"):
        assert not set(find_fonts(text, "train")) & set(find_fonts(text, "test")) - set(BUILT_IN)


def test_a_file_that_is_no_font_has_no_faces(tmp_path):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert fonts.faces(tmp_path / "broken.ttf") == []
    assert fonts.installed((tmp_path,)) == ()


@pytest.mark.parametrize("texts", [phrases.labels, phrases.negatives])
def test_no_phrase_to_test_on_is_one_to_tune_on(texts):
    tuned, tested = ({phrase.text.casefold() for phrase in texts(half)} for half in ("train", "test"))
    assert not tuned & tested
    assert {phrase.language for phrase in texts("test")} == {"kk", "kk-Latn", "ru", "en", "zh"}


def test_the_list_of_phrases_repeats_none():
    listed = yaml.safe_load(phrases.LIST.read_text(encoding="utf-8"))
    every = [*phrases.labels("train"), *phrases.labels("test"), *phrases.negatives("train"), *phrases.negatives("test")]
    assert len({phrase.text for phrase in every}) == len(every)
    assert all(isinstance(phrase.text, str) for phrase in every)
    assert set(listed) == {"labels", "negatives"}


def test_photographs_are_halved_by_name_wherever_they_lie(tmp_path):
    for number in range(40):
        (tmp_path / "images").mkdir(exist_ok=True)
        side = 500 if number % 2 else 300
        Image.new("RGB", (side, 600)).save(tmp_path / "images" / f"{number}.png")
    paths = photos.files(tmp_path)
    train, test = (photos.half(paths, half) for half in ("train", "test"))
    assert sorted(train + test) == paths
    assert 8 < len(train) < 32
    assert len(list(photos.large(paths))) == 20
    assert photos.load(paths[0]).shape[2] == 3


# --- cases ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photo_paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("coffee", "astronaut"):
        photograph(name).save(folder / f"{name}.png")
    return photos.files(folder)


def test_labels_come_in_every_size_style_and_language(photo_paths):
    found = list(cases.labels(2, 13, photo_paths))
    assert all(case.is_label for case in found)
    assert {case.rendered.style for case in found} == set(STYLES)
    assert {case.rendered.language for case in found} == {"kk", "kk-Latn", "ru", "en", "zh"}
    texts = {phrase.text.casefold() for phrase in phrases.labels("test")}
    drawn = [case.rendered.text for case in found]
    assert all(any(same(text, phrase) for phrase in texts) for text in drawn)


def same(drawn, phrase):
    return "".join(drawn.casefold().split()) == "".join(phrase.split())


def test_negatives_are_texts_pages_and_photographs_alone(photo_paths):
    kinds = [case.kind for case in cases.negatives(2, 24, photo_paths)]
    assert kinds.count(cases.EMPTY) == 4
    assert {"poster", "slide", "screen", "broadcast"} < set(kinds)
    assert "label" not in kinds
    assert len(set(kinds)) > 7


def test_cases_are_the_same_every_time_and_others_with_another_seed(photo_paths):
    first, again, other = ([case.rendered.rgb for case in cases.negatives(seed, 3, photo_paths)] for seed in (2, 2, 3))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(one.shape == two.shape and np.array_equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize(("seed", "half"), [(1, "train"), (2, "test"), (77, "test")])
def test_only_the_first_seed_draws_on_what_was_tuned_on(seed, half):
    assert cases.half_of(seed) == half


# --- clips ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_an_overlay_paints_what_the_renderer_draws(style, photo):
    phrase = Phrase(KAZAKH, "kk", "label")
    frame = photo[:360, :600]
    chance = np.random.default_rng(5)
    painted = overlay(phrase, chance, "test", em_ratio=0.1, style=style, alpha=0.6, frame=(600, 360))
    result = painted.paint(frame)
    outside = np.ones(frame.shape[:2], bool)
    outside[painted.part] = False
    assert np.abs(result[outside].astype(int) - frame[outside]).max() <= 1
    assert painted.contrast(painted.paint(np.full_like(frame, 100))) > 25
    assert np.array_equal(painted.paint(frame), result)


@pytest.fixture
def small_clips(monkeypatch):
    monkeypatch.setattr(clips, "_FRAMES", ((320, 180),))


@pytest.mark.usefixtures("small_clips")
@pytest.mark.parametrize("span", SPANS)
def test_a_clip_shows_its_label_for_the_span(span, tmp_path):
    grey = np.full((400, 700, 3), 90, np.uint8)
    clip = make_clip(tmp_path / "clip.mp4", grey, Phrase("AI generated", "en", "label"), span, 4, "test", em_ratio=0.15)
    with av.open(str(clip.path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 8 * FPS
    seen = [number / FPS for number, frame in enumerate(frames) if np.ptp(frame.astype(int)) > 40]
    assert (clip.first, clip.last) == pytest.approx((seen[0], seen[-1]))
    assert clip.shown == pytest.approx(len(seen) / FPS)


def test_a_picture_goes_through_h264_and_stays_itself(photo):
    frame = np.ascontiguousarray(photo[:300, :400])
    assert 0 < np.abs(through_h264(frame, 28).astype(int) - frame).mean() < 12


# --- figures ----------------------------------------------------------------------------------------------------------


def mark(shown=None, **given):
    fields = {"layer": "visible_label", "kind": "label.text", "says": Says.AI, "value": "AI generated"}
    facts = {"mark_class": MarkClass.DECLARED, "locator": "", "value_sha256": None, "tool": "", **fields, **given}
    return Mark(**facts, shown=shown)


@pytest.mark.parametrize(
    ("given", "warns"),
    [
        ({}, True),
        ({"says": Says.AI_PART}, True),
        ({"says": Says.NOT_AI}, False),
        ({"says": Says.UNKNOWN}, False),
        ({"layer": "xmp"}, False),
        ({"kind": "trace.wordmark"}, False),
    ],
)
def test_only_a_label_that_says_ai_is_a_warning(given, warns):
    assert (reading.of_mark(mark(**given)) is not None) == warns


def test_what_was_measured_of_a_warning_is_kept():
    shown = Shown("ru", "exact", 1, 2, 3, 4, 0.05, 90.0, first_ms=0.0, last_ms=1500.0, shown_ms=2000.0)
    assert reading.of_mark(mark(shown)) == Found("AI generated", "ru", (1, 2, 3, 4), 0.05, 90.0, (0.0, 1.5, 2.0))
    assert reading.of_mark(mark(Shown("ru"))) == Found("AI generated", "ru")
    assert reading.of_mark(mark()) == Found("AI generated")
    label = Label(Says.AI_PART, "Изменено ИИ", "ru")
    seen = Sighting(label, "Изменено ИИ", 0.9, Box(1, 2, 30, 4), 36.0, 80.0)
    assert reading.of_sighting(seen, 720) == Found("Изменено ИИ", "ru", (1, 2, 30, 4), 0.05, 80.0)
    for silent in (Label(Says.NOT_AI, "Не ИИ", "ru"), Wordmark("sora", "Sora")):
        assert reading.of_sighting(Sighting(silent, "", 0.9, Box(1, 2, 30, 4), 36.0, 80.0), 720) is None


def case(kind="label", **given):
    facts = {"text": "AI\nlabel", "language": "ru", "style": "white", "height_ratio": 0.05, "contrast": 60.0}
    return Case(Rendered(GREY, **{**facts, "boxes": ((100, 100, 50, 20),), "font": "Lato, Bold", **given}), kind)


@pytest.mark.parametrize(
    ("box", "hit"),
    [((120, 110, 10, 10), True), ((90, 90, 300, 90), True), ((150, 100, 9, 9), False), ((100, 120, 9, 9), False)],
)
def test_a_label_is_found_where_it_stands_only(box, hit):
    outcome = tally.picture_outcome(case(), [Found("AI", "ru", box)], 12.0)
    assert bool(outcome.found) == hit
    assert outcome.text == "AI label"
    assert tally.picture_outcome(case("misc"), [Found("AI", "ru", box)], 12.0).found


def test_the_figures_are_those_of_the_outcomes():
    found, lost = [Found("AI generated", "ru", (100, 100, 50, 20), 0.04, 30.0)], []
    outcomes = [
        tally.picture_outcome(case(), found, 100),
        tally.picture_outcome(case(height_ratio=0.02, style="dark"), lost, 200),
        tally.picture_outcome(case(language="kk-Latn", alpha=0.35, height_ratio=0.08, contrast=30.0), found, 300),
        tally.picture_outcome(case(contrast=12.0), lost, 100),
        tally.picture_outcome(case("news", text="ИИ в школах"), found, 80),
        tally.picture_outcome(case("news"), lost, 60),
        tally.picture_outcome(case("slide"), lost, 100),
        tally.picture_outcome(Case(Rendered(GREY), cases.EMPTY), lost, 10),
    ]
    summary = tally.summarise(outcomes, [])
    recall = summary["recall"]
    told = {name: (share["hits"], share["n"]) for name, share in recall.items() if "hits" in share}
    large = {"legible, 5 % and higher": (2, 2), "clear, 5 % and higher": (1, 1)}
    assert told == {"legible": (2, 3), "all": (2, 4)} | large
    assert {name: share["n"] for name, share in recall["by size"].items()} == {
        "0–2.5 %": 1,
        "4–6.5 %": 1,
        "6.5–100 %": 1,
    }
    assert {name: share["hits"] for name, share in recall["by alpha"].items()} == {"0.35": 1, "1": 1}
    by_contrast = {"0–25": 0, "25–50": 1, "50–100": 1}
    assert {name: share["hits"] for name, share in recall["by contrast"].items()} == by_contrast
    assert recall["by font"]["Lato"]["n"] == 3
    assert recall["legible"]["low"] == pytest.approx(0.2077, abs=1e-3)
    assert recall["legible"]["high"] == pytest.approx(0.9385, abs=1e-3)
    assert (summary["facts"]["language right"]["hits"], summary["facts"]["language right"]["n"]) == (1, 2)
    assert summary["facts"]["height found / em"] == pytest.approx(0.65)
    assert summary["facts"]["contrast found / rendered"] == pytest.approx(0.75)
    assert (summary["false"]["all"]["hits"], summary["false"]["all"]["n"]) == (1, 4)
    assert summary["false"]["texts"] == [{"drawn": "ИИ в школах", "kind": "news", "read": ["AI generated"]}]
    assert [one["style"] for one in summary["missed"]] == ["dark"]
    assert summary["cpu_ms"]["archive"] == pytest.approx(0.85 * 10 + 0.10 * 80 + 0.05 * 175)
    assert "recall, legible: 0.667 [0.208, 0.939] (2/3)" in list(tally.lines(summary))


def test_clips_are_judged_by_what_was_found_and_when(tmp_path):
    phrase = Phrase("Создано ИИ", "ru", "label")
    start, whole = (
        Clip(tmp_path, phrase, span, *times, 0.05, "white", 1.0, 80.0)
        for span, times in (("start", (0, 1.9, 2)), ("whole", (0, 7.9, 8)))
    )
    other = Clip(tmp_path, Phrase("Россия 24", "ru", "misc"), "whole", 0, 7.9, 8, 0.05, "white", 1.0, 80.0)
    timed = Found("Создано ИИ", seconds=(0.0, 2.4, 2.5))
    far = Found("Создано ИИ", seconds=(4.0, 7.0, 0.1))
    found = [
        tally.clip_outcome(start, [far, timed]),
        tally.clip_outcome(whole, []),
        tally.clip_outcome(other, [Found("AI")]),
    ]
    told = tally.summarise([], found)["clips"]
    assert (told["recall of legible"]["hits"], told["recall of legible"]["n"]) == (1, 2)
    assert (told["false"]["hits"], told["false"]["n"]) == (1, 1)
    assert told["false texts"] == ["Россия 24"]
    assert told["errors in seconds, by span"]["start"] == {"first": 0.0, "last": 0.5, "shown": 0.5}
    assert told["errors in seconds, by span"]["whole"] == {"first": None, "last": None, "shown": None}


@pytest.mark.usefixtures("small_clips")
def test_a_benchmark_runs_from_pictures_to_figures(photo_paths, tmp_path):
    found = [*cases.labels(2, 2, photo_paths), *cases.negatives(2, 2, photo_paths)]
    outcomes = benchmark.measure_pictures(iter(found), lambda rgb: [Found("AI")], tmp_path)
    assert [bool(outcome.found) for outcome in outcomes] == [True] * 4
    assert len(list(tmp_path.glob("*-false-*.png"))) == 2
    made = list(benchmark.make_clips(tmp_path, 2, 1, photo_paths))
    assert [clip.phrase.kind == "label" for clip in made] == [True, False]
    assert all(clip.path.stat().st_size > 1000 for clip in made)
