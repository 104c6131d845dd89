"""In which of 24 languages a question is, and questions in none of them. The sentences were written before the code."""

from pathlib import Path

import pytest

from agent.language import detect, unread
from retrieval.nomenclature import Nomenclature
from retrieval.types import LANGUAGES

LINES = (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
SENTENCES = [tuple(part.strip() for part in line.split("|")) for line in LINES if not line.startswith("#")]
HARD = {
    "las w Finlandii": "three words, two of them Spanish",
    "Koliko vinogradov je v Italiji?": "Croatian but for one ending",
}


def sentences(language):
    return [text for spoken, text, _ in SENTENCES if spoken == language]


@pytest.fixture(scope="module")
def book():
    return Nomenclature.load()


def test_there_are_ten_sentences_in_each_language():
    assert {language: len(sentences(language)) for language in LANGUAGES} == dict.fromkeys(LANGUAGES, 10)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_of_a_question_is_told_whatever_was_spoken_before(book, language):
    for text in sentences(language):
        if text not in HARD:
            assert detect(text, book) == language, text
            assert detect(text, book, "fi" if language != "fi" else "sv") == language, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_question_in_an_official_language_is_said_not_to_be_read(language):
    assert [text for text in sentences(language) if unread(text)] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Сколько виноградников в Италии и где они находятся?", "Russian"),
        ("Скільки виноградників в Італії?", "letters"),
        ("Колико винограда има у Италији?", "letters"),
        ("İtalya'da kaç tane üzüm bağı var ve nerede?", "letters"),
        ("Hvor mange vingårder finnes det i Italia og hvor mye skog?", "Norwegian"),
        ("Quantes vinyes hi ha a Itàlia i on són?", "Catalan"),
        ("意大利有多少葡萄园？", "cjk"),
        ("كم عدد كروم العنب في إيطاليا؟", "arabic"),
        ("qwe asdf zxcv uiop hjkl", "words"),
    ],
)
def test_what_is_not_read_is_told_and_not_taken_for_a_neighbour(text, why):
    assert unread(text) == why


def test_a_word_alone_is_never_said_not_to_be_read():
    assert unread("Tirana") == unread("2018?") == unread("") == ""


def test_where_nothing_tells_the_conversation_s_language_stays(book):
    assert detect("2015?", book, "cs") == "cs"
    assert detect("Murcia", book, "mt") == "mt"


def test_a_short_follow_up_stays_in_the_language_of_the_conversation(book):
    assert detect("and in 2015?", book, "en") == "en"
    assert detect("and olive groves?", book, "en") == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Skogsandel i Kroatien 2018", "sv"),
        ("Skovandel i Kroatien 2018", "da"),
        ("Maïspunten per land 2018", "nl"),
        ("Rapspunkte in Mecklenburg-Vorpommern 2018", "de"),
    ],
)
def test_a_compound_of_a_class_and_points_or_share_tells_its_language(book, text, language):
    assert detect(text, book) == language
