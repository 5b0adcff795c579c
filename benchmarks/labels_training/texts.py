"""Texts to draw for training: pieces of interface translations and compositions of the words of labels."""

import random
from typing import Final

_LANGUAGES: Final = {"kk": 0.30, "kk-Latn": 0.05, "ru": 0.27, "en": 0.2, "zh": 0.18}
_LATIN: Final = {
    **dict(zip("аәбвгғдезийкқлмнңоөпрстуұүфхһыіэ", "aäbvgğdeziikqlmnñoöprstuūüfhhyıe", strict=True)),
    "ё": "io",
    "ж": "j",
    "ц": "ts",
    "ч": "ch",
    "ш": "ş",
    "щ": "şş",
    "ъ": "",
    "ь": "",
    "ю": "iu",
    "я": "ia",
}
_OLD_LATIN: Final = _LATIN | {"ә": "á", "ғ": "ǵ", "ң": "ń", "ө": "ó", "ү": "ú", "ш": "sh", "ч": "ch"}
WORDS: Final = {
    "kk": "ЖИ жасанды интеллект интеллекттің көмегімен арқылы жасалған жасалды жасаған өңделген генерацияланған "
    "нейрожелі сурет бейне кескін контент видео фото қатысымен пайдаланып технологиясы әзірленген құрастырылған бұл "
    "туралы заң жүйелері нәтижесі синтетикалық дипфейк көмегінсіз емес жасалмаған өзгертілген материал қолдану ЖИ-мен",
    "kk-Latn": "JI jasandy ıntellekt intellekt arqyly jasalǵan jasalğan jasalgan kómegimen jasaǵan suret beıne kontent",
    "ru": "ИИ искусственный искусственного искусственным интеллект интеллекта интеллектом создано создан создана "
    "сгенерировано сгенерирован сделано с помощью использованием применением нейросеть нейросети нейросетью изменено "
    "обработано изображение видео фото контент материал при участии технологий генеративного не без дипфейк "
    "синтезировано реклама иллюстрация сгенерирована нарисовано полностью частично на основе новости",
    "en": "AI AI-generated AI-GENERATED generated created made modified altered edited with by using artificial "
    "intelligence synthetic content image video info label Google Meta this was is Imagined digitally deepfake no not",
    "zh": "AI 人工智能 生成 合成 内容由 由 豆包 技术 图片 视频 仅供参考 疑似使用 该内容 作者声明 辅助 "
    "制作 标识 虚拟 非 编辑 作品 本 创作 绘制 画面 图像 含 未使用 不是 数字人 利用 采用 通过 大模型 "
    "请注意 甄别 素材 声音 背景 部分 深度 生成式 借助 AIGC 照片 影像",
}
_MOST_CHARACTERS: Final = 34


def sample_text(strings: dict[str, list[str]], rng: random.Random) -> tuple[str, str]:
    """A language and a line of text in it, at most 34 characters.

    Args:
        strings: Sentences by ``kk``, ``ru``, ``en``, ``zh``.
        rng: Chooses.
    """
    language = rng.choices(list(_LANGUAGES), list(_LANGUAGES.values()))[0]
    source = "kk" if language == "kk-Latn" else language
    if rng.random() < 0.3:
        words = WORDS[language].split()
        joint = "" if language == "zh" else " "
        text = joint.join(rng.choice(words) for _ in range(rng.randint(1, 4)))
    else:
        text = _piece(rng.choice(strings[source]), language, rng)
        if language == "kk-Latn":
            text = "".join(_latin(one, rng.choice((_LATIN, _OLD_LATIN))) for one in text)
    chance = rng.random()
    if chance < 0.22:
        text = text.upper()
    elif chance < 0.27:
        text = text.title()
    if rng.random() < 0.08:
        text = _with_number(text, rng)
    return language, " ".join(text[:_MOST_CHARACTERS].split())


def _piece(text: str, language: str, rng: random.Random) -> str:
    if language == "zh":
        start = rng.randrange(max(1, len(text) - 3))
        return text[start : start + rng.randint(2, 16)]
    words = text.split()
    start = rng.randrange(len(words))
    length = rng.randint(3, 30)
    chosen = words[start]
    for word in words[start + 1 :]:
        if len(chosen) + len(word) + 1 > length:
            break
        chosen += f" {word}"
    return chosen


def _latin(character: str, table: dict[str, str]) -> str:
    lower = table.get(character.lower(), character)
    return lower.upper() if character.isupper() else lower


def _with_number(text: str, rng: random.Random) -> str:
    number = rng.choice((str(rng.randint(0, 2030)), f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}", "©", "@"))
    return rng.choice((f"{number} {text}", f"{text} {number}", f"{number}{text}"))
