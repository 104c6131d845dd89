"""The closed words of questions: one file a language, the same keys in each."""

import tomllib

import pytest

from agent.lexicon import FOLDER, LONGEST, SHORT, languages, leaves, lexicon, surfaces
from agent.words import fold

HARD = [
    *("negation.not", "negation.except", "negation.outside", "range.between", "range.within", "range.near"),
    *("comparison.above", "comparison.below", "comparison.at_least", "comparison.at_most"),
    *("unit.m", "unit.km", "unit.ha", "unit.km2", "unit.percent", "unit.degree"),
]


def keys_of(text, language):
    return {(text[leaf.start : leaf.end], leaf.key) for leaf in leaves(text, language)}


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_keys_and_a_phrase_for_each(language):
    mine, english = lexicon(language), lexicon("en")
    assert list(mine) == list(english)
    assert [key for key, phrases in mine.items() if not phrases and not key.startswith("parted.")] == []


@pytest.mark.parametrize("language", languages())
def test_no_phrase_is_longer_than_what_is_looked_for_and_none_folds_to_nothing(language):
    for key, phrases in lexicon(language).items():
        assert [p for p in phrases if not 0 < len(p.rstrip("*").split()) <= LONGEST] == [], key


@pytest.mark.parametrize("language", languages())
def test_every_phrase_is_found_in_itself_under_its_key(language):
    """A short word as it is written: without its accents it may be another (French "la" is not "là")."""
    for key, phrases in lexicon(language).items():
        short = {p for p in surfaces(language)[key] if len(fold(p)) <= SHORT and p.isalpha()}
        for phrase in short | {p for p in phrases if len(p) > SHORT}:
            text = phrase.replace("*", "x")
            assert (0, len(text), key) in leaves(text, language), (key, phrase)


@pytest.mark.parametrize("language", languages())
def test_at_least_a_hundred_and_fifty_words_of_a_language_change_nothing(language):
    assert len(lexicon(language)["function.words"]) >= 150


@pytest.mark.parametrize("language", languages())
def test_what_forbids_an_answer_when_unread_is_no_function_word(language):
    """A comparison, negation or unit that is also a function word could be dropped in silence."""
    words = surfaces(language)["function.words"]
    for key in HARD:
        assert words & surfaces(language)[key] == set(), key


def test_case_and_accents_do_not_count():
    assert ("À MOINS DE", "range.within") in keys_of("À MOINS DE 5 km", "fr")
    assert ("a moins de", "range.within") in keys_of("a moins de 5 km", "fr")
    assert ("größten", "superlative.largest") in keys_of("die größten Flächen", "de")
    assert ("groessten", "superlative.largest") in keys_of("die groessten Flaechen", "de")
    assert ("grössten", "superlative.largest") in keys_of("die grössten Flächen", "de")


def test_a_star_stands_for_the_rest_of_a_word():
    assert ("voivodeships", "level.nuts2") in keys_of("by voivodeships", "en")


def test_positions_are_those_of_the_text_as_written():
    text = "Vignobles au-dessus de 700 m d’altitude"
    found = keys_of(text, "fr")
    assert ("au-dessus de", "comparison.above") in found
    assert ("m", "unit.m") in found
    assert ("altitude", "dimension.elevation") in found


def test_files_are_written_unfolded_and_without_repeats():
    for language in languages():
        sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
        for name, phrases in ((n, p) for keys in sections.values() for n, p in keys.items()):
            assert len(phrases) == len(set(phrases)), (language, name)
    assert fold("ς") == "σ"
