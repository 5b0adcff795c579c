"""AI labels in texts for people: what counts in four languages, what denies, and what is only about AI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.marks.mark import Says
from transforms.marks.meaning.phrases import match_phrase

WHOLE = """
Сурет ЖИ арқылы жасалған
ЖИ көмегімен жасалды
ЖИ арқылы жасалған оқу материалы
Бұл кескін жасанды интеллект арқылы жасалған сурет
ЖИ жасаған контент
жасанды интеллект қатысымен жасалған өнім
Нейрожелімен жасалған
jasandy ıntellekt arqyly jasalǵan
JI arqyly jasalǵan
Изображение сгенерировано ИИ
Создано ИИ
сделано ИИ
Сгенерировано AI
Создано с использованием искусственного интеллекта
Фото создано с помощью ИИ и может отличаться от действительности
контент, сгенерированный ИИ
создано нейросетью
Без ретуши. Создано нейросетью
создано ИИ — не реальная съёмка
AI-generated
AI Generated Content
AI_generated
AI Generated: A puffin standing on a cliff...
Ai generated
Generated with AI
Made with AI
Imagined with AI
Altered or synthetic content
Made with Google AI
This video was created using artificial intelligence.
AI生成
人工智能生成合成
豆包AI生成
内容由AI生成，仅供参考
该内容疑似使用AI技术合成，请谨慎甄别
""".strip().splitlines()
PART = """
жасанды интеллект арқылы өңделген
изменено с помощью ИИ
обработано нейросетью
AI modified
Edited with Google AI
Enhanced with AI
使用AI编辑
""".strip().splitlines()
DENIED = """
Не сгенерировано ИИ
не создано ИИ
Снято без использования ИИ
ЖИ көмегінсіз жасалған
ЖИ арқылы жасалмаған
ЖИ арқылы жасалған емес
no AI
No AI was used
not AI-generated
Not made with AI
This photograph was not created using artificial intelligence
Created without the use of AI
AI-generated: no
非AI生成
未使用AI
""".strip().splitlines()
NO_LABEL = """
ИИ создал новую картину
Создано министерство искусственного интеллекта
Искусственный интеллект: форум 2026
Жасанды интеллект туралы заң
Сгенерировано отчётов: 15
использовании создании
Президент создал совет по ИИ
Created by Anna
Made with Aigerim
Created by Ai Weiwei
Created by Aisha
made in Dubai
NO AI TRAINING
No AI training or scraping allowed
AI summit 2026 opening
AI
Painted in Mai
жаңа сурет жасау
""".strip().splitlines()


@pytest.mark.parametrize("text", WHOLE)
def test_label_of_the_whole(text: str) -> None:
    phrase = match_phrase(text)
    assert phrase is not None
    assert phrase.says is Says.AI


@pytest.mark.parametrize("text", PART)
def test_label_of_an_edit(text: str) -> None:
    phrase = match_phrase(text)
    assert phrase is not None
    assert phrase.says is Says.AI_PART


@pytest.mark.parametrize("text", DENIED)
def test_denial(text: str) -> None:
    phrase = match_phrase(text)
    assert phrase is not None
    assert phrase.says is Says.NOT_AI


@pytest.mark.parametrize("text", NO_LABEL)
def test_what_is_only_about_ai(text: str) -> None:
    assert match_phrase(text) is None


def test_what_is_told_of_a_phrase() -> None:
    phrase = match_phrase("Ескерту.  Сурет  ЖИ\nарқылы жасалған!")
    assert phrase is None  # a line break ends a sentence
    phrase = match_phrase("Ескерту.  Сурет  ЖИ  арқылы жасалған!")
    assert phrase is not None
    assert (phrase.text, phrase.language) == ("ЖИ арқылы жасалған", "kk")


@given(st.text(alphabet="создано ИИ AI made with не .-\n", max_size=300))
def test_never_raises(text: str) -> None:
    phrase = match_phrase(text)
    assert phrase is None or phrase.says in Says
