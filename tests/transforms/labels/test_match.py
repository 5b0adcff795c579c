"""What is a label and what is none, typed and as it is read from pixels."""

import cProfile
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_samples import DENIED, NO_LABEL, PART, WHOLE

from transforms.labels.lexicon import read_lexicon
from transforms.labels.match import (
    MOST_CHARACTERS,
    MOST_LINE,
    MOST_LINES,
    Label,
    match_lines,
    match_text,
    match_wordmark,
    may_be_part,
)
from transforms.marks.mark import Says

LEXICON = read_lexicon()
LABELS = [
    *((text, Says.AI) for text in WHOLE),
    *((text, Says.AI_PART) for text in PART),
    *((text, Says.NOT_AI) for text in DENIED),
]


def typed(text: str) -> Label | None:
    return match_text(text, LEXICON)


def read(*lines: str) -> Label | None:
    return match_lines(lines, LEXICON)


@pytest.mark.parametrize(("text", "says"), LABELS)
def test_labels(text: str, says: Says) -> None:
    for found in (typed(text), read(text)):
        assert found is not None
        assert found.says is says
        assert found.exactness == "exact"


@pytest.mark.parametrize("text", NO_LABEL)
def test_what_is_no_label(text: str) -> None:
    assert typed(text) is None
    assert read(text) is None


def test_what_is_told_of_a_label() -> None:
    assert typed("Ескерту.  Сурет  ЖИ\nарқылы жасалған!") == Label(Says.AI, "ЖИ арқылы жасалған", "kk")
    named = typed("豆包AI生成")
    assert named is not None
    assert (named.language, named.names_generator) == ("zh", True)
    assert typed("Создано ИИ") == Label(Says.AI, "Создано ИИ", "ru")


def test_an_empty_line_parts_and_a_line_break_does_not() -> None:
    assert typed("Видео создано с помощью\nискусственного интеллекта") is not None
    assert typed("Видео создано с помощью\n\nискусственного интеллекта") is None
    assert typed("Photo created\nAI ministry opens") is None


def test_a_denial_outweighs_in_its_sentence_only() -> None:
    both = typed("Made with AI, not made with AI")
    assert both is not None
    assert both.says is Says.NOT_AI
    first = typed("Made with AI. The sound was not made with AI.")
    assert first is not None
    assert first.says is Says.AI


@pytest.mark.parametrize(
    ("lines", "language"),
    [
        (["Бұл бейне жасанды", "интеллект көмегімен", "жасалған"], "kk"),
        (["Изображение создано с помощью искусствен-", "ного интеллекта"], "ru"),
        (["AI", "GENERATED"], "en"),
        (["@channel", "AI info"], "en"),
        (["内容由AI", "生成"], "zh"),
    ],
)
def test_wrapped_labels(lines: list[str], language: str) -> None:
    label = read(*lines)
    assert label is not None
    assert (label.says, label.language) == (Says.AI, language)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param(["人工智", "能生成"], Says.AI, id="a Chinese word parted"),
        pytest.param(["豆包", "AI生", "成"], Says.AI, id="Chinese in three lines"),
        pytest.param(["本视频未使", "用AI生成"], Says.NOT_AI, id="a Chinese denial parted"),
        pytest.param(["Сгенерировано с.", "помощью ИИ"], Says.AI, id="a dot that is dirt"),
        pytest.param(["Шынайы емес, ЖИ жасаған"], Says.AI, id="a comma that parts a denial off"),
        pytest.param(["Материал создан е помощью ИИ"], Says.AI, id="a linking letter misread"),
        pytest.param(["фото создано с помощью ИИи может отличаться"], Says.AI, id="a space lost behind ИИ"),
        pytest.param(["Создань| с помощью ИИ"], Says.AI, id="ы in two pieces"),
        pytest.param(["Видео на сгенерировано нейросетью"], Says.NOT_AI, id="не read as на"),
        pytest.param(["|AI生成"], Says.AI, id="the border of a box"),
        pytest.param(["Как распознать видео,", "созданное нейросетью"], None, id="news that goes on"),
        pytest.param(["Try our AI assistant", "Generated at 14:05"], None, id="two sentences"),
        pytest.param(["Our AI assistant -", "Made from oats"], None, id="two sentences, dirt behind the first"),
        pytest.param(["Our AI assistant", "Greated at 14:05"], None, id="two sentences, the second misread"),
        pytest.param(["ии", "Создано вручную"], None, id="the end of a sentence and another"),
        pytest.param(["AI", "Generated"], Says.AI, id="a title of two words"),
        pytest.param(["Made With", "Generative AI"], Says.AI, id="a title in two lines"),
    ],
)
def test_what_lines_say_together(lines: list[str], says: Says | None) -> None:
    found = read(*lines)
    assert (found and found.says) == says


@pytest.mark.parametrize(
    ("text", "is_part"), [("Сгенерировано с помощью", True), ("by AI", True), ("жасалған", True), ("Погода", False)]
)
def test_what_may_be_a_part_of_a_label_is_worth_another_look(text: str, is_part: bool) -> None:
    assert may_be_part(text, LEXICON) is is_part


@pytest.mark.parametrize(
    "text",
    [
        "создано спомощьюИИ",
        "ЖИкөмегіменжасалған",
        "AIGENERATED",
        "Madewith AI",
        "MadewithAI",
        "Created with Al",
        "Created with A1",
        "Made with A|",
        "Al-generated",
        "Сгенерир овано нейросетью",
        "Изображение сгенepиpoвaно искусетвенным интеллектам",
        "Жасанды интелект аркылы жacaлған",
        "жасандыинтеллекткөмегіменжасалған",
        "Создано HH",
        "Создано с помощью ИЙ",
        "Сурет ЖН арқылы жасалған",
        "Cгeнepиpoвaнo ИИ",
        "Аltеrеd оr synthеtiс соntеnt",
        "AI-generatec content",
        "内容由Al生成",
        "Видео создано искусственныи интеллектом",
        "ЖАСАНДЫ ИНТЕЛЛЕКТ КӨМ ЕГІМЕН ЖАСАЛСА",
        "Жасанды интеллект аркылы жасалған і",
    ],
)
def test_misread_labels(text: str) -> None:
    label = read(text)
    assert label is not None
    assert label.says is Says.AI


@pytest.mark.parametrize(
    "text",
    [
        "Не создано ИИ",
        "Несоздано ИИ",
        "Нe сгенерированo ИИ",
        "ЖИ көмегінсіз жасалғаи",
        "ЖИ арқылы жасалмагaн",
        "no AI",
        "notAI-generated",
        "This image wasnot generated by AI",
        "Nol made with AI",
        "е создано нейросетью",
        "ot AI-generated",
        "ЖИ арқылы жасалған чмес",
    ],
)
def test_a_misread_denial_is_never_a_label(text: str) -> None:
    label = read(text)
    assert label is None or label.says is Says.NOT_AI


@pytest.mark.parametrize(
    "text",
    [
        "О получении и изменении данных",
        "ИСПОЛЬЗОВАНИИ",
        "при создании",
        "ВИДЕО ОБ ИЗМЕНЕНИИКЛИМАТА",
        "Кадры в исполненИИ хора",
        "Кадры в исполнен ИИ хора",
        "не создано ни одной роли",
        "Создано ИП Иванов",
        "Made by Al Pacino",
        "Created by Aldar",
        "Made with Ae",
        "Created by API",
        "Ai Generator",
        "Mode with Ali",
        "жаса",
        "created by using a personal access token",
        "only the individual compiled",
        "Инвертированный текст",
        "Illegal emulated instruction",
    ],
)
def test_what_is_read_and_no_label(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("line", "product"),
    [
        ("Sora", "Sora"),
        ("S0RA", "Sora"),
        ("@anna.k Sora", "Sora"),
        ("KLING AI", "Kling"),
        ("可灵", "Kling"),
        ("MINIMAX | Hailuo AI", "Hailuo"),
        ("海螺AI", "Hailuo"),
        ("Veo", "Veo"),
        ("Made with Sora", "Sora"),
        ("AIGC", "AIGC"),
        ("即梦AI", "Dreamina"),
        ("通义万相", "Wan"),
        ("Mldjourney", "Midjourney"),
        ("Шедеврум", "Shedevrum"),
        ("Sora is here", None),
        ("Pikachu", None),
        ("Video", None),
        ("Gemini season", None),
        ("AI", None),
        ("Made with AI", None),
        ("", None),
    ],
)
def test_wordmarks(line: str, product: str | None) -> None:
    mark = match_wordmark(line, LEXICON)
    assert (None if mark is None else mark.product) == product


CONFUSED = {
    "а": "ao",
    "о": "0ө",
    "е": "ec",
    "с": "eє",
    "н": "ип",
    "и": "йн",
    "т": "гт",
    "п": "лn",
    "ы": "ьi",
    "ж": "xк",
    "з": "э3",
    "қ": "кк",
    "ғ": "гf",
    "ң": "нц",
    "ө": "оe",
    "і": "1l",
    "м": "нw",
    "л": "пд",
    "р": "pп",
    "д": "лa",
    "i": "1lj",
    "l": "1I",
    "o": "0a",
    "a": "oe",
    "e": "ce",
    "n": "hm",
    "t": "f",
    "r": "nt",
    "d": "ol",
    "g": "q9",
    "h": "bn",
}
NOISY = [
    "Сурет жасанды интеллект арқылы жасалған",
    "Бұл бейнематериал ЖИ көмегімен әзірленген",
    "jasandy intellekt arqyly jasalǵan",
    "Изображение сгенерировано искусственным интеллектом",
    "Видео создано с помощью нейросети",
    "Создано с использованием технологий ИИ",
    "This image was generated by artificial intelligence",
    "AI-generated content",
    "Content created with generative AI",
    "Altered or synthetic content",
]


def noisy(text: str, rng: random.Random, errors: int) -> str:
    """The text with letters amiss, none of them in a short AI word."""
    letters = [
        at
        for at, c in enumerate(text)
        if c.lower() in CONFUSED and text[at - 1 : at + 2].strip() not in ("ИИ", "ЖИ", "AI")
    ]
    for at in rng.sample(letters, errors):
        text = text[:at] + rng.choice(CONFUSED[text[at].lower()]) + text[at + 1 :]
    return text


@pytest.mark.parametrize(
    ("errors", "spaces", "least"), [(1, False, 0.95), (2, False, 0.85), (0, True, 0.95), (1, True, 0.8)]
)
def test_labels_are_found_in_noise(errors: int, spaces: bool, least: float) -> None:
    rng = random.Random(20261126)
    tries, missed = 0, []
    for text in NOISY * 12:
        line = noisy(text, rng, errors)
        if spaces:
            gap = rng.choice([at for at, c in enumerate(line) if c == " "])
            line = line[:gap] + line[gap + 1 :]
        tries += 1
        label = read(line)
        if label is None or label.says is not Says.AI:
            missed.append(line)
    assert 1 - len(missed) / tries >= least, missed


TEXT = "создано ИИ не без AI made with by ЖИ арқылы жасалған жасалмаған интеллект - . ? generated 生成 由 非 Al"
WORDS = st.sampled_from([*TEXT.split(), "\n"])


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join), st.lists(WORDS, max_size=30).map("".join)
    )
)
def test_no_text_makes_it_raise(text: str) -> None:
    for label in (typed(text), read(text), read(*text.splitlines())):
        assert label is None or label.says in (Says.AI, Says.AI_PART, Says.NOT_AI)
    match_wordmark(text, LEXICON)


@pytest.mark.parametrize(
    "piece",
    [
        "создано ",
        "ИИ",
        "AI ",
        "made",
        "создано с ",
        "- ",
        "ИИсоздано",
        "ai-",
        "生成",
        "no ",
        "\n",
        "A.I. ",
        "|",
        "жасанды ",
    ],
)
def test_work_grows_no_faster_than_a_text(piece: str) -> None:
    half, whole = (piece * (characters // len(piece)) for characters in (60, 120))
    text = piece * MOST_CHARACTERS
    for look, limit in ((typed, MOST_CHARACTERS), (lambda line: read(*[line] * MOST_LINES), MOST_LINE)):
        assert calls(look, whole) <= 2.2 * calls(look, half) + 500
        assert seconds(look, text) <= 3 * seconds(look, text[: limit // 2]) + 0.2


def test_work_ends_at_the_limits() -> None:
    text = "создано " * MOST_CHARACTERS
    assert calls(typed, text) == calls(typed, text[:MOST_CHARACTERS])
    assert calls(read, *[text] * 50) == calls(read, *[text[:MOST_LINE]] * MOST_LINES)


def test_short_captions_need_little_work() -> None:
    for caption in (
        "Астанада жаңа саябақ ашылды",
        "Открытие выставки в Алматы",
        "Opening of the exhibition in Almaty",
        "IMG_2041",
    ):
        assert calls(typed, caption) < 200


def seconds(function: Callable[..., object], *arguments: str) -> float:
    """Of this thread, the better of two: only to be compared with others of the same moment; patterns are no calls."""
    taken = []
    for _ in range(2):
        started = time.thread_time()
        function(*arguments)
        taken.append(time.thread_time() - started)
    return min(taken)


def calls(function: Callable[..., object], *arguments: str) -> int:
    """How many functions are called, once all is loaded and remembered: the same on every machine, unlike time."""
    function(*arguments)
    profile = cProfile.Profile()
    profile.runcall(function, *arguments)
    return sum(entry.callcount for entry in profile.getstats())
