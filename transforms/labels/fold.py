"""Folds letters, so that spellings and readings of one word become one key.

``fold`` is for text that was typed: case, Kazakh letters written on a Russian keyboard, the marks of Latin Kazakh,
traditional Chinese characters, and look-alikes inside a word of the other script. ``skeleton`` is for text that was
read from pixels: it also makes one letter of all that have one shape (``AI``, ``Al``, ``A1``, ``АІ``).
"""

import functools
import re
import unicodedata

_INVISIBLE: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2212"), "-"),
}
_TRADITIONAL = str.maketrans(
    "沒絕變還數節檔臺偽後個譯補復場態導員係對們電腦機學習絡現顯載選擇種點說讀轉擴張縮優強揮書給從濾鏡膚顏豐圓鑑廣誤虧輕風險眾佈開發"
    "內製圖編輯處繪創視頻聲產軟體術輔動畫過為與實際這請謹別資訊標識經無僅參虛擬換臉聯網會話語圍來應該審屬藝觀並錄寫",
    "没绝变还数节档台伪后个译补复场态导员系对们电脑机学习络现显载选择种点说读转扩张缩优强挥书给从滤镜肤颜丰圆鉴广误亏轻风险众布开发"
    "内制图编辑处绘创视频声产软体术辅动画过为与实际这请谨别资讯标识经无仅参虚拟换脸联网会话语围来应该审属艺观并录写",
)
_TYPED = {
    **str.maketrans("әғқңөұүһіё", "агкноууние"),
    **str.maketrans("ǵğıńñóöúüáäâş", "ggi" + "nn" + "oo" + "uu" + "aaa" + "s"),
    **_TRADITIONAL,
}
_ALIKE_LATIN, _ALIKE_CYRILLIC = "aceopxykmthbi", "асеорхукмтнві"
_TO_CYRILLIC = str.maketrans(_ALIKE_LATIN, _ALIKE_CYRILLIC)
_TO_LATIN = str.maketrans(_ALIKE_CYRILLIC, _ALIKE_LATIN)
_LATIN, _CYRILLIC = re.compile("[a-z]"), re.compile("[Ѐ-ӿ]")

_MARKS = re.compile("[\u0300-\u036f'’‘ʻ`´]")
_SHAPES = {
    **str.maketrans("аәвгғеєзиікқмнңһоөпрстуұүхъщ", "aabrree3uikkmhhhoonpctyyyxьш"),
    **str.maketrans("l1|!ı", "iiiii"),
    **str.maketrans("0456", "oчsб"),
    **_TRADITIONAL,
}


def normal(text: str) -> str:
    """The text in Unicode's compatible form (NFKC), with plain hyphens and without invisible characters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_INVISIBLE)


def fold_text(text: str) -> str:
    """A whole text with its letters folded as ``fold`` does, but for look-alikes."""
    return text.lower() if text.isascii() else text.casefold().translate(_TYPED)


@functools.lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """The key of a typed word; a word of one script keeps its script, but a wholly Cyrillic ``АІ`` is ``ai``."""
    if word.isascii():
        return word.lower()
    low = word.replace("İ", "i").casefold()
    if _CYRILLIC.search(low) and (_LATIN.search(low) or low == "аі"):
        rest = _LATIN.sub("", low)
        low = low.translate(_TO_LATIN if all(c in _ALIKE_CYRILLIC for c in rest) else _TO_CYRILLIC)
    return low.translate(_TYPED)


@functools.lru_cache(maxsize=8192)
def skeleton(word: str) -> str:
    """The key of a word read from pixels; marks above and below letters and apostrophes are dropped, too."""
    low = unicodedata.normalize("NFD", word.casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", low)).translate(_SHAPES)
